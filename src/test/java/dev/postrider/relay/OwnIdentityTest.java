package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.DkimKey;
import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.SizeLimit.WhenTooLarge;
import dev.postrider.testing.DkimVerifier;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.ScriptedSmtpServer.Received;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What leaves the relay comes from its organization, and is signed by it. */
@Tag("organizations")
final class OwnIdentityTest {
    private static final List<DkimKey> KEYS = List.of(DkimVerifier.key("r1", "example.com", "RSA", 2048),
            DkimVerifier.key("e1", "example.com", "Ed25519", 0));
    private static final String BOTH = "rsa-sha256 pass, ed25519-sha256 pass";
    private static final String MAIL = "From: \"B\u00fccher\" <%s>\r\nTo: x@y.example\r\nSubject: Gr\u00fc\u00dfe\r\n"
            + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\n"
            + "Content-Type: text/plain\r\n\r\n.\r\nHere it is.\r\n--b1\r\nContent-Type: application/pdf\r\n"
            + "Content-Transfer-Encoding: base64\r\n"
            + "Content-Disposition: attachment; filename=\"\u00dcbersicht.pdf\"\r\n\r\n"
            + Base64.getMimeEncoder().encodeToString(new byte[120_000]) + "\r\n--b1--\r\n";

    @TempDir
    Path directory;

    private final Routes routes = new Routes();
    private final ScriptedSmtpServer mx = ScriptedSmtpServer.start().offer("8BITMIME", "SIZE 100000");
    private Optional<Relay> relay = Optional.empty();

