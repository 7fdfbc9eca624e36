package dev.postrider.cli;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.cli.terminal.Size;
import dev.postrider.relay.Exposure;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.Relay;
import dev.postrider.relay.RelaySettings;
import dev.postrider.relay.TestRoutes;
import dev.postrider.access.Decision;
import dev.postrider.access.Outcome;
import dev.postrider.relay.admin.Access.Verb;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.events.WebhookPolicy;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.reply.Meaning;
import dev.postrider.reply.ReplyAction;
import dev.postrider.reply.ReplyClass;
import dev.postrider.route.MailClass;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Verdict;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What {@code postrider usage} prints of the mail that shop/orders, whose days are those of Berlin, sent in September
 * and October. All of it was delivered on 22 October, which is today.
 */
@Tag("organizations")
@Tag("relay")
final class UsageCommandTest {
    private static final Instant TODAY = Instant.parse("2026-10-22T10:00:00Z");

    @TempDir
    Path directory;

    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private volatile Instant now = TODAY;
    private Relay relay;
    private RelayCommands typed;

    @BeforeEach
    void start() throws Exception {
        var orders = inBerlin(organization("orders", State.OPEN));
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> now)) {
            queue.countDaysIn(_ -> orders.reportZone());
            submit(queue, "2026-09-30T21:59:00Z", Optional.empty(), 100, "x@y.example");
            submit(queue, "2026-09-30T22:30:00Z", Optional.of(MailClass.ALERTS), 200, "x@y.example", "no@y.example");
            submit(queue, "2026-10-21T10:00:00Z", Optional.empty(), 3_000_000, "x@y.example", "y@y.example",
                    "busy@y.example");
            queue.counters().refused(key("orders"), Optional.empty());
        }
        now = TODAY;
        upstreams.behave("mx", address -> switch (address) {
            case "no@y.example" -> ((Verdict.Refused) RecordingUpstreams.REFUSED).meaning(
                    new Meaning(ReplyClass.INVALID_RECIPIENT, new ReplyAction.Bounce(), Optional.empty()));
            case "busy@y.example" -> RecordingUpstreams.DEFERRED;
            default -> RecordingUpstreams.ACCEPTED;
        });
        var routes = new Routes();
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 4));
        routes.put(orders);
        routes.put(organization("news", State.OPEN));
        routes.markComplete();
        relay = Relay.start(new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()), routes, upstreams,
                DeliverySettings.of("relay.test"),
                new Exposure(UsageCommandTest::decide, 10, Tracing.OFF, WebhookPolicy.STRICT), () -> now);
        for (String token : List.of("reader", "orders", "nobody")) {
            Files.writeString(directory.resolve(token), token + "\n");
        }
        typed = new RelayCommands(relay.adminPort(), directory.resolve("reader"));
        await().untilAsserted(() -> assertThat(usage("shop/orders", "--by", "total", "--last", "30d"))
                .containsPattern("TOTAL +3 +6 +4 +1 +1 +0 +1 "));
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    private static OrganizationRoute inBerlin(OrganizationRoute route) {
        return route.countedIn(Optional.of(ZoneId.of("Europe/Berlin")));
    }

    private void submit(SqlQueue queue, String time, Optional<MailClass> mailClass, int octets, String... recipients)
            throws Exception {
        now = Instant.parse(time);
        try (Draft draft = queue.draft(key("orders"))) {
            draft.content().write(new byte[octets]);
            draft.commit(NewMessage.plain("", List.of(recipients), false, false, now).of(mailClass));
        }
    }

    /** "reader" may see all, "orders" only that organization. */
    private static Decision decide(String token, Verb verb, Optional<ResourceKey> organization) {
        return switch (token) {
            case "reader" -> new Decision(Outcome.ALLOWED, "Rita");
            case "orders" -> new Decision(
                    organization.equals(Optional.of(key("orders"))) ? Outcome.ALLOWED : Outcome.FORBIDDEN, "Otto");
            default -> new Decision(Outcome.UNKNOWN, "");
        };
    }

    private String usage(String... arguments) {
        assertThat(typed.run("usage", arguments)).as(typed.err()).isZero();
        return typed.out();
    }

    @Test
    void aTableTellsOfThisMonthSoFarByClassAndByServer() {
        assertThat(usage("shop/orders")).isEqualTo("""
                Mail of shop/orders from 2026-10-01 to 2026-10-22

                CLASS    ACCEPTED   RECIPIENTS   DELIVERED   DEFERRED   BOUNCED   REMOVED   REFUSED     SIZE
                <none>          1            3           3          1         0         0         1   2.9MiB
                alerts          1            2           1          0         1         0         0     200B
                TOTAL           2            5           4          1         1         0         1   2.9MiB

                SERVER    DELIVERED   DEFERRED   BOUNCED
                shop/mx           4          1         1
                TOTAL             4          1         1

                REPLY              BOUNCED
                InvalidRecipient         1
                TOTAL                    1
                """);
    }

    @Test
    void aTableIsByDayIfThatIsWanted() {
        assertThat(usage("shop/orders", "--last", "23d", "--by", "day")).isEqualTo("""
                Mail of shop/orders from 2026-09-30 to 2026-10-22

                DAY          ACCEPTED   RECIPIENTS   DELIVERED   DEFERRED   BOUNCED   REMOVED   REFUSED     SIZE
                2026-09-30          1            1           0          0         0         0         0     100B
                2026-10-01          1            2           0          0         0         0         0     200B
                2026-10-21          1            3           0          0         0         0         1   2.9MiB
                2026-10-22          0            0           4          1         1         0         0       0B
                TOTAL               3            6           4          1         1         0         1   2.9MiB
                """);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --month 2026-09                       | from 2026-09-01 to 2026-09-30 | 1
            --month 2026-10                       | from 2026-10-01 to 2026-10-31 | 2
            --month 2026-11                       | from 2026-11-01 to 2026-11-30 | none
            --month 2024-02                       | from 2024-02-01 to 2024-02-29 | none
            --last 1d                             | from 2026-10-22 to 2026-10-22 | 0
            --last 22d                            | from 2026-10-01 to 2026-10-22 | 2
            --last 400d                           | from 2025-09-18 to 2026-10-22 | 3
            --from 2026-10-21                     | from 2026-10-21 to 2026-10-22 | 1
            --to 2026-10-21                       | from 2026-09-20 to 2026-10-20 | 2
            --from 2026-10-01 --to 2026-10-02     | from 2026-10-01 to 2026-10-01 | 1
            """)
    void periodsAreSaidInSeveralWays(String arguments, String period, String accepted) {
        String printed = usage(("shop/orders --by total " + arguments).split(" "));

        assertThat(printed).contains("ail of shop/orders " + period);
        if (accepted.equals("none")) {
            assertThat(printed).isEqualTo("No mail of shop/orders " + period + ".\n");
        } else {
            assertThat(printed).containsPattern("\nTOTAL +" + accepted + " ");
        }
    }

    @ParameterizedTest
    @CsvSource({"2026-10-31T22:59:59Z,2026-10-01,2026-10-31", "2026-10-31T23:00:00Z,2026-11-01,2026-11-01"})
    void theMonthIsThatOfTheOrganizationsTimeZone(Instant time, String from, String to) {
        now = time;

        assertThat(usage("shop/orders")).contains("ail of shop/orders from " + from + " to " + to);
        assertThat(usage("shop/news")).isEqualTo("No mail of shop/news from 2026-10-01 to 2026-10-31.\n");
    }

    @Test
    void programsReadEachDayClassAndServer() throws Exception {
        var json = new ObjectMapper();
        assertThat(json.readTree(usage("shop/orders", "--from", "2026-10-21", "-o", "json"))).isEqualTo(json.readTree(
                """
                        {"organization": "shop/orders", "from": "2026-10-21", "to": "2026-10-23", "items": [
                          {"day": "2026-10-21", "accepted": 1, "recipients": 3, "delivered": 0, "deferred": 0, "bounced": 0,
                           "removed": 0, "refused": 1, "octets": 3000000},
                          {"day": "2026-10-22", "server": "shop/mx", "accepted": 0, "recipients": 0, "delivered": 3,
                           "deferred": 1, "bounced": 0, "removed": 0, "refused": 0, "octets": 0},
                          {"day": "2026-10-22", "class": "alerts", "server": "shop/mx", "accepted": 0, "recipients": 0,
                           "delivered": 1, "deferred": 0, "bounced": 1, "removed": 0, "refused": 0, "octets": 0,
                           "bounces": {"InvalidRecipient": 1}}]}"""));
    }

    @Test
    void programsReadSumsIfTheyWantThem() throws Exception {
        var json = new ObjectMapper();
        assertThat(json.readTree(usage("shop/orders", "--by", "class", "-o", "json"))).isEqualTo(json.readTree("""
                {"organization": "shop/orders", "from": "2026-10-01", "to": "2026-10-23", "items": [
                  {"accepted": 1, "recipients": 3, "delivered": 3, "deferred": 1, "bounced": 0, "removed": 0,
                   "refused": 1, "octets": 3000000},
                  {"class": "alerts", "accepted": 1, "recipients": 2, "delivered": 1, "deferred": 0, "bounced": 1,
                   "removed": 0, "refused": 0, "octets": 200, "bounces": {"InvalidRecipient": 1}}]}"""));
        assertThat(usage("shop/orders", "--by", "total", "-o", "yaml")).isEqualTo("""
                organization: "shop/orders"
                from: "2026-10-01"
                to: "2026-10-23"
                items:
                - accepted: 2
                  recipients: 5
                  delivered: 4
                  deferred: 1
                  bounced: 1
                  removed: 0
                  refused: 1
                  octets: 3000200
                  bounces:
                    InvalidRecipient: 1
                """);
    }

    @Test
    void csvIsTheFileOfAUsageReport() {
        assertThat(usage("shop/orders", "-o", "csv")).isEqualTo(
                """
                        organization,period,day,class,server,accepted,recipients,delivered,deferred,bounced,removed,refused,octets,bounces
                        shop/orders,now,2026-10-01,alerts,,1,2,0,0,0,0,0,200,
                        shop/orders,now,2026-10-21,,,1,3,0,0,0,0,1,3000000,
                        shop/orders,now,2026-10-22,,shop/mx,0,0,3,1,0,0,0,0,
                        shop/orders,now,2026-10-22,alerts,shop/mx,0,0,1,0,1,0,0,0,InvalidRecipient=1
                        """
                        .replace("\n", "\r\n"));
    }

    @Test
    void whoMaySeeOneOrganizationSeesIt() {
        assertThat(usage("shop/orders", "--token-file", directory.resolve("orders").toString()))
                .startsWith("Mail of shop/orders ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            shop/orders --month 2026-13                     | 2 | '2026-13' is no month; write it as 2026-10
            shop/orders --month october                     | 2 | 'october' is no month
            shop/orders --from 1.10.2026                    | 2 | '1.10.2026' is no day; write it as 2026-10-01
            shop/orders --to 2026-02-29                     | 2 | '2026-02-29' is no day
            shop/orders --from +12026-10-01                 | 1 | +12026-10-01 is not a date such as 2026-03-01
            shop/orders --last 30                           | 2 | '30' is no number of days; write it as 30d
            shop/orders --last 4w                           | 2 | '4w' is no number of days
            shop/orders --last 0d                           | 2 | '0d' is no number of days
            shop/orders --last 401d                         | 1 | are 401 days; 1 to 400 are possible
            shop/orders --from 2026-10-02 --to 2026-10-01   | 1 | are -1 days; 1 to 400 are possible
            shop/orders --from 2025-09-01 --to 2026-10-07   | 1 | are 401 days; 1 to 400 are possible
            shop/orders --month 2026-10 --last 3d           | 2 | --month, --last, and --from with --to exclude each
            shop/orders --month 2026-10 --to 2026-10-05     | 2 | --month, --last, and --from with --to exclude each
            shop/orders --by month                          | 2 | expected one of [DAY, CLASS, SERVER, TOTAL]
            shop/orders -o pdf                              | 2 | expected one of [TABLE, JSON, YAML, CSV]
            shop/orders -o csv --by day                     | 2 | --by and -o csv exclude each other
            orders                                          | 2 | 'orders' is not NAMESPACE/NAME
            --by day                                        | 2 | Missing required parameter: 'NAMESPACE/NAME'
            shop/news --token-file DIR/orders               | 1 | Otto may not get queues.postrider.dev "news" in
            shop/orders --token-file DIR/nobody             | 1 | The relay does not know you: the token is not known
            shop/orders --url http://127.0.0.1:1            | 1 | No relay answers at http://127.0.0.1:1
            shop/orders --local nowhere                     | 1 | nowhere
            """, quoteCharacter = '`')
    void mistakesAreExplained(String arguments, int exit, String message) {
        assertThat(typed.run("usage", arguments.replace("DIR", directory.toString()).split(" "))).isEqualTo(exit);
        assertThat(typed.err()).contains(message);
        assertThat(typed.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0,0B", "1023,1023B", "1024,1KiB", "1500000,1.4MiB", "1073741824,1.0GiB", "1649267441664,1.5TiB",
            "9223372036854775807,8192.0PiB"})
    void sizesAreReadable(long octets, String printed) {
        assertThat(Size.of(octets)).isEqualTo(printed);
    }
}
