package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.Endpoint;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ReplyRule;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.ScriptedSmtpServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a refusal is about is told to whoever sent the mail, and a server's own rules decide what follows. */
@Tag("delivery-world")
final class ReplyClassesTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private static ServerRoute route(int port, ReplyRule... rules) {
        return new ServerRoute(key("mx"), false, true,
                new Endpoint.Smtp("127.0.0.1", port, Endpoint.Security.NONE, Optional.empty(), Duration.ofSeconds(2),
                        Duration.ofSeconds(2), 2, Optional.empty()))
                .replyRules(List.of(rules));
    }

    @Test
    void aReportHasTheClassForProgramsAndForPeople() throws Exception {
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start()
                .on("RCPT", line -> line.contains("gone@") ? "550 5.1.1 <gone@x.example>: User unknown" : "");
                RunningDelivery relay = new RunningDelivery(directory)) {
            relay.server(route(server.port()));
            relay.organization("orders", "mx");

            relay.delivery().start();
            relay.submit("orders", "gone@x.example");

            await().atMost(SOON).until(() -> !server.messages().isEmpty());
            assertThat(server.messages().getFirst().text()).contains("\r\nX-Postrider-Class: InvalidRecipient\r\n",
                    "(InvalidRecipient)");
            assertThat(relay.queue()
                    .counters()
                    .read(key("orders"), LocalDate.EPOCH, LocalDate.of(2100, 1, 1))
                    .stream()
                    .map(DailyCounts::counts)
                    .reduce(MailCounts.NONE, MailCounts::plus)
                    .bounces()).isEqualTo(Map.of("InvalidRecipient", 1L));
        }
    }

    @Test
    void aRuleOfTheServerKeepsMailThatWouldBounce() throws Exception {
        ReplyRule rule = new ReplyRule(List.of(), Optional.empty(), List.of(), List.of(550), List.of(),
                Optional.of("lunch break"), Optional.of("Temporary"), Optional.of("Retry"), Optional.empty(),
                Optional.empty(), Optional.of("come again after lunch"));
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().on("RCPT", "550 5.1.1 lunch break");
                RunningDelivery relay = new RunningDelivery(directory)) {
            relay.server(route(server.port(), rule));
            relay.organization("orders", "mx");

            relay.delivery().start();
            relay.submit("orders", "ann@x.example");

            await().atMost(SOON).until(() -> reply(relay.queue()).contains("lunch break; come again after lunch"));
            assertThat(relay.queue().usage(key("orders")).messages()).isEqualTo(1);
        }
    }

    private static String reply(SqlQueue queue) throws Exception {
        return queue.view()
                .list(new Filter(Optional.of(key("orders")), Optional.empty(),
                        Optional.empty(), Optional.empty()), Optional.empty(), 1)
                .toString();
    }
}
