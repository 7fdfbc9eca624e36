package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.organization;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.route.Address;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.RouteJson;
import dev.postrider.route.Support;
import dev.postrider.route.SystemInformation;
import dev.postrider.route.SystemInformation.License;
import dev.postrider.route.SystemInformation.Server;
import dev.postrider.testing.ScriptedSmtpServer;
import jakarta.mail.BodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mail to support, from the application to the server of those who help. */
@Tag("organizations")
final class SupportTest {
    private static final Address OFFICE = new Address("office@acme.example", Optional.of("B\u00fcro"));
    private static final SystemInformation INFORMATION = new SystemInformation(
            List.of(new License("Shop", "2027-01-31", "Europe/Berlin"),
                    new License("Old\nOne", "2026-12-31", "Asia/Tokyo")),
            List.of(new Server("acme/own", "True", "Accepted"), new Server("mail/global", "False", "Timeout")));

    @TempDir
    Path directory;

    private RelayOfOne relay;

    @BeforeEach
    void start() throws Exception {
        relay = new RelayOfOne(directory,
                helpedBy(Optional.of(new Support("help@example.com", Optional.of(OFFICE), Optional.empty()))),
                InstantSource.fixed(Instant.parse("2027-01-12T09:00:00Z")));
    }

    private static OrganizationRoute helpedBy(Optional<Support> support) {
        return organization("orders", State.OPEN).helpedBy(support);
    }

