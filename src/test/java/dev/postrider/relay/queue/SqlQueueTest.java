package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The queue's promises, on each of its databases. */
@Tag("relay")
@ParameterizedClass
@EnumSource
final class SqlQueueTest {
    enum Store {
        SQLITE, POSTGRESQL
    }

    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final ResourceKey OTHER = new ResourceKey("shop", "other");
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final Store store;

    @TempDir
    Path directory;

    private String database = "";

    SqlQueueTest(Store store) {
        this.store = store;
    }

    @BeforeEach
    void makeDatabase() throws Exception {
        if (store == Store.POSTGRESQL) {
            database = PostgresServer.shared().newDatabase();
        }
    }

    private SqlQueue open() throws IOException {
        return open(QueueLimits.DEFAULT);
    }

    private SqlQueue open(QueueLimits limits) throws IOException {
        return switch (store) {
            case SQLITE -> SqlQueue.openSqlite(directory, limits, InstantSource.fixed(NOW));
            case POSTGRESQL -> SqlQueue.openPostgres(
                    new PostgresLocation(PostgresServer.shared().url(database),
                            Optional.of(PostgresServer.credentials(directory))),
                    limits, InstantSource.fixed(NOW));
        };
    }

    private Connection connect() throws SQLException {
        return switch (store) {
            case SQLITE -> DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
            case POSTGRESQL -> PostgresServer.shared().connect(database);
        };
    }

    private static String submit(Queue queue, ResourceKey organization, String content, String... recipients)
            throws IOException {
        try (Draft draft = queue.draft(organization)) {
            draft.content().write(content.getBytes(StandardCharsets.ISO_8859_1));
            return draft.commit(NewMessage.plain("a@b.example", List.of(recipients), false, false, NOW));
        }
    }

