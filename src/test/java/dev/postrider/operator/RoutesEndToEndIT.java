package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.Dialogue;
import dev.postrider.relay.TestRoutes;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.MountedBinding;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people write reaches the relay within a second, and no session notices but by what it is answered. */
@UsesApiServer
final class RoutesEndToEndIT {
    @TempDir
    Path directory;

    private ScriptedSmtpServer upstream;
    private RunningInstallation installation;
    private RunningOperator operator;

    private static final String FROM = "From: noreply@acme.example\r\n";

    @BeforeEach
    void start(ApiServer api) throws IOException {
        upstream = ScriptedSmtpServer.start();
        installation = RunningInstallation.whereMailWorks(api, directory, upstream.port());
        operator = installation.operator();
    }

    @AfterEach
    void stop() {
        installation.close();
        upstream.close();
    }

    @Test
    void switchesTakeEffectWithinASecondAndTheSessionStays() throws Exception {
        try (Dialogue session = installation.session(binding())) {
            awaitSender(session, "250 2.1.0 sender OK");

            patch("oms", "acme", operator.tenant(), "{\"spec\":{\"sendingEnabled\":false}}");
            awaitSender(session,
                    "550 5.7.1 sending is switched off for this organization (spec.sendingEnabled)");
            patch("oms", "acme", operator.tenant(), "{\"spec\":{\"sendingEnabled\":true}}");
            awaitSender(session, "250 2.1.0 sender OK");

            patch("ms", "global", operator.namespace(), "{\"spec\":{\"active\":false}}");
            awaitSender(session, "451 4.3.2 sending is switched off: no global mail server is active");
            patch("ms", "global", operator.namespace(), "{\"spec\":{\"active\":true}}");
            awaitSender(session, "250 2.1.0 sender OK");

            assertThat(
                    session.mail("noreply@acme.example", "buyer@example.org",
                            FROM + "Subject: after all that\r\n\r\nhello"))
                    .startsWith("250");
        }
        await().untilAsserted(() -> assertThat(upstream.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: after all that")));
    }

    @Test
    void aRotatedPasswordReplacesTheOldOneWithinASecondAndTheSessionStays() throws Exception {
        MountedBinding old = binding();
        try (Dialogue open = installation.session(old)) {
            operator.kubectl("delete", "secret", "acme-mail", "-n", "$TENANT");
            await().atMost(Duration.ofSeconds(1))
                    .pollInterval(Duration.ofMillis(20))
                    .untilAsserted(() -> assertThat(login(old)).startsWith("535 5.7.8"));

            MountedBinding rotated = binding();
            assertThat(rotated.password()).isNotEqualTo(old.password());
            assertThat(login(rotated)).startsWith("235");
            assertThat(
                    open.mail("noreply@acme.example", "buyer@example.org", FROM + "Subject: begun before\r\n\r\nhello"))
                    .startsWith("250");
        }
        await().untilAsserted(() -> assertThat(upstream.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: begun before")));
    }

    @Test
    @Tag("organizations")
    void whatAnApplicationMaySendAsTakesEffectWithinASecond() throws Exception {
        try (Dialogue session = installation.session(binding())) {
            awaitSender(session, "250 2.1.0 sender OK");
            String allowed = "; send as <noreply@acme.example>, or add the sender to spec.identity.allowedSenders of"
                    + " OrganizationMailSettings " + operator.tenant() + "/acme";
            assertThat(session.say("MAIL FROM:<ceo@bank.example>"))
                    .isEqualTo("550 5.7.1 the envelope sender must not be <ceo@bank.example>" + allowed);
            assertThat(send(session, "noreply@acme.example", "From: Acme <ceo@bank.example>\r\n"))
                    .isEqualTo("550 5.7.1 From must not be <ceo@bank.example>" + allowed);
            assertThat(send(session, "noreply@acme.example", FROM + "from : ceo@bank.example\r\n"))
                    .isEqualTo("550 5.7.1 the message has several From fields" + allowed);
            assertThat(send(session, "noreply@acme.example", FROM + "Sender: ceo@bank.example\r\n"))
                    .isEqualTo("550 5.7.1 Sender must not be <ceo@bank.example>" + allowed);
            assertThat(send(session, "", "")).isEqualTo("550 5.7.1 the message has no From field" + allowed);

            patch("oms", "acme", operator.tenant(),
                    "{\"spec\":{\"identity\":{\"allowedSenders\":[\"@*.b\u00fccher.example\"]}}}");
            await().atMost(Duration.ofSeconds(1))
                    .pollInterval(Duration.ofMillis(20))
                    .untilAsserted(() -> assertThat(send(session, "x@mail.xn--bcher-kva.example",
                            "From: x@MAIL.xn--bcher-kva.example\r\nSubject: widened\r\n")).startsWith("250"));

            patch("oms", "acme", operator.tenant(), "{\"spec\":{\"identity\":{\"senderPolicy\":\"Rewrite\"}}}");
            await().atMost(Duration.ofSeconds(1))
                    .pollInterval(Duration.ofMillis(20))
                    .untilAsserted(() -> assertThat(send(session, "ceo@bank.example",
                            "From: The Boss <ceo@bank.example>\r\nSubject: rewritten\r\n")).startsWith("250"));
        }
        await().untilAsserted(() -> assertThat(upstream.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: widened",
                        "From: x@MAIL.xn--bcher-kva.example\r\n"))
                .anySatisfy(mail -> {
                    assertThat(mail.text()).contains("Subject: rewritten", "From: Acme <noreply@acme.example>\r\n")
                            .doesNotContain("bank.example");
                    assertThat(mail.sender()).startsWith("<noreply@acme.example>");
                }));
    }

    /** A mail with this header; the session is ready for another, whatever becomes of it. */
    private static String send(Dialogue session, String envelope, String header) throws Exception {
        session.say("RSET");
        return session.mail(envelope, "buyer@example.org", header + "\r\nhello");
    }

    private MountedBinding binding() {
        return installation.binding(operator.tenant(), "acme-mail");
    }

    private String login(MountedBinding binding) throws Exception {
        try (Dialogue session = Dialogue.connect(installation.relay().submissionPort())) {
            session.say("EHLO application.test");
            session.say("STARTTLS");
            session.encrypt(TestRoutes.trusting(binding.caCertificate()));
            session.say("EHLO application.test");
            return session.login(binding.user(), binding.password());
        }
    }

    private static void awaitSender(Dialogue session, String reply) {
        await().atMost(Duration.ofSeconds(1)).pollInterval(Duration.ofMillis(20)).untilAsserted(() -> {
            String now = session.say("MAIL FROM:<noreply@acme.example>");
            session.say("RSET");
            assertThat(now).isEqualTo(reply);
        });
    }

    private void patch(String kind, String name, String namespace, String patch) {
        assertThat(operator.kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", patch))
                .endsWith(" patched\n");
    }
}
