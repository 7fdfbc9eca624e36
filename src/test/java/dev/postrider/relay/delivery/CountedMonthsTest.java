package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.DsnRequest;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueView.Change;
import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.submitter.CredentialsCipher;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.relay.submitter.Submitters;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.reply.Meaning;
import dev.postrider.reply.ReplyAction;
import dev.postrider.reply.ReplyClass;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailClass;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.PostgresServer;
import dev.postrider.transport.Verdict;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A month of mail, or as many as -Dpostrider.months names, in an hour-by-hour simulation: organizations in several time zones, classes, servers, restarts,
 * kills, and two relays where the database takes them. Each count is held against one that was kept beside.
 */
@Tag("organizations")
@Tag("relay")
final class CountedMonthsTest {
    enum Store {
        SQLITE, POSTGRESQL
    }

    private static final Map<String, ZoneId> ORGANIZATIONS = new TreeMap<>(
            Map.of("orders", ZoneId.of("Europe/Berlin"), "news", ZoneId.of("America/St_Johns"), "billing",
                    ZoneId.of("Pacific/Auckland"), "quiet", ZoneId.of("UTC")));
    private static final List<ServerRoute> SERVERS = List.of(TestRoutes.server("mx", true, true, 4),
            TestRoutes.server("other", true, true, 4));
    private static final List<Optional<MailClass>> CLASSES = List.of(Optional.empty(),
            Optional.of(MailClass.PASSWORD_RECOVERY), Optional.of(MailClass.ALERTS),
            Optional.of(MailClass.NOTIFICATIONS), Optional.of(MailClass.USAGE_REPORT));
    /** The default. */
    private static final Duration GIVEN_UP_AFTER = Duration.ofDays(5);
    private static final int MONTHS = Integer.getInteger("postrider.months", 1);
    /** Before the clocks of all of the zones that have summer time are changed. */
    private static final Instant START = Instant.parse("2026-02-27T22:30:00Z");
    private static final Instant END = START.plus(Duration.ofDays(7 + 31 * MONTHS));

    private final Random random = new Random(20260131);
    private final Map<String, MailCounts> expected = new TreeMap<>();
    private final List<SqlQueue> relays = new ArrayList<>();
    private Instant now = START;
    private long submitted;

    @TempDir
    Path directory;

    private Consequences consequences() {
        Routes routes = new Routes();
        return new Consequences(() -> DeliverySettings.of("relay.test"), () -> now,
                new RelayMeters(new SimpleMeterRegistry(), 10, () -> now), routes,
                new MailLogin(new Submitters(new SubmitterLogins(new RecordingUpstreams(),
                        relays.getFirst().permits(), _ -> {}, () -> now), new CredentialsCipher(List::of)),
                        routes));
    }

    private void expect(ResourceKey organization, Optional<MailClass> mailClass, String server, MailCounts more) {
        LocalDate day = now.atZone(ORGANIZATIONS.get(organization.name())).toLocalDate();
        expected.merge("%s %s %s %s".formatted(organization, day, mailClass.map(MailClass::text).orElse("-"), server),
                more, MailCounts::plus);
    }

    @ParameterizedTest
    @EnumSource
    void everyMailIsCountedOnce(Store store) throws Exception {
        String database = store == Store.POSTGRESQL ? PostgresServer.shared().newDatabase() : "";
        Path place = Files.createDirectory(directory.resolve("first"));
        open(store, database, place);
        Consequences consequences = consequences();
        int hour = 0;
        for (; now.isBefore(END); now = now.plus(Duration.ofMinutes(60 + random.nextInt(17)))) {
            for (String name : ORGANIZATIONS.keySet()) {
                ResourceKey organization = TestRoutes.key(name);
                int mails = name.equals("quiet") ? random.nextInt(60) / 59 : random.nextInt(4);
                for (int i = 0; i < mails; i++) {
                    submit(relays.get(random.nextInt(relays.size())), organization);
                }
                attempts(relays.get(random.nextInt(relays.size())), organization, consequences);
            }
            hour++;
            if (hour % 97 == 0) {
                close();
                open(store, database, place);
            } else if (hour % 301 == 0) {
                place = kill(store, database, place, hour);
            }
        }
        // Refusals are on disk then, too.
        close();
        open(store, database, place);
        for (String name : ORGANIZATIONS.keySet()) {
            assertThat(counted(TestRoutes.key(name))).as("%s with %d mails in all", name, submitted)
                    .isEqualTo(expectedOf(TestRoutes.key(name)));
            balance(TestRoutes.key(name));
        }
        assertThat(submitted).isGreaterThan(2_000L * MONTHS);
        close();
    }