    private static String submit(Queue queue, ResourceKey organization, MailClass mailClass, Instant received)
            throws IOException {
        try (Draft draft = queue.draft(organization)) {
            return draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, received)
                    .of(Optional.of(mailClass)));
        }
    }

    private static String content(QueuedMessage message) throws IOException {
        try (InputStream in = message.content().open()) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static QueuedRecipient recipient(int number, String address, int attempts) {
        return new QueuedRecipient(number, address, RecipientDsnRequest.NONE, attempts, false);
    }

    @Test
    @Tag("delivery-world")
    void lostReportsAreOneRowOfTheirOrganization() throws Exception {
        ResourceKey other = new ResourceKey("shop", "lost");
        try (SqlQueue queue = open()) {
            for (String recipient : List.of("a@b.example", "b@b.example")) {
                submit(queue, other, "x", "r@x.example");
                queue.settle(queue.claim(other, NOW, 1).getFirst(),
                        done(0).losing(Optional.of(new Settlement.LostReport(recipient, "r".repeat(600)))));
            }
            assertThat(queue.lostReports()).containsExactly(
                    new LostReports(other, 2, NOW, "b@b.example", "r".repeat(500)));
        }
    }

    private static Settlement done(Integer... numbers) {
        return new Settlement(List.of(numbers), List.of(), List.of(), List.of());
    }

    @Test
    void keepsWhatWasCommitted() throws Exception {
        String id;
        try (var queue = open()) {
            id = submit(queue, SHOP, "text\r\n", "x@y.example", "z@y.example");
        }
        try (var queue = open()) {
            assertThat(queue.usage().messages()).isEqualTo(1);
            assertThat(queue.schedule()).containsExactly(java.util.Map.entry(SHOP, NOW));
            QueuedMessage message = queue.claim(SHOP, NOW, 10).getFirst();
            assertThat(message.id()).isEqualTo(id);
            assertThat(message.sender()).isEqualTo("a@b.example");
            assertThat(message.received()).isEqualTo(NOW);
            assertThat(message.recipients()).containsExactly(recipient(0, "x@y.example", 0),
                    recipient(1, "z@y.example", 0));
            assertThat(content(message)).isEqualTo("text\r\n");
        }
    }

    @Test
    void claimsAMessageOnce() throws Exception {
        try (var queue = open()) {
            submit(queue, SHOP, "1", "x@y.example");
            submit(queue, SHOP, "2", "x@y.example");
            submit(queue, OTHER, "3", "x@y.example");
            List<QueuedMessage> first = queue.claim(SHOP, NOW, 1);
            List<QueuedMessage> second = queue.claim(SHOP, NOW, 10);
            assertThat(first).hasSize(1);
            assertThat(second).hasSize(1);
            assertThat(queue.claim(SHOP, NOW, 10)).isEmpty();
            assertThat(queue.nextAttempt(SHOP)).isEmpty();
            queue.release(first.getFirst());
            assertThat(queue.nextAttempt(SHOP)).contains(NOW);
            assertThat(queue.claim(SHOP, NOW, 10)).hasSize(1);
        }
    }

    @Test
    void settlesEachRecipientOnItsOwn() throws Exception {
        Instant later = NOW.plus(Duration.ofMinutes(5));
        try (var queue = open()) {
            submit(queue, SHOP, "1", "x@y.example", "z@y.example");
            QueuedMessage message = queue.claim(SHOP, NOW, 1).getFirst();
            queue.settle(message, new Settlement(List.of(0),
                    List.of(new Settlement.Deferral(1, 1, NOW, later, "mx", "450 later", false)), List.of(),
                    List.of()));
            assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
            assertThat(queue.nextAttempt(SHOP)).contains(later);
            QueuedMessage again = queue.claim(SHOP, later, 1).getFirst();
            assertThat(again.recipients()).containsExactly(recipient(1, "z@y.example", 1));
            assertThat(queue.usage(SHOP).messages()).isEqualTo(1);
            queue.settle(again, done(1));
            assertThat(queue.usage(SHOP).messages()).isZero();
            assertThat(queue.usage().messages()).isZero();
        }
    }

    @Test
    void carriesBigMessagesInParts() throws Exception {
        byte[] octets = new byte[3 * SqlDraft.PART + 17];
        new Random(1).nextBytes(octets);
        String big = new String(octets, StandardCharsets.ISO_8859_1);
        try (var queue = open()) {
            submit(queue, SHOP, big, "x@y.example");
            QueuedMessage message = queue.claim(SHOP, NOW, 1).getFirst();
            assertThat(message.content().size()).isEqualTo(octets.length);
            assertThat(content(message)).isEqualTo(big);
        }
    }

    @Test
    void forgetsADraftThatWasNotCommitted() throws Exception {
        long before;
        try (var queue = open()) {
            try (Draft draft = queue.draft(SHOP)) {
                draft.content().write(new byte[2 * SqlDraft.PART]);
            }
            assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
            Draft lost = queue.draft(SHOP);
            lost.content().write(new byte[2 * SqlDraft.PART]);
            before = parts();
        }
        try (var queue = open()) {
            assertThat(before).isEqualTo(2);
            assertThat(parts()).isZero();
            assertThat(queue.usage().messages()).isZero();
        }
    }

    private long parts() throws Exception {
        try (var connection = connect();
                var rows = connection.createStatement().executeQuery("SELECT count(*) FROM body")) {
            return rows.next() ? rows.getLong(1) : -1;
        }
    }

    @Test
    void removesAnOrganizationsMail() throws Exception {
        try (var queue = open()) {
            for (int i = 0; i < 600; i++) {
                submit(queue, SHOP, "1", "x@y.example");
            }
            submit(queue, OTHER, "2", "x@y.example");
            assertThat(queue.removeReceivedBefore(SHOP, NOW)).isZero();
            assertThat(queue.removeAll(SHOP)).isEqualTo(600);
            assertThat(queue.usage().messages()).isEqualTo(1);
            assertThat(queue.schedule()).containsOnlyKeys(OTHER);
        }
    }

    @Test
    void refusesTablesOfALaterVersion() throws Exception {
        open().close();
        try (var connection = connect()) {
            connection.createStatement()
                    .execute("INSERT INTO schema_history SELECT 99, '99', description, type, script, checksum,"
                            + " installed_by, installed_on, execution_time, success FROM schema_history WHERE version = '1'");
        }
        assertThatThrownBy(this::open).hasMessageContaining("tables of version 99");
    }

    @Test
    void givesIdsThatSortByTime() {
        String early = new QueueIds(InstantSource.fixed(NOW)).next();
        String late = new QueueIds(InstantSource.fixed(NOW.plusMillis(1))).next();
        assertThat(early).hasSize(16).isLessThan(late);
    }

    @Test
    void acceptsARepeatedKeyOnceADay() throws Exception {
        try (var queue = open()) {
            String first = submit(queue, keyed("k1", NOW));
            assertThat(submit(queue, keyed("k1", NOW.plusSeconds(60)))).isEqualTo(first);
            assertThat(submit(queue, keyed("k2", NOW))).isNotEqualTo(first);
            assertThat(queue.usage(SHOP)).isEqualTo(new Usage(2, 8));
            assertThat(submit(queue, keyed("k1", NOW.plus(Duration.ofDays(1))))).isNotEqualTo(first);
            assertThat(queue.usage(SHOP)).isEqualTo(new Usage(3, 12));
        }
    }

    private static NewMessage keyed(String key, Instant received) {
        NewMessage plain = NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, received);
        return new NewMessage(plain.sender(), plain.recipients(), false, false, plain.dsn(), Optional.of(key),
                Optional.empty(), received);
    }

    private static String submit(Queue queue, NewMessage message) throws IOException {
        try (Draft draft = queue.draft(SHOP)) {
            draft.content().write(new byte[4]);
            return draft.commit(message);
        }
    }

    @Test
    void keepsTheCredentialsThatAMessageCameWithAndThoseOfItsReport() throws Exception {
        NewMessage plain = NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, NOW);
        String without;
        try (var queue = open()) {
            without = submit(queue, plain);
            submit(queue, plain.with(Optional.of(new byte[]{0, -1, 13})));
        }
        try (var queue = open()) {
            List<QueuedMessage> messages = queue.claim(SHOP, NOW, 10);
            assertThat(messages).filteredOn(message -> message.credentials().isEmpty())
                    .extracting(QueuedMessage::id)
                    .containsExactly(without);
            QueuedMessage with = messages.stream().filter(m -> !m.id().equals(without)).findFirst().orElseThrow();
            assertThat(with.credentials().orElseThrow()).containsExactly(0, -1, 13);
            queue.settle(with, new Settlement(List.of(0), List.of(),
                    List.of(new Settlement.Report("a@b.example", MessageContent.of(new byte[4]), false, false, NOW,
                            id -> Optional.of(id.getBytes(StandardCharsets.US_ASCII)))),
                    List.of()));
            QueuedMessage report = queue.claim(SHOP, NOW, 10).getFirst();
            assertThat(report.credentials().orElseThrow()).asString(StandardCharsets.US_ASCII).isEqualTo(report.id());
        }
    }

    @Test
    void refusesMoreThanItsLimits() throws Exception {
        var limits = new QueueLimits(new Usage(10, 100_000), new Usage(3, 100));
        try (var queue = open(limits)) {
            submit(queue, SHOP, "x".repeat(50), "x@y.example");
            assertThatThrownBy(() -> submit(queue, SHOP, "x".repeat(51), "x@y.example"))
                    .isInstanceOf(QueueException.OverLimit.class)
                    .hasMessage("the queue of organization shop/orders has its limit of 100 octets");
            submit(queue, SHOP, "x".repeat(50), "x@y.example");
            submit(queue, OTHER, "x", "x@y.example", "z@y.example");
            // Half of the 10 messages are the only namespace's, and what is left of that is halved among the others.
            assertThatThrownBy(() -> submit(queue, OTHER, "x", "x@y.example"))
                    .isInstanceOf(QueueException.OverLimit.class)
                    .hasMessage("the queued mail of organization " + OTHER
                            + " fills its share of the queue (1 messages)");
            queue.settle(queue.claim(SHOP, NOW, 1).getFirst(), done(0));
            submit(queue, OTHER, "x", "x@y.example");
            assertThat(queue.usage()).isEqualTo(new Usage(3, 52));
            assertThat(queue.taken()).isEqualTo(52 + 3 * 1024 + 4 * 512);
        }
        try (var queue = open()) {
            assertThat(queue.usage()).isEqualTo(new Usage(3, 52));
            assertThat(queue.taken()).isEqualTo(52 + 3 * 1024 + 4 * 512);
            assertThat(queue.removeAll(SHOP) + queue.removeAll(OTHER)).isEqualTo(3);
            assertThat(queue.taken()).isZero();
        }
    }

    private static Settlement failed(int number, int reportSize) {
        return new Settlement(List.of(number), List.of(), List.of(new Settlement.Report("a@b.example",
                MessageContent.of(new byte[reportSize]), false, false, NOW)), List.of());
    }

    /** A message to many that returns for each of them would fill what its namespace may not have. */
    @Test
    void queuesNoReportsFarBeyondAShare() throws Exception {
        // Half of it, 32 KiB, is the only namespace's, and a quarter of that more for reports.
        try (var queue = open(new QueueLimits(new Usage(1000, 64 << 10), new Usage(1000, 1 << 30)))) {
            submit(queue, SHOP, "x".repeat(20 << 10), "x@y.example", "y@y.example", "z@y.example");
            queue.settle(queue.claim(SHOP, NOW, 1).getFirst(), failed(0, 30 << 10));
            assertThat(queue.usage()).isEqualTo(new Usage(1, 20 << 10));
            queue.settle(queue.claim(SHOP, NOW, 1).getFirst(), failed(1, 10 << 10));
            assertThat(queue.usage()).isEqualTo(new Usage(2, 30 << 10));
            QueuedMessage last = queue.claim(SHOP, NOW, 2)
                    .stream()
                    .filter(message -> message.sender().equals("a@b.example"))
                    .findFirst()
                    .orElseThrow();
            // It takes the place of what it returns.
            queue.settle(last, failed(2, 21 << 10));
            assertThat(queue.usage()).isEqualTo(new Usage(2, 31 << 10));
            assertThat(queue.taken()).isEqualTo((31 << 10) + 2 * 1024 + 2 * 512);
        }
    }

    /** What comes in counts as it comes, and is given back when it is not completed. */
    @Test
    void refusesTogetherWhatEachCouldHave() throws Exception {
        byte[] part = new byte[SqlDraft.PART];
        // A quarter of a megabyte is a part; half of all is the only namespace's.
        try (var queue = open(new QueueLimits(new Usage(1000, 16L * part.length), new Usage(1000, 1 << 30)))) {
            List<Draft> drafts = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                drafts.add(queue.draft(SHOP));
                drafts.getLast().content().write(part);
                drafts.getLast().content().write(part);
            }
            assertThatThrownBy(() -> drafts.getFirst().content().write(part))
                    .isInstanceOf(QueueException.OverLimit.class)
                    .hasMessage("the queued mail of namespace shop fills its share of the queue (2 MiB)");
            assertThatThrownBy(() -> queue.check(SHOP, 1)).isInstanceOf(QueueException.OverLimit.class);
            drafts.getFirst().close();
            queue.check(SHOP, 1);
            drafts.getLast().commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, NOW));
            for (Draft draft : drafts) {
                draft.close();
            }
            assertThat(queue.taken()).isEqualTo(2 * part.length + 1024 + 512);
        }
    }

    @Test
    void findsUrgentMailBehindAllOther() throws Exception {
        try (var queue = open()) {
            submit(queue, SHOP, "newsletter", "x@y.example");
            submit(queue, OTHER, MailClass.PASSWORD_RECOVERY, NOW);
            String alert = submit(queue, SHOP, MailClass.ALERTS, NOW);
            submit(queue, SHOP, MailClass.NOTIFICATIONS, NOW);
            String late = submit(queue, SHOP, MailClass.PASSWORD_RECOVERY, NOW.plusSeconds(1));
            String recovery = submit(queue, SHOP, MailClass.PASSWORD_RECOVERY, NOW);
            assertThat(queue.claimUrgent(SHOP, NOW, 1)).extracting(QueuedMessage::id).containsExactly(recovery);
            assertThat(queue.claimUrgent(SHOP, NOW, 9)).extracting(QueuedMessage::id).containsExactly(alert);
            assertThat(queue.claimUrgent(SHOP, NOW, 9)).isEmpty();
            assertThat(queue.claim(SHOP, NOW, 9)).hasSize(2);
            assertThat(queue.claimUrgent(SHOP, NOW.plusSeconds(1), 9))
                    .extracting(QueuedMessage::urgency, QueuedMessage::id)
                    .containsExactly(tuple(2, late));
        }
    }

    /** However much there is, the way to what is urgent is an index. */
    @Test
    void readsUrgentMailByAnIndex() throws Exception {
        try (var queue = open(); var connection = connect(); var statement = connection.createStatement()) {
            submit(queue, SHOP, MailClass.ALERTS, NOW);
            if (store == Store.POSTGRESQL) {
                statement.execute("SET enable_seqscan = off");
            }
            String plan = "";
            try (var rows = statement.executeQuery((store == Store.SQLITE ? "EXPLAIN QUERY PLAN " : "EXPLAIN ")
                    + "SELECT message FROM recipient WHERE organization = 'a/b' AND next_attempt <= 7 AND urgency = 2"
                    + " ORDER BY next_attempt")) {
                while (rows.next()) {
                    plan += rows.getString(store == Store.SQLITE ? "detail" : "QUERY PLAN") + "\n";
                }
            }
            assertThat(plan).contains("recipient_urgent").doesNotContainIgnoringCase("sort").doesNotContain("B-TREE");
        }
    }

    @Test
    void handsOverWhatIsWantedAtOnce() throws Exception {
        List<QueuedMessage> wanted = new ArrayList<>();
        List<ResourceKey> told = new ArrayList<>();
        try (var queue = open()) {
            queue.onArrival(new Arrivals() {
                @Override
                public boolean wants(ResourceKey organization, long octets, boolean urgent) {
                    return octets < 10;
                }

                @Override
                public void arrived(QueuedMessage message) {
                    wanted.add(message);
                }

                @Override
                public void arrived(ResourceKey organization, boolean mayBeUrgent) {
                    told.add(organization);
                }
            });
            String small = submit(queue, SHOP, "small", "x@y.example");
            submit(queue, OTHER, "not so small", "x@y.example");
            assertThat(told).containsExactly(OTHER);
            assertThat(wanted).singleElement().satisfies(message -> {
                assertThat(message.id()).isEqualTo(small);
                assertThat(content(message)).isEqualTo("small");
                assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
                queue.release(message);
                assertThat(content(queue.claim(SHOP, NOW, 1).getFirst())).isEqualTo("small");
            });
        }
    }

    @Test
    void holdsReleasesRetriesAndRemoves() throws Exception {
        Instant later = NOW.plusSeconds(60);
        try (var queue = open()) {
            String id = submit(queue, SHOP, "1", "x@y.example");
            String other = submit(queue, OTHER, "1", "z@y.example");
            QueueView view = queue.view();
            assertThat(view.change(QueueView.Change.HOLD, id)).isTrue();
            assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
            assertThat(queue.schedule()).containsOnlyKeys(OTHER);
            assertThat(view.find(id)).hasValueSatisfying(
                    entry -> assertThat(entry.state()).isEqualTo(QueueView.State.HELD));
            assertThat(view.change(QueueView.Change.RETRY, id)).isFalse();
            assertThat(view.change(QueueView.Change.RELEASE, id)).isTrue();
            QueuedMessage claimed = queue.claim(SHOP, NOW, 1).getFirst();
            assertThat(view.change(QueueView.Change.REMOVE, id)).isFalse();
            assertThat(view.list(QueueView.Filter.ALL, Optional.empty(), 10))
                    .extracting(QueueView.Entry::id, QueueView.Entry::state)
                    .containsExactly(tuple(id, QueueView.State.ACTIVE),
                            tuple(other, QueueView.State.QUEUED));
            queue.settle(claimed, new Settlement(List.of(), List.of(new Settlement.Deferral(0, 1, NOW, later, "mx",
                    "450 later", true)), List.of(), List.of()));
            assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
            assertThat(view.find(id).orElseThrow().recipients()).containsExactly(new QueueView.Recipient("x@y.example",
                    1, Optional.of(NOW), Optional.of(later), Optional.of("mx"), Optional.of("450 later")));
            var filter = new QueueView.Filter(Optional.empty(), Optional.of("mx"), Optional.of("X@y.example"),
                    Optional.of(QueueView.State.DEFERRED));
            assertThat(view.change(QueueView.Change.RETRY, filter, OptionalInt.empty())).isEqualTo(1);
            assertThat(queue.claim(SHOP, NOW, 1)).hasSize(1).allSatisfy(queue::release);
            assertThat(view.change(QueueView.Change.REMOVE, QueueView.Filter.ALL, OptionalInt.of(1)))
                    .isEqualTo(1);
            assertThat(queue.usage().messages()).isEqualTo(1);
        }
    }

    private static String submit(Queue queue, String owner, String content, Optional<String> key) throws IOException {
        try (Draft draft = queue.draft(SHOP, owner)) {
            draft.content().write(content.getBytes(StandardCharsets.ISO_8859_1));
            return draft.commit(new NewMessage("a@b.example",
                    List.of(new NewMessage.NewRecipient("x@y.example", RecipientDsnRequest.NONE)), false, false,
                    DsnRequest.NONE, key, Optional.empty(), NOW));
        }
    }

    private static final ResourceKey FORMER = new ResourceKey("~former", "shop.orders.victim");
    private static final QueueView.Filter ALL_OF_SHOP = new QueueView.Filter(Optional.of(SHOP), Optional.empty(),
            Optional.empty(), Optional.empty());

    /** More than one batch of what is set aside, and all that stands beside messages. */
    @Test
    @Tag("isolation")
    void whatAFormerOwnerOfANameQueuedIsOutOfReachOfTheNewOne() throws Exception {
        try (SqlQueue queue = open()) {
            assertThat(queue.handOver(Map.of(SHOP, "victim")).former()).isEmpty();
            for (int i = 0; i < 120; i++) {
                submit(queue, "victim", "secret " + i, i == 0 ? Optional.of("order 1") : Optional.empty());
            }
            QueuedMessage inFlight = queue.claim(SHOP, NOW, 1).getFirst();

            assertThat(queue.handOver(Map.of(SHOP, "attacker"))).isEqualTo(
                    new Queue.HandOver(List.of(), List.of(FORMER)));

            assertThat(queue.usage(SHOP)).isEqualTo(Usage.NONE);
            assertThat(queue.usage(FORMER).messages()).isEqualTo(120);
            assertThat(queue.claim(SHOP, NOW, 200)).isEmpty();
            assertThat(queue.view().list(ALL_OF_SHOP, Optional.empty(), 200)).isEmpty();
            assertThat(queue.view().change(QueueView.Change.REMOVE, ALL_OF_SHOP, OptionalInt.empty())).isZero();
            assertThat(queue.counters().read(SHOP, LocalDate.EPOCH, LocalDate.of(2100, 1, 1))).isEmpty();
            assertThat(queue.counters().read(FORMER, LocalDate.EPOCH, LocalDate.of(2100, 1, 1))).isNotEmpty();
            assertThat(queue.removeAll(SHOP)).isZero();
            assertThat(queue.holds(inFlight)).isFalse();

            // The attempt that was under way ends: neither its bounce nor its event is the new owner's.
            queue.settle(inFlight, new Settlement(List.of(0), List.of(), List.of(), List.of(new Settlement.Event(
                    "e1", "{}"))));
            assertThat(queue.outbox().due(SHOP, NOW.plusSeconds(60), 10)).isEmpty();
            assertThat(queue.usage(FORMER).messages()).isEqualTo(120);

            // A key of the former owner's is unknown, and its sessions put nothing in.
            String own = submit(queue, "attacker", "mine", Optional.of("order 1"));
            assertThatThrownBy(() -> submit(queue, "victim", "late", Optional.empty()))
                    .hasMessageContaining("organization shop/orders is another one by now");
            assertThat(queue.claim(SHOP, NOW, 200)).extracting(QueuedMessage::id).containsExactly(own);
        }
    }

    /** As when some of it was set aside before a relay died, and was too old for the next. */
    @Test
    @Tag("isolation")
    void whatWasCountedOfAFormerOwnerAlreadyKeepsNoNameFromItsNewOne() throws Exception {
        try (SqlQueue queue = open()) {
            queue.handOver(Map.of(SHOP, "victim"));
            submit(queue, "victim", "secret", Optional.empty());
            queue.counters().refused(SHOP, Optional.empty());
            queue.counters().refused(FORMER, Optional.empty());
            queue.settle(queue.claim(SHOP, NOW, 1).getFirst(), new Settlement(List.of(0), List.of(), List.of(),
                    List.of(), Map.of(0, new Settlement.Fate(Settlement.Ending.BOUNCED, SHOP,
                            Optional.of("SpamBlocked")))));
            long counted = await().until(() -> refused(queue, SHOP) + refused(queue, FORMER), sum -> sum == 2);

            queue.handOver(Map.of(SHOP, "attacker"));

            assertThat(refused(queue, SHOP)).isZero();
            assertThat(refused(queue, FORMER)).isEqualTo(counted);
            assertThat(bounces(queue, SHOP)).isEmpty();
            assertThat(bounces(queue, FORMER)).containsExactly(Map.of("SpamBlocked", 1L));
        }
    }

    private static List<Map<String, Long>> bounces(SqlQueue queue, ResourceKey organization) throws QueueException {
        return queue.counters()
                .read(organization, LocalDate.EPOCH, LocalDate.of(2100, 1, 1))
                .stream()
                .map(day -> day.counts().bounces())
                .filter(bounces -> !bounces.isEmpty())
                .toList();
    }

    private static long refused(SqlQueue queue, ResourceKey organization) throws QueueException {
        return queue.counters()
                .read(organization, LocalDate.EPOCH, LocalDate.of(2100, 1, 1))
                .stream()
                .mapToLong(day -> day.counts().refused())
                .sum();
    }

    @Test
    @Tag("isolation")
    void aFormerOwnersRouteThatComesLateTakesNothing() throws Exception {
        try (SqlQueue queue = open()) {
            queue.handOver(Map.of(SHOP, "victim"));
            queue.handOver(Map.of(SHOP, "attacker"));
            String id = submit(queue, "attacker", "mine", Optional.empty());
            assertThat(queue.handOver(Map.of(SHOP, "victim")).stale()).containsExactly(SHOP);
            assertThat(queue.claim(SHOP, NOW, 1)).extracting(QueuedMessage::id).containsExactly(id);
        }
    }

    /** As after a restore from a backup, where the same people's resources have new UIDs. */
    @Test
    void mailOfAFormerOwnerCanBeGivenToTheNewOne() throws Exception {
        try (SqlQueue queue = open()) {
            queue.handOver(Map.of(SHOP, "victim"));
            String id = submit(queue, "victim", "precious", Optional.empty());
            queue.handOver(Map.of(SHOP, "restored"));
            String own = submit(queue, "restored", "new", Optional.empty());

            assertThat(queue.view().change(QueueView.Change.ADOPT, own)).as("already theirs").isFalse();
            assertThat(queue.view().change(QueueView.Change.ADOPT, id)).isTrue();

            assertThat(queue.usages()).isEqualTo(Map.of(SHOP, new Usage(2, "preciousnew".length())));
            List<QueuedMessage> due = queue.claim(SHOP, NOW, 9);
            assertThat(due).extracting(QueuedMessage::id).containsExactlyInAnyOrder(id, own);
            assertThat(due).allMatch(queue::holds).extracting(QueuedMessage::owner).containsOnly("restored");
        }
    }

    /** A name that is given to one resource after the other does not fill the queue of all. */
    @Test
    @Tag("isolation")
    void onlyTheMailOfTheLastFormerOwnerIsKept() throws Exception {
        try (SqlQueue queue = open()) {
            for (String owner : List.of("first", "second", "victim", "last")) {
                queue.handOver(Map.of(SHOP, owner));
                submit(queue, owner, "of " + owner, Optional.empty());
            }
            assertThat(queue.usages().keySet()).containsExactlyInAnyOrder(SHOP, FORMER);
            assertThat(queue.usage().messages()).isEqualTo(2);
        }
    }

    @Test
    @Tag("isolation")
    void whatVersionsWithoutOwnersQueuedIsTheFirstOwnersThatIsHeardOf() throws Exception {
        try (SqlQueue queue = open()) {
            String id = submit(queue, SHOP, "old", "x@y.example");
            assertThat(queue.handOver(Map.of(SHOP, "first", OTHER, "another")).former()).isEmpty();
            assertThat(queue.claim(SHOP, NOW, 1)).extracting(QueuedMessage::id).containsExactly(id);
        }
    }

    /** A relay that died while it set mail aside left some of it under the name. */
    @Test
    @Tag("isolation")
    void whatWasBrokenOffIsGoneOnWithAtTheNextStart() throws Exception {
        try (SqlQueue queue = open()) {
            queue.handOver(Map.of(SHOP, "victim"));
            submit(queue, "victim", "secret", Optional.empty());
        }
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.execute("UPDATE owner SET left_at = 1");
        }
        try (SqlQueue queue = open()) {
            queue.handOver(Map.of(SHOP, "attacker"));
            assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
            assertThat(queue.usage(FORMER).messages()).isOne();
            assertThat(queue.removeReceivedBefore(FORMER, NOW.plusSeconds(1))).isOne();
        }
    }

    /** More than are claimed at a time. */
    @Test
    @Tag("isolation")
    void eachOfManyNamesIsItsFirstOwners() throws Exception {
        Map<ResourceKey, String> first = new HashMap<>();
        Map<ResourceKey, String> second = new HashMap<>();
        for (int i = 0; i < 1100; i++) {
            first.put(new ResourceKey("shop", "orders-" + i), "first");
            second.put(new ResourceKey("shop", "orders-" + i), "second");
        }
        try (SqlQueue queue = open()) {
            assertThat(queue.handOver(first).former()).isEmpty();
            assertThat(queue.ownedByOthers(first)).isEmpty();
            assertThat(queue.ownedByOthers(second)).isEqualTo(second.keySet());
        }
    }
}