    @BeforeEach
    void declare() {
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("mx", mx.port(), 4));
        routes.markComplete();
    }

    @AfterEach
    void stop() {
        relay.ifPresent(Relay::close);
        mx.close();
    }

    private void start(String delayNotice) throws Exception {
        Relay started = Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, true, RelayConfiguration.DEFAULT.received(), QueueSettings.DEFAULT,
                        Optional.of(new LinkSettings(0, true, Optional.empty(), 1L << 20, 10, Optional.empty()))),
                routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
                TestSettings.delivery("{retryAfter: [300ms], retryJitter: 0, delayNoticeAfter: " + delayNotice + "}"),
                InstantSource.system());
        relay = Optional.of(started);
        OrganizationRoute plain = TestRoutes.organization("orders", State.OPEN);
        routes.put(new OrganizationRoute(plain.key(), plain.passwordSha256(), plain.state(), plain.servers(),
                new Address("orders@example.com", Optional.of("Bestellungen f\u00fcr alle")), "bounces@example.com",
                plain.webhook(),
                Optional.of(new SizeLimit(Optional.empty(), WhenTooLarge.LINK,
                        Optional.of(new Linking("localhost:" + started.linksPort().orElseThrow(), false, 30)))),
                Optional.of(new AllowedSenders(List.of("@globex.example"), Otherwise.REWRITE)))
                .signing(Optional.of(new Address("help@example.com", Optional.of("Help"))), KEYS)
                .bouncingTo(Optional.of("bounces@example.com")));
    }

    private void submit(String from) throws Exception {
        submit(from, "x@y.example");
    }

    private void submit(String from, String recipient) throws Exception {
        try (var client = Dialogue.connect(relay.orElseThrow().submissionPort())) {
            client.say("EHLO c");
            client.login("orders.shop", PASSWORD);
            client.say("MAIL FROM:<" + from + "> SMTPUTF8 BODY=8BITMIME");
            assertThat(client.say("RCPT TO:<" + recipient + ">")).startsWith("250");
            client.say("DATA");
            client.raw(new String(MAIL.formatted(from).replace("\r\n.", "\r\n..").getBytes(StandardCharsets.UTF_8),
                    StandardCharsets.ISO_8859_1));
            assertThat(client.say(".")).startsWith("250 2.0.0 queued as ");
        }
    }

    private Received delivered() {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(mx.messages()).isNotEmpty());
        return mx.messages().getFirst();
    }

    private static List<String> verified(Received mail) {
        Optional<DkimVerifier> verifier = DkimVerifier.of(KEYS);
        assumeTrue(verifier.isPresent(), "no dkimpy here: not tried");
        return verifier.orElseThrow().verify(List.of(mail.bytes()));
    }

    /** The sender is rewritten, the attachment becomes a link, and the server takes no SMTPUTF8. */
    @Test
    void aMessageIsSignedAfterEverythingThatChangesIt() throws Exception {
        PrintStream usual = System.err;
        var log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            start("4h");
            submit("somebody@else.example");
            Received mail = delivered();
            assertThat(mail.text()).startsWith("DKIM-Signature: ")
                    .contains("<orders@example.com>", "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=",
                            "https://localhost:", "\r\nReply-To: Help <help@example.com>\r\n");
            assertThat(mail.sender()).startsWith("<bounces@example.com> ");
            assertThat(verified(mail)).containsExactly(BOTH);
        } finally {
            System.setErr(usual);
        }
        assertThat(log.toString(StandardCharsets.UTF_8)).doesNotContain("PRIVATE KEY",
                KEYS.getFirst().privateKey().substring(100, 140));
        assertThat(routes.organization(TestRoutes.key("orders")).orElseThrow().toString())
                .contains("DkimKey[r1._domainkey.example.com]")
                .doesNotContain("PRIVATE KEY");
    }

    @Test
    void whatOneServerCannotTakeGoesToAnother() throws Exception {
        mx.offer("8BITMIME", "SMTPUTF8");
        try (ScriptedSmtpServer other = ScriptedSmtpServer.start().offer("8BITMIME")) {
            routes.put(TestRoutes.local("other", other.port(), 4));
            start("4h");
            for (int i = 0; i < 6; i++) {
                submit("orders@example.com", "\u00fc@y.example");
            }
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(mx.messages()).hasSize(6));
            assertThat(mx.messages()).allSatisfy(mail -> assertThat(mail.sender()).contains("SMTPUTF8"));
            assertThat(other.messages()).isEmpty();
        }
    }

    @Test
    @Tag("promises")
    void mailAsTheOrganizationHasItsEnvelopeSenderAndSaysWhomToAnswerAndIsSigned() throws Exception {
        start("4h");
        submit("orders@example.com");
        Received mail = delivered();
        assertThat(mail.sender()).startsWith("<bounces@example.com> ");
        assertThat(mail.text()).contains("<orders@example.com>", "\r\nReply-To: Help <help@example.com>\r\n");
        assertThat(verified(mail)).containsExactly(BOTH);
    }

    @Test
    void anotherDomainThatMaySendIsNotSignedFor() throws Exception {
        start("4h");
        submit("a@globex.example");
        assertThat(delivered().text()).contains("<a@globex.example>").doesNotContain("DKIM-Signature", "Reply-To");
        assertThat(delivered().sender()).startsWith("<a@globex.example> ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"550 5.1.1 no such user", "450 4.2.1 busy"})
    void aReportComesFromTheOrganizationAndIsSigned(String reply) throws Exception {
        mx.on("RCPT", line -> line.contains("x@y.example") ? reply : "");
        start("1ms");
        submit("orders@example.com");
        Received report = delivered();
        assertThat(report.sender()).startsWith("<> ");
        assertThat(report.recipients()).containsExactly("bounces@example.com");
        assertThat(report.text()).contains(
                "\r\nFrom: =?UTF-8?Q?Bestellungen_f=C3=BCr_alle?= <orders@example.com>\r\n",
                "\r\nReply-To: Help <help@example.com>\r\n", "\r\nTo: <bounces@example.com>\r\n",
                reply.startsWith("5") ? "Undelivered Mail" : "Delayed Mail", "Auto-Submitted: auto-replied");
        assertThat(verified(report)).containsExactly(BOTH);
    }
}
