package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.Envelope;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The same delivery through a server that this project did not write. */
@Tag("upstreams")
final class PostfixTest {
    private static final Logger LOG = LoggerFactory.getLogger(PostfixTest.class);
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final String TEXT = "Subject: hello\r\n\r\n.dot\r\n..\r\n\u00e4\u00ff\r\n";

    @Test
    void mailReachesTheMailbox() {
        TestCertificates.Server certificate = CA.server("localhost");
        Optional<PostfixServer> installed = PostfixServer.startIfInstalled(certificate);
        if (installed.isPresent()) {
            LOG.info("delivering to the Postfix of this machine");
            try (PostfixServer postfix = installed.get()) {
                deliver(postfix.port(), postfix.log());
                await().untilAsserted(() -> assertThat(postfix.mails()).as(postfix::log).hasSize(2));
                assertThat(postfix.mails()).allSatisfy(mail -> assertThat(mail)
                        .contains("Subject: hello\n", "\n\n.dot\n..\n\u00e4\u00ff\n", "with ESMTPS"));
            }
        } else {
            LOG.info("delivering to the scripted one: Postfix is not installed, or this is not root");
            try (ScriptedSmtpServer server = ScriptedSmtpServer.start().startTls(certificate)) {
                server.on("RCPT", line -> line.contains("gone@") ? "554 5.7.1 Access denied" : "");
                deliver(server.port(), "");
                assertThat(server.messages()).hasSize(2)
                        .allSatisfy(mail -> assertThat(mail.text()).isEqualTo(TEXT));
            }
        }
    }

    private static void deliver(int port, String log) {
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.secure(port, Security.STARTTLS, CA.pem())))) {
            Envelope envelope = new Envelope("sender@example.com", List.of("gone@postfix.test", "all@postfix.test"),
                    true,
                    false);
            Attempt first = upstream.send(envelope, Mails.text(TEXT));
            assertThat(first.verdicts().get("all@postfix.test")).as("%s %s", first, log)
                    .isInstanceOf(Verdict.Accepted.class);
            assertThat(first.verdicts().get("gone@postfix.test")).isInstanceOfSatisfying(Verdict.Refused.class,
                    refused -> assertThat(refused.permanent()).isTrue());
            assertThat(first.tls().orElseThrow().protocol()).isEqualTo("TLSv1.3");
            Attempt bounce = upstream.send(new Envelope("", List.of("all@postfix.test"), true, false),
                    Mails.text(TEXT));
            assertThat(bounce.verdicts().get("all@postfix.test")).isInstanceOf(Verdict.Accepted.class);
        }
    }
}
