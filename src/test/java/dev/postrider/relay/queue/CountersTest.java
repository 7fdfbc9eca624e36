package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.queue.Settlement.Deferral;
import dev.postrider.relay.queue.Settlement.Ending;
import dev.postrider.relay.queue.Settlement.Fate;
import dev.postrider.relay.queue.Settlement.Report;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailClass;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What is counted of mail, on each database. */
@Tag("organizations")
@Tag("relay")
@ParameterizedClass
@EnumSource
final class CountersTest {
    enum Store {
        SQLITE, POSTGRESQL
    }

    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final ResourceKey MX = new ResourceKey("shop", "mx");
    private static final ResourceKey OTHER = new ResourceKey("shop", "other");
    private static final String FULL = "accepted recipients delivered deferred bounced removed refused octets";

    private final Store store;

    @TempDir
    Path directory;

    private String database = "";
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    CountersTest(Store store) {
        this.store = store;
    }

    @BeforeEach
    void makeDatabase() throws Exception {
        if (store == Store.POSTGRESQL) {
            database = PostgresServer.shared().newDatabase();
        }
    }

    private SqlQueue open() throws IOException {
        return switch (store) {
            case SQLITE -> SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> now);
            case POSTGRESQL -> SqlQueue.openPostgres(
                    new PostgresLocation(PostgresServer.shared().url(database),
                            Optional.of(PostgresServer.credentials(directory))),
                    QueueLimits.DEFAULT, () -> now);
        };
    }

    private String submit(Queue queue, Optional<MailClass> mailClass, Optional<String> key, String... recipients)
            throws IOException {
        try (Draft draft = queue.draft(SHOP)) {
            draft.content().write(new byte[100]);
            NewMessage plain = NewMessage.plain("a@b.example", List.of(recipients), false, false, now);
            return draft.commit(new NewMessage(plain.sender(), plain.recipients(), false, false, DsnRequest.NONE, key,
                    Optional.empty(), now).of(mailClass));
        }
    }

    private void submit(Queue queue, String... recipients) throws IOException {
        submit(queue, Optional.empty(), Optional.empty(), recipients);
    }

    /**
     * {@code D}elivered, {@code B}ounced, bounced as {@code U}nknown or {@code S}pam, or {@code L}ater, for each
     * recipient, at a server.
     */
    private Settlement settlement(String endings, ResourceKey server) {
        List<Integer> done = new ArrayList<>();
        List<Deferral> deferred = new ArrayList<>();
        Map<Integer, Fate> fates = new HashMap<>();
        for (int number = 0; number < endings.length(); number++) {
            switch (endings.charAt(number)) {
                case 'D' -> {
                    done.add(number);
                    fates.put(number, new Fate(Ending.DELIVERED, server));
                }
                case 'B' -> {
                    done.add(number);
                    fates.put(number, new Fate(Ending.BOUNCED, server));
                }
                case 'U' -> {
                    done.add(number);
                    fates.put(number, new Fate(Ending.BOUNCED, server, Optional.of("InvalidRecipient")));
                }
                case 'S' -> {
                    done.add(number);
                    fates.put(number, new Fate(Ending.BOUNCED, server, Optional.of("SpamBlocked")));
                }
                case 'L' -> {
                    deferred.add(new Deferral(number, 1, now, now, "mx", "450", false));
                    fates.put(number, new Fate(Ending.DEFERRED, server));
                }
                default -> {
                    // It stays as it is.
                }
            }
        }
        return new Settlement(done, deferred, List.of(), List.of(), fates);
    }

    private QueuedMessage claim(Queue queue) throws IOException {
        return queue.claim(SHOP, now, 1).getFirst();
    }

    /** A line for each row: day, class and server, then the eight numbers, and bounces by what the reply was about. */
    private static List<String> rows(Queue queue) throws IOException {
        return queue.counters()
                .read(SHOP, LocalDate.parse("2020-01-01"), LocalDate.parse("2030-01-01"))
                .stream()
                .map(CountersTest::line)
                .toList();
    }

    private static String line(DailyCounts row) {
        MailCounts c = row.counts();
        return row.day() + " " + row.mailClass().orElse("-") + " "
                + row.server().map(ResourceKey::name).orElse("-") + ": " + c.accepted() + " " + c.recipients() + " "
                + c.delivered() + " " + c.deferred() + " " + c.bounced() + " " + c.removed() + " " + c.refused() + " "
                + c.octets() + (c.bounces().isEmpty() ? "" : " " + c.bounces());
    }

    @Test
    void mailIsCountedByDayClassAndServer() throws Exception {
        try (SqlQueue queue = open()) {
            submit(queue, Optional.of(MailClass.ALERTS), Optional.empty(), "x@y.example", "z@y.example");
            queue.settle(claim(queue), settlement("DB", MX));
            submit(queue, "x@y.example");
            queue.settle(claim(queue), settlement("L", MX));
            now = now.plus(Duration.ofDays(1));
            queue.settle(claim(queue), settlement("D", OTHER));

            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 1 1 0 0 0 0 0 100", "2026-03-01 - mx: 0 0 0 1 0 0 0 0",
                            "2026-03-01 alerts -: 1 2 0 0 0 0 0 100", "2026-03-01 alerts mx: 0 0 1 0 1 0 0 0",
                            "2026-03-02 - other: 0 0 1 0 0 0 0 0");
        }
    }

    @Test
    void countsStayWhenTheRelayStartsAnew() throws Exception {
        for (int run = 0; run < 3; run++) {
            try (SqlQueue queue = open()) {
                submit(queue, "x@y.example");
                queue.counters().refused(SHOP, Optional.of(MailClass.ALERTS));
            }
        }
        try (SqlQueue queue = open()) {
            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 3 3 0 0 0 0 0 300", "2026-03-01 alerts -: 0 0 0 0 0 0 3 0");
        }
    }

    @Test
    void aMessageThatRepeatsAnotherIsNotCounted() throws Exception {
        try (SqlQueue queue = open()) {
            String first = submit(queue, Optional.empty(), Optional.of("key"), "x@y.example");
            assertThat(submit(queue, Optional.empty(), Optional.of("key"), "x@y.example")).isEqualTo(first);
            assertThat(rows(queue)).as(FULL).containsExactly("2026-03-01 - -: 1 1 0 0 0 0 0 100");
        }
    }

    @Test
    void reportsOfTheRelayItselfAreNotCounted() throws Exception {
        try (SqlQueue queue = open()) {
            submit(queue, "x@y.example");
            Settlement bounce = settlement("B", MX);
            MessageContent text = MessageContent.of("Subject: no\r\n".getBytes(StandardCharsets.US_ASCII));
            queue.settle(claim(queue), new Settlement(bounce.done(), List.of(),
                    List.of(new Report("a@b.example", text, false, false, now)), List.of(), bounce.fates()));
            queue.settle(claim(queue), settlement("D", MX));

            assertThat(queue.usage().messages()).isZero();
            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 1 1 0 0 0 0 0 100", "2026-03-01 - mx: 0 0 0 0 1 0 0 0");
        }
    }

    @Test
    void whatBouncesIsCountedByWhatTheReplyWasAbout() throws Exception {
        try (SqlQueue queue = open()) {
            submit(queue, Optional.of(MailClass.ALERTS), Optional.empty(), "1@y.example", "2@y.example", "3@y.example",
                    "4@y.example", "5@y.example");
            QueuedMessage message = claim(queue);
            queue.settle(message, settlement("UUSBD", MX));
            queue.settle(message, settlement("SSSSS", MX));
            submit(queue, "1@y.example", "2@y.example");
            queue.settle(claim(queue), settlement("SS", OTHER));
        }
        try (SqlQueue queue = open()) {
            submit(queue, "1@y.example", "2@y.example");
            queue.settle(claim(queue), settlement("SD", OTHER));

            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 2 4 0 0 0 0 0 200",
                            "2026-03-01 - other: 0 0 1 0 3 0 0 0 {SpamBlocked=3}",
                            "2026-03-01 alerts -: 1 5 0 0 0 0 0 100",
                            "2026-03-01 alerts mx: 0 0 1 0 4 0 0 0 {InvalidRecipient=2, SpamBlocked=1}");
            now = now.plus(Duration.ofDays(420));
            await().untilAsserted(() -> assertThat(bounces()).isZero());
        }
    }

    /** Rows with bounces by class, in the database itself. */
    private int bounces() throws Exception {
        try (var connection = connect();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT count(*) FROM bounce")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private Connection connect() throws Exception {
        return switch (store) {
            case SQLITE -> DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
            case POSTGRESQL -> PostgresServer.shared().connect(database);
        };
    }

    @Test
    void whatAnEarlierVersionCountedIsReadOn() throws Exception {
        try (SqlQueue queue = open()) {
            submit(queue, "1@y.example", "2@y.example");
            queue.settle(claim(queue), settlement("BB", MX));
        }
        try (var connection = connect(); var statement = connection.createStatement()) {
            statement.execute("DROP TABLE bounce");
            assertThat(statement.executeUpdate("DELETE FROM schema_history WHERE version = '50'")).isOne();
        }
        try (SqlQueue queue = open()) {
            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 1 2 0 0 0 0 0 100", "2026-03-01 - mx: 0 0 0 0 2 0 0 0");
            submit(queue, "1@y.example");
            queue.settle(claim(queue), settlement("U", MX));

            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 2 3 0 0 0 0 0 200",
                            "2026-03-01 - mx: 0 0 0 0 3 0 0 0 {InvalidRecipient=1}");
        }
    }

    /** As after a commit whose answer was lost. */
    @Test
    void whatIsRecordedTwiceIsCountedOnce() throws Exception {
        try (SqlQueue queue = open()) {
            submit(queue, "x@y.example", "z@y.example", "u@y.example");
            QueuedMessage message = claim(queue);
            queue.settle(message, settlement("D--", MX));
            queue.settle(message, settlement("D--", MX));
            queue.settle(message, settlement("DBB", MX));
            queue.settle(message, settlement("DDD", MX));

            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 1 3 0 0 0 0 0 100", "2026-03-01 - mx: 0 0 1 0 2 0 0 0");
        }
    }

    @Test
    void whatIsTakenOutOfTheQueueIsRemoved() throws Exception {
        try (SqlQueue queue = open()) {
            submit(queue, Optional.of(MailClass.ALERTS), Optional.empty(), "x@y.example", "z@y.example");
            String id = submit(queue, Optional.empty(), Optional.empty(), "x@y.example");
            assertThat(queue.view().change(QueueView.Change.REMOVE, id)).isTrue();
            assertThat(queue.view()
                    .change(QueueView.Change.REMOVE,
                            new QueueView.Filter(Optional.of(SHOP), Optional.empty(), Optional.empty(),
                                    Optional.empty()),
                            OptionalInt.empty()))
                    .isEqualTo(1);

            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 1 1 0 0 0 1 0 100", "2026-03-01 alerts -: 1 2 0 0 0 2 0 100");
        }
    }

    @Test
    void daysAreThoseOfTheOrganizationsTimeZone() throws Exception {
        try (SqlQueue queue = open()) {
            now = Instant.parse("2026-03-01T12:59:59.999Z");
            submit(queue, "x@y.example");
            queue.countDaysIn(key -> Optional.of(ZoneId.of("Pacific/Auckland")));
            submit(queue, "x@y.example");
            queue.countDaysIn(key -> Optional.of(ZoneId.of("Pacific/Kiritimati")));
            submit(queue, "x@y.example");

            assertThat(rows(queue)).as(FULL)
                    .containsExactly("2026-03-01 - -: 1 1 0 0 0 0 0 100", "2026-03-02 - -: 2 2 0 0 0 0 0 200");
        }
    }

    @Test
    void refusalsAreWrittenSoonAndOldDaysGo() throws Exception {
        try (SqlQueue queue = open()) {
            now = Instant.parse("2026-03-01T12:00:00Z");
            queue.counters().refused(SHOP, Optional.empty());
            queue.counters().refused(SHOP, Optional.empty());
            await().untilAsserted(
                    () -> assertThat(rows(queue)).as(FULL).containsExactly("2026-03-01 - -: 0 0 0 0 0 0 2 0"));
            now = Instant.parse("2027-04-05T12:00:00Z");
            submit(queue, "x@y.example");
            assertThat(rows(queue)).hasSize(2);
            now = Instant.parse("2027-04-07T12:00:00Z");
            await().untilAsserted(
                    () -> assertThat(rows(queue)).as(FULL).containsExactly("2027-04-05 - -: 1 1 0 0 0 0 0 100"));
        }
    }

    /** However many messages a commit holds, it adds one row for each day, class and server. */
    @Test
    void aGroupOfMessagesCostsOneStatementForEachKey() throws Exception {
        var gathered = new GatheredCounts();
        LocalDate day = LocalDate.parse("2026-03-01");
        for (int i = 0; i < 512; i++) {
            gathered.add(new GatheredCounts.Key(SHOP, day, i % 2 == 0 ? "" : "alerts", ""),
                    i % 3 == 0 ? MailCounts.bounced(1, "SpamBlocked") : MailCounts.accepted(1, 10));
        }
        List<String> counts = new ArrayList<>();
        List<String> bounces = new ArrayList<>();
        gathered.write(recording(counts), recording(bounces), "run");
        for (List<String> called : List.of(counts, bounces)) {
            assertThat(called.stream().collect(Collectors.groupingBy(name -> name, Collectors.counting())))
                    .containsEntry("addBatch", 2L)
                    .containsEntry("executeBatch", 1L);
        }
        bounces.clear();
        gathered.add(new GatheredCounts.Key(SHOP, day, "", ""), MailCounts.accepted(1, 10));
        gathered.write(recording(counts), recording(bounces), "run");
        assertThat(bounces).as("a commit without bounces").isEmpty();
    }

    private PreparedStatement recording(List<String> called) {
        return (PreparedStatement) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[]{PreparedStatement.class}, (_, method, _) -> {
                    called.add(method.getName());
                    return method.getName().equals("executeBatch") ? new int[]{1, 1} : null;
                });
    }
}
