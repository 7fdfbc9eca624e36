package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.Address;
import dev.postrider.route.GrantedDomains;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import dev.postrider.testing.ScriptedSmtpServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("delivery-world")
final class ReportSenderTest {
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            # envelope sender;     From;                granted;        global; substitute
            bounces@acme.example;  a@acme.example;      ;               true;   bounces@acme.example
            bounces@other.example; a@acme.example;      acme.example;   true;   a@acme.example
            bounces@other.example; a@acme.example;      acme.example;   false;  bounces@other.example
            bounces@other.example; a@acme.example;      third.example;  true;
            bücher@acme.example;   a@bücher.example;    ;               true;   a@xn--bcher-kva.example
            bücher@acme.example;   bücher@acme.example; ;               true;
            """)
    void isAnAddressOfTheOrganizationThatMayLeaveThere(String envelopeFrom, String from, String granted,
            boolean global, String substitute) {
        Routes routes = new Routes();
        routes.put(new OrganizationRoute(key("orders"), Sha256.of("x"), State.OPEN, List.of(),
                new Address(from, Optional.empty()), envelopeFrom, Optional.empty(), Optional.empty())
                .granting(Optional.ofNullable(granted).map(domain -> new GrantedDomains(List.of(domain)))));
        assertThat(new ReportSender(routes).of(message("", Optional.empty(), Optional.empty()),
                TestRoutes.server("mx", global, true, 1))).isEqualTo(Optional.ofNullable(substitute));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            # sender;      login; made by the relay; substitute
            a@b.example;   false; false;
            a@b.example;   true;  false;
            '';            true;  true;              user@b.example
            '';            true;  false;
            '';            false; false;             bounces@example.com
            """)
    void dependsOnWhoseMailItIs(String sender, boolean submitters, boolean report, String substitute) {
        Routes routes = new Routes();
        routes.put(TestRoutes.organization("orders", State.OPEN));
        assertThat(new ReportSender(routes).of(message(sender, submitters
                ? Optional.of(new byte[1])
                : Optional.empty(), report ? Optional.empty() : Optional.of("")),
                TestRoutes.server("mx", true, true, 1))).isEqualTo(Optional.ofNullable(substitute));
    }

    private static QueuedMessage message(String sender, Optional<byte[]> credentials, Optional<String> countedAs) {
        return new QueuedMessage(key("orders"), "", "01J", sender, false, false, DsnRequest.NONE, Optional.empty(),
                credentials, Instant.EPOCH, MessageContent.of(new byte[0]),
                List.of(new QueuedRecipient(0, "user@b.example", RecipientDsnRequest.NONE, 0, false)), 0, countedAs,
                true);
    }

    @Test
    void theReportOfABounceReachesTheSenderThroughAServerThatRefusesTheNullSender(@TempDir Path directory)
            throws Exception {
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start();
                RunningDelivery relay = new RunningDelivery(directory)) {
            server.on("MAIL", line -> line.startsWith("MAIL FROM:<>") ? "501 Invalid MAIL FROM address provided" : "");
            server.on("RCPT", line -> line.contains("gone@") ? "550 5.1.1 no such user" : "");
            relay.server("mx", server.port(), true, true, 1);
            relay.organization(new ResourceKey("shop", "orders"));
            relay.delivery().start();
            relay.submit("orders", "gone@y.example");
            relay.awaitEmpty("orders", Duration.ofSeconds(10));

            await().untilAsserted(() -> assertThat(server.messages()).singleElement().satisfies(report -> {
                assertThat(report.sender()).startsWith("<bounces@b.example>");
                assertThat(report.recipients()).containsExactly("a@b.example");
                assertThat(report.text()).contains("Auto-Submitted: auto-replied\r\n", "550 5.1.1 no such user");
            }));
        }
    }

    @Test
    void aReportThatCannotBeDeliveredEvenSoMakesNoOther(@TempDir Path directory) throws Exception {
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start();
                RunningDelivery relay = new RunningDelivery(directory)) {
            server.on("MAIL", line -> line.startsWith("MAIL FROM:<>") ? "501 Invalid MAIL FROM address provided" : "");
            server.on("RCPT", "550 5.1.1 no such user");
            relay.server("mx", server.port(), true, true, 1);
            relay.organization(new ResourceKey("shop", "orders"));
            relay.delivery().start();
            relay.submit("orders", "gone@y.example");
            relay.awaitEmpty("orders", Duration.ofSeconds(10));
            assertThat(server.commands()).filteredOn(command -> command.startsWith("RCPT"))
                    .containsExactly("RCPT TO:<gone@y.example>", "RCPT TO:<a@b.example>");
        }
    }
}