    private void open(Store store, String database, Path place) throws IOException {
        switch (store) {
            case SQLITE -> relays.add(SqlQueue.openSqlite(place, QueueLimits.DEFAULT, () -> now));
            case POSTGRESQL -> {
                for (int i = 0; i < 2; i++) {
                    relays.add(SqlQueue.openPostgres(
                            new PostgresLocation(PostgresServer.shared().url(database),
                                    Optional.of(PostgresServer.credentials(directory))),
                            QueueLimits.DEFAULT, () -> now));
                }
            }
        }
        relays.forEach(queue -> queue.countDaysIn(key -> Optional.ofNullable(ORGANIZATIONS.get(key.name()))));
    }

    private void close() {
        relays.forEach(SqlQueue::close);
        relays.clear();
    }

    /** What the disk has at this moment is what the next one finds; with a database, claims are left behind. */
    private Path kill(Store store, String database, Path place, int hour) throws Exception {
        if (store == Store.SQLITE) {
            // Those of the last second would be lost, as is documented; nothing else.
            await().until(() -> refused(counted()) == refused(expected));
            Path copy = Files.createDirectory(directory.resolve("after-" + hour));
            for (String file : List.of("queue.sqlite", "queue.sqlite-wal")) {
                if (Files.exists(place.resolve(file))) {
                    Files.copy(place.resolve(file), copy.resolve(file));
                }
            }
            close();
            open(store, database, copy);
            return copy;
        }
        for (String name : ORGANIZATIONS.keySet()) {
            relays.getFirst().claim(TestRoutes.key(name), now, 3);
        }
        try (var connection = PostgresServer.shared().connect(database); var statement = connection.createStatement()) {
            statement.execute("DELETE FROM replica");
        }
        close();
        open(store, database, place);
        return place;
    }