    private void helping(Optional<Support> support) {
        relay.routes().put(helpedBy(support));
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    private Dialogue session() throws Exception {
        Dialogue client = relay.session();
        client.login("orders.shop", PASSWORD);
        return client;
    }

    private String send(String message) throws Exception {
        try (var client = session()) {
            return client.mail("orders@example.com", "Support@Postrider.Internal", message);
        }
    }

    private ScriptedSmtpServer.Received delivered() {
        await().untilAsserted(() -> {
            assertThat(relay.server().messages()).hasSize(1);
            assertThat(relay.relay().queued()).isZero();
        });
        return relay.server().messages().getFirst();
    }

    private static MimeMessage parsed(ScriptedSmtpServer.Received mail) throws Exception {
        return new MimeMessage(null, new ByteArrayInputStream(mail.text().getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** A slash stands for CR LF. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            fields                                            | whom to answer
            Subject: it/                                      | =?UTF-8?Q?B=C3=BCro?= <office@acme.example>
            Reply-To: ann@shop.example/                       | ann@shop.example
            Reply-To: "Ann, of B" <ann@shop.example>/         | "Ann, of B" <ann@shop.example>
            reply-to:/ Ann/ <ann@shop.example>/Subject: it/   | Ann <ann@shop.example>
            To: a@x.example/To: b@x.example/                  | =?UTF-8?Q?B=C3=BCro?= <office@acme.example>
            """, useHeadersInDisplayName = true)
    void goesToThoseWhoHelpAndSaysWhomToAnswer(String fields, String replyTo) throws Exception {
        assertThat(send(fields.replace("/", "\r\n") + "From: orders@example.com\r\n\r\nhelp\r\n")).startsWith("250");
        ScriptedSmtpServer.Received mail = delivered();
        assertThat(mail.recipients()).containsExactly("help@example.com");
        MimeMessage message = parsed(mail);
        assertThat(message.getHeader("To")).containsExactly("help@example.com");
        assertThat(message.getHeader("Reply-To", null).replaceAll("\\s+", " ").strip()).isEqualTo(replyTo);
        assertThat(mail.text()).doesNotContain("postrider.internal", "x.example").contains("\r\n\r\nhelp\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            fields                                                      | reply
            Reply-To: a@x.example, b@x.example/                         | 550 5.6.0 Reply-To of mail to support must be one address, of who wrote it
            Reply-To: friends: a@x.example, b@x.example;/               | 550 5.6.0 Reply-To of mail to support must be one address, of who wrote it
            Reply-To: a@x.example/Reply-To: b@x.example/                | 550 5.6.0 mail to support has several reply-to fields
            Reply-To: =?utf-8?q?a=40x=2Eexample=2C?= b@x.example/       | 550 5.6.0 Reply-To of mail to support must be one address, of who wrote it
            Reply-To: /                                                 | 550 5.6.0 Reply-To of mail to support must be one address, of who wrote it
            """, useHeadersInDisplayName = true)
    void aForgedReplyToIsRefused(String fields, String reply) throws Exception {
        assertThat(send(fields.replace("/", "\r\n") + "\r\nhelp\r\n")).startsWith(reply);
        assertThat(relay.relay().queued()).isZero();
    }

    @Test
    void aFieldWithoutEndIsRefused() throws Exception {
        assertThat(send("Reply-To: ann@shop.example" + "\r\n ".repeat(10_000) + "\r\n\r\nhelp\r\n"))
                .startsWith("550 5.6.0 field reply-to of mail to support is longer than 16384 octets");
    }

    @Test
    void goesAlone() throws Exception {
        String alone = "550 5.7.1 mail to support@postrider.internal goes there alone, send it to others in another mail";
        try (var client = session()) {
            client.say("MAIL FROM:<orders@example.com>");
            assertThat(client.say("RCPT TO:<support@postrider.internal>")).startsWith("250");
            assertThat(client.say("RCPT TO:<other@x.example>")).startsWith(alone);
            client.say("RSET");
            client.say("MAIL FROM:<orders@example.com>");
            assertThat(client.say("RCPT TO:<other@x.example>")).startsWith("250");
            assertThat(client.say("RCPT TO:<support@postrider.internal>")).startsWith(alone);
        }
    }

    @Test
    void withoutHelpersItIsRefusedAtTheDoor() throws Exception {
        helping(Optional.empty());
        try (var client = session()) {
            client.say("MAIL FROM:<orders@example.com>");
            assertThat(client.say("RCPT TO:<support@postrider.internal>"))
                    .startsWith("550 5.1.1 nobody is named who helps: set support.address of the chart");
        }
    }

    /** A bar stands for CR LF. */
    @ParameterizedTest
    @ValueSource(strings = {"Subject: it||Please help.|",
            "Subject: it|MIME-Version: 1.0|Content-Type: text/plain;|  charset=utf-8|Content-Transfer-Encoding: 8bit||"
                    + "Please help, B\u00fcro.|",
            "Content-Type: multipart/alternative; boundary=x|MIME-Version: 1.0||--x||Please help.|--x|"
                    + "Content-Type: text/html||<p>Please help.|--x--|",
            "Subject: no line after the header|"})
    void systemInformationIsAttachedAndTheMessageStaysAsItWas(String message) throws Exception {
        helping(Optional.of(new Support("help@example.com", Optional.of(OFFICE), Optional.of(INFORMATION))));
        String sent = message.replace("|", "\r\n");
        assertThat(send(sent)).startsWith("250");

        MimeMultipart parts = (MimeMultipart) parsed(delivered()).getContent();

        assertThat(parts.getContentType()).startsWith("multipart/mixed");
        assertThat(parts.getCount()).isEqualTo(3);
        String content = new String(parts.getBodyPart(0).getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(content).contains(sent.contains("Please") ? "Please help" : "");
        assertThat(parts.getBodyPart(0).getContentType()).startsWith(
                sent.contains("alternative") ? "multipart/alternative" : "text/plain");
        BodyPart text = parts.getBodyPart(1);
        assertThat(text.getFileName()).isEqualTo("system-information.txt");
        assertThat(((String) text.getContent()).replace("\r\n", "\n").replaceAll("Java: .*", "Java: J")).isEqualTo("""
                Organization: shop/orders
                Time: 2027-01-12T09:00:00Z
                Postrider: development
                Java: J

                Licenses:
                  Shop: expires on 2027-01-31 (Europe/Berlin), 20 days left
                  Old One: expires on 2026-12-31 (Asia/Tokyo), 0 days left

                Mail servers:
                  acme/own: Ready=True, Accepted
                  mail/global: Ready=False, Timeout

                Queue: 0 messages, 0 octets
                """);
        BodyPart json = parts.getBodyPart(2);
        assertThat(json.getFileName()).isEqualTo("system-information.json");
        assertThat(new ObjectMapper().readTree(json.getInputStream())).isEqualTo(new ObjectMapper().readTree("""
                {"time": "2027-01-12T09:00:00Z", "organization": "shop/orders",
                 "versions": {"postrider": "development", "java": "%s"},
                 "licenses": [
                   {"name": "Shop", "expiryDate": "2027-01-31", "timeZone": "Europe/Berlin", "daysLeft": 20},
                   {"name": "Old\\nOne", "expiryDate": "2026-12-31", "timeZone": "Asia/Tokyo", "daysLeft": 0}],
                 "mailServers": [
                   {"name": "acme/own", "ready": "True", "reason": "Accepted"},
                   {"name": "mail/global", "ready": "False", "reason": "Timeout"}],
                 "queue": {"messages": 0, "octets": 0}}""".formatted(Runtime.version())));
        assertThat(delivered().text()).doesNotContain(PASSWORD);
    }

    @Test
    void travelsInTheRoute() {
        OrganizationRoute route = helpedBy(
                Optional.of(new Support("help@example.com", Optional.of(OFFICE), Optional.of(INFORMATION))));
        assertThat(RouteJson.read(RouteJson.write(route), OrganizationRoute.class)).isEqualTo(route);
    }
}
