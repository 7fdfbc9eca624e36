package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.testing.ScriptedSmtpServer.Received;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One mail of a client that keeps to no grammar, on its whole way: to the server, and to the report of what failed. */
@Tag("delivery-world")
final class CarelessClientTest {

    private static OrganizationRoute organization() {
        OrganizationRoute plain = TestRoutes.organization("orders", State.OPEN);
        return new OrganizationRoute(plain.key(), plain.passwordSha256(), plain.state(), plain.servers(),
                new Address("no-reply@acme.example", Optional.empty()), "bounces@acme.example", plain.webhook(),
                Optional.empty(), Optional.of(new AllowedSenders(List.of("Sales@acme.example"), Otherwise.REFUSE)));
    }

    @Test
    void everythingThatLeavesIsInCorrectForm(@TempDir Path directory) throws Exception {
        try (var relay = new RelayOfOne(directory, organization(), InstantSource.system())) {
            relay.server().on("RCPT", line -> line.contains("docomo") ? "550 5.1.1 no such user" : "");
            try (var client = relay.session()) {
                client.raw("EHLO John's M\u00fcller; by evil (x)\r\n");
                client.reply();
                client.login("orders.shop", PASSWORD);
                for (String command : List.of("MAIL FROM: SALES@acme.example. SIZE=many", "RCPT TO:u@example.net.",
                        "RCPT TO:a..b@docomo.ne.jp", "RCPT TO:<\"a..b\"@docomo.ne.jp>", "RCPT TO:<\"u\"@example.net>",
                        "RCPT TO:<@r.example:root@my_host.example>")) {
                    assertThat(client.say(command)).as(command).startsWith("250");
                }
                client.say("DATA");
                client.raw("From: S\u00e4les, Inc. [1] <sales@acme.example>\r\nSubject: x\r\n\r\nx\r\n");
                assertThat(client.say(".")).startsWith("250 2.0.0 queued as ");
            }

            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(relay.server().messages()).hasSize(2));
            Received mail = relay.server().messages().getFirst();
            assertThat(mail.sender()).startsWith("<Sales@acme.example>");
            assertThat(mail.recipients()).containsExactly("u@example.net", "root@my_host.example");
            assertThat(mail.text()).startsWith("Received: from John's?M?ller??by?evil??x? ([127.0.0.1])\r\n")
                    .contains("\r\nFrom: =?UTF-8?Q?S=C3=A4les=2C_Inc=2E_=5B1=5D?= <Sales@acme.example>\r\n");
            Received report = relay.server().messages().getLast();
            assertThat(report.recipients()).containsExactly("Sales@acme.example");
            assertThat(report.text()).containsOnlyOnce("\r\nFinal-Recipient: rfc822; \"a..b\"@docomo.ne.jp\r\n");
        }
    }
}