    private void submit(SqlQueue queue, ResourceKey organization) throws IOException {
        if (random.nextInt(20) == 0) {
            queue.counters().refused(organization, CLASSES.get(2));
            expect(organization, CLASSES.get(2), "-", MailCounts.refused(1));
        }
        Optional<MailClass> mailClass = CLASSES.get(random.nextInt(CLASSES.size()));
        List<String> recipients = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(4); i++) {
            recipients.add(i + "@y.example");
        }
        int size = 1 + random.nextInt(3000);
        NewMessage plain = NewMessage.plain("", recipients, false, false, now);
        NewMessage message = new NewMessage("", plain.recipients(), false, false, DsnRequest.NONE,
                Optional.of("key " + submitted++), Optional.empty(), now).of(mailClass);
        String id = commit(queue, organization, message, size);
        expect(organization, mailClass, "-", MailCounts.accepted(recipients.size(), size));
        if (random.nextInt(15) == 0) {
            assertThat(commit(queue, organization, message, size)).isEqualTo(id);
        }
        if (random.nextInt(40) == 0 && queue.view().change(Change.REMOVE, id)) {
            expect(organization, mailClass, "-", MailCounts.removed(recipients.size()));
        }
    }

    private static String commit(SqlQueue queue, ResourceKey organization, NewMessage message, int size)
            throws IOException {
        try (Draft draft = queue.draft(organization)) {
            draft.content().write(new byte[size]);
            return draft.commit(message);
        }
    }

    private void attempts(SqlQueue queue, ResourceKey organization, Consequences consequences) throws IOException {
        for (QueuedMessage message : queue.claim(organization, now, 20)) {
            if (random.nextInt(10) == 0) {
                queue.release(message);
                continue;
            }
            ServerRoute server = SERVERS.get(random.nextInt(SERVERS.size()));
            boolean expired = !message.received().plus(GIVEN_UP_AFTER).isAfter(now);
            Optional<MailClass> mailClass = message.countedAs().flatMap(MailClass::parse);
            List<Outcome> outcomes = new ArrayList<>();
            for (QueuedRecipient recipient : message.recipients()) {
                Verdict verdict = switch (random.nextInt(10)) {
                    case 0 -> about(RecordingUpstreams.REFUSED);
                    case 1, 2, 3 -> about(RecordingUpstreams.DEFERRED);
                    default -> RecordingUpstreams.ACCEPTED;
                };
                outcomes.add(new Outcome(recipient, server, verdict, Duration.ZERO));
                if (verdict.equals(RecordingUpstreams.ACCEPTED)) {
                    expect(organization, mailClass, server.key().name(), MailCounts.delivered(1));
                } else if (verdict instanceof Verdict.Refused refused && (refused.permanent() || expired)) {
                    expect(organization, mailClass, server.key().name(), refused.meaning()
                            .map(meaning -> MailCounts.bounced(1, meaning.replyClass().text()))
                            .orElseGet(() -> MailCounts.bounced(1)));
                } else if (recipient.attempts() == 0) {
                    expect(organization, mailClass, server.key().name(), MailCounts.deferred(1));
                }
            }
            queue.settle(message, consequences.of(message, outcomes, false));
        }
    }

    /** Some replies are about something, others are not known. */
    private Verdict about(Verdict verdict) {
        ReplyClass[] classes = ReplyClass.values();
        int choice = random.nextInt(classes.length + 1);
        Verdict.Refused refused = (Verdict.Refused) verdict;
        return choice == classes.length
                ? refused
                : refused.meaning(new Meaning(classes[choice], new ReplyAction.Bounce(), Optional.empty()));
    }

    private Map<String, MailCounts> counted() throws Exception {
        Map<String, MailCounts> all = new TreeMap<>();
        for (String name : ORGANIZATIONS.keySet()) {
            all.putAll(counted(TestRoutes.key(name)));
        }
        return all;
    }

    private static long refused(Map<String, MailCounts> counts) {
        return counts.values().stream().mapToLong(MailCounts::refused).sum();
    }

    private Map<String, MailCounts> expectedOf(ResourceKey organization) {
        Map<String, MailCounts> own = new TreeMap<>(expected);
        own.keySet().removeIf(key -> !key.startsWith(organization + " "));
        return own;
    }

    private Map<String, MailCounts> counted(ResourceKey organization) throws Exception {
        Map<String, MailCounts> counted = new TreeMap<>();
        for (DailyCounts row : relays.getFirst()
                .counters()
                .read(organization, LocalDate.parse("2026-02-01"), LocalDate.parse("2027-02-01"))) {
            counted.put("%s %s %s %s".formatted(organization, row.day(), row.mailClass().orElse("-"),
                    row.server().map(ResourceKey::name).orElse("-")), row.counts());
        }
        return counted;
    }

    /** Recipients are delivered, bounced, removed or still there. */
    private void balance(ResourceKey organization) throws Exception {
        MailCounts sum = counted(organization).values().stream().reduce(MailCounts.NONE, MailCounts::plus);
        long left = relays.getFirst()
                .view()
                .list(new Filter(Optional.of(organization), Optional.empty(),
                        Optional.empty(), Optional.empty()), Optional.empty(), Integer.MAX_VALUE)
                .stream()
                .mapToLong(entry -> entry.recipients().size())
                .sum();
        assertThat(sum.delivered() + sum.bounced() + sum.removed() + left).isEqualTo(sum.recipients());
    }
}
