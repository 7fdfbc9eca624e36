package dev.postrider.relay.queue;

import dev.postrider.message.MessageContent;
import dev.postrider.route.MailClass;
import dev.postrider.route.MailCounts;
import dev.postrider.route.LostReports;
import dev.postrider.route.ResourceKey;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The queue in tables of a database. */
public final class SqlQueue implements Queue {
    private static final Logger LOG = LoggerFactory.getLogger(SqlQueue.class);
    private static final int REMOVED_AT_ONCE = 500;
    /** The part of the heap for messages that are coming in: one in so many. */
    private static final int HEAP_FOR_DRAFTS = 6;

    /** Some are forgotten each time, more than come in. */
    private static final Duration KEYS_FORGOTTEN_EVERY = Duration.ofMillis(200);

    private final InstantSource clock;
    private final QueueIds ids;
    private final Database database;
    private final Claims claims;
    private final GroupCommit writer;
    private final QueueUsage usage;
    private final RoomWatch room;
    private final StoredMessages stored;
    private final SqlOwners owners;
    private final SqlQueueView view;
    private final SqlOutbox outbox;
    private final SqlKeptAttachments keptAttachments;
    private final SqlCounters counters;
    private final ConnectionPermits permits;
    private final SendingRates rates;
    private final Quotas quotas;
    private final Peers peers;
    private final Optional<AttemptMarks> attemptMarks;
    private final DraftMemory drafts = new DraftMemory(Runtime.getRuntime().maxMemory() / HEAP_FOR_DRAFTS);
    private volatile Arrivals arrivals = new NobodyListens();

    // Touched by the writer alone.
    private Instant forgetKeysAfter = Instant.MIN;

    /** What differs between the only relay and one of several. */
    private record Sharing(Claims claims, ConnectionPermits permits, Peers peers, Optional<Replica> replica,
            Optional<AttemptMarks> attemptMarks) {}

    private SqlQueue(InstantSource clock, Database database, Sharing sharing, QueueLimits limits)
            throws QueueException, SQLException {
        this.clock = clock;
        this.ids = new QueueIds(clock);
        this.database = database;
        this.claims = sharing.claims;
        this.permits = sharing.permits;
        this.peers = sharing.peers;
        this.attemptMarks = sharing.attemptMarks;
        this.usage = new QueueUsage(limits);
        this.stored = new StoredMessages(database);
        this.room = new RoomWatch(database, usage);
        count();
        this.writer = new GroupCommit(database);
        this.owners = new SqlOwners(database, writer, usage, clock);
        this.view = new SqlQueueView(this, database, claims);
        this.outbox = new SqlOutbox(database, writer, sharing.replica);
        this.keptAttachments = new SqlKeptAttachments(database, writer);
        this.counters = new SqlCounters(database, writer, clock);
        this.rates = new SqlSendingRates(
                new LockedRows("server_rate", "server", "sent", database, sharing.replica, writer, clock));
        this.quotas = new SqlQuotas(
                new LockedRows("quota", "organization", "counted", database, sharing.replica, writer, clock),
                organization -> arrived(organization, true), clock);
        counters.start();
        room.start();
    }

    /**
     * Opens the queue where the settings say.
     *
     * @param directory of the file, if it is one
     * @throws QueueException if it cannot be used
     */
    public static SqlQueue open(QueueSettings settings, Path directory, InstantSource clock) throws QueueException {
        return settings.postgres().isPresent()
                ? openPostgres(settings.postgres().get(), settings.limits(), clock, settings.lease())
                : openSqlite(directory, settings.limits(), clock);
    }

    /**
     * Opens the queue in {@code queue.sqlite}, which is made if it is not there. A damaged file is set aside.
     *
     * @throws QueueException if the file cannot be used, or another process uses it
     */
    public static SqlQueue openSqlite(Path directory, QueueLimits limits, InstantSource clock) throws QueueException {
        return open(SqliteDatabase.open(directory, clock, SqliteDatabase.RESERVE), limits, clock);
    }

    static SqlQueue open(SqliteDatabase database, QueueLimits limits, InstantSource clock) throws QueueException {
        return open(database,
                new Sharing(new LocalClaims(database), new LocalPermits(), Peers.NONE, Optional.empty(),
                        Optional.empty()),
                limits,
                clock);
    }

    /**
     * Opens a queue that several relays may share.
     *
     * @throws QueueException if the database cannot be reached or used
     */
    public static SqlQueue openPostgres(PostgresLocation server, QueueLimits limits, InstantSource clock)
            throws QueueException {
        return openPostgres(server, limits, clock, QueueSettings.LEASE);
    }

    static SqlQueue openPostgres(PostgresLocation server, QueueLimits limits, InstantSource clock, Duration lease)
            throws QueueException {
        PostgresDatabase database = PostgresDatabase.open(server);
        Replica replica;
        try {
            replica = Replica.register(database, lease);
        } catch (QueueException e) {
            database.close();
            throw e;
        }
        AttemptMarks attemptMarks;
        try {
            attemptMarks = new LeasedAttemptMarks(database, replica);
        } catch (QueueException e) {
            replica.close();
            database.close();
            throw e;
        }
        var permits = new LeasedPermits(database, replica);
        return open(database, new Sharing(new LeasedClaims(database, replica), permits,
                new PostgresPeers(database, replica, permits), Optional.of(replica), Optional.of(attemptMarks)), limits,
                clock);
    }

    private static SqlQueue open(Database database, Sharing sharing, QueueLimits limits, InstantSource clock)
            throws QueueException {
        try {
            var queue = new SqlQueue(clock, database, sharing, limits);
            sharing.peers.start(queue);
            return queue;
        } catch (SQLException e) {
            sharing.peers.close();
            database.close();
            throw database.failure(e);
        } catch (QueueException e) {
            sharing.peers.close();
            database.close();
            throw e;
        }
    }

    /** Limits what is queued by what these are at any time; what is there stays. */
    public void limit(Supplier<QueueLimits> limits) {
        usage.limit(limits);
    }

    /** Counts what is queued. */
    void count() throws QueueException {
        usage.replace(stored.usages(), stored.recipients());
    }

    /**
     * Shares the room among these namespaces, besides those that have mail.
     *
     * @param organizations how many each of them has; asked every second
     */
    public void shareAmong(Supplier<Map<String, Integer>> organizations) throws QueueException {
        room.shareAmong(organizations);
        room.measure();
    }

    /** Octets that may be queued, rows and messages that are coming in included. */
    public long room() {
        return usage.room();
    }

    /** Octets of that room that are taken. */
    public long taken() {
        return usage.taken();
    }

    @Override
    public void check(ResourceKey organization, long octets) throws QueueException {
        database.checkRoom();
        usage.check(organization, Held.queued(1, octets, 1));
    }

    @Override
    public HandOver handOver(Map<ResourceKey, String> names) throws QueueException {
        HandOver done = owners.handOver(names);
        for (ResourceKey former : done.former()) {
            removeEarlier(former);
            // Somebody must look when it is old enough to be dropped.
            arrivals.arrived(former, true);
        }
        return done;
    }

    @Override
    public Set<ResourceKey> ownedByOthers(Map<ResourceKey, String> names) throws QueueException {
        return owners.ownedByOthers(names);
    }

    /** Gives messages that a former owner left to whoever has the name now; returns how many. */
    int adopt(ResourceKey former, List<String> ids) throws QueueException {
        int adopted = owners.adopt(former, ids);
        arrived(FormerOwner.nameBefore(former), true);
        return adopted;
    }

    /** Whoever gives a name to one resource after the other must not fill the queue: the last former owner's mail stays. */
    private void removeEarlier(ResourceKey former) throws QueueException {
        ResourceKey name = FormerOwner.nameBefore(former);
        for (ResourceKey other : usage.all().keySet()) {
            if (FormerOwner.is(other) && !other.equals(former) && FormerOwner.nameBefore(other).equals(name)) {
                removeAll(other);
            }
        }
    }

    @Override
    public Draft draft(ResourceKey organization, String owner) {
        return new SqlDraft(this, organization, owner, ids.next(), claims.replica(), drafts);
    }

    void keepRoom(SqlDraft draft, long octets) throws QueueException {
        usage.reserve(draft.organization(), Held.coming(octets, 0), Held.NOTHING);
        draft.coming(octets);
    }

    void writePart(SqlDraft draft, int part, byte[] content) throws QueueException {
        ResourceKey organization = draft.organization();
        database.checkRoom();
        long more = draft.size() - draft.coming().coming();
        if (more > 0) {
            keepRoom(draft, more);
        }
        writer.execute(writes -> {
            if (part == 0) {
                writes.insertDraft(organization, draft.id(), draft.replica());
            } else {
                writes.updateDraft(organization, draft.id(), draft.replica(), part + 1);
            }
            writes.insertPart(organization, draft.id(), part, content);
        }, content.length);
        usage.add(organization, Held.coming(0, content.length));
        draft.written(content.length);
    }

    /** Of a message that will not be complete, and of which nothing is left. */
    void comesNoMore(SqlDraft draft) {
        usage.remove(draft.organization(), draft.coming());
    }

    void forget(ResourceKey organization, String id) throws QueueException {
        writer.execute(writes -> forget(writes, organization, id));
    }

    private static void forget(SqlWrites writes, ResourceKey organization, String id) throws SQLException {
        // Without a draft it is a message: it was committed, though nobody could say so.
        if (writes.deleteDraft(organization, id)) {
            writes.deleteBody(organization, id);
        }
    }

    /**
     * Puts a message into the queue.
     *
     * @param parts how many parts of it are written already
     * @param rest  what comes after them
     * @return the queue id of the message, or of an earlier one that it repeats
     */
    String commit(SqlDraft draft, NewMessage message, int parts, byte[] rest, long size) throws QueueException {
        ResourceKey organization = draft.organization();
        String id = draft.id();
        database.checkRoom();
        Held held = Held.queued(1, size, message.recipients().size());
        Held coming = draft.coming();
        usage.reserve(organization, held, coming);
        boolean wanted = parts == 0 && !message.due().isAfter(message.received()) && claims.mayTake()
                && arrivals.wants(organization, size, message.urgency() > 0);
        Optional<String> claimedBy = wanted ? claims.takeNew(id) : Optional.empty();
        Optional<String> countedAs = Optional.of(message.mailClass().map(MailClass::text).orElse(""));
        Optional<String> earlier = Optional.empty();
        boolean inserted = false;
        try {
            earlier = insert(draft, message, parts, rest, size, claimedBy, countedAs.get());
            inserted = earlier.isEmpty();
        } finally {
            if (!inserted) {
                // What repeats another has been forgotten; the rest is when the draft is closed.
                usage.remove(organization, earlier.isPresent() ? held : held.minus(coming));
                if (wanted) {
                    // It may be there all the same, if the connection broke while it was committed.
                    claims.freeInDoubt(organization, id);
                }
            }
        }
        if (inserted && wanted) {
            arrivals.arrived(StoredMessages.asInserted(organization, draft.owner(), id, message,
                    new ClaimedContent(claims, id, MessageContent.of(rest)), countedAs));
        } else if (inserted) {
            arrived(organization, message.urgency() > 0);
        }
        return earlier.orElse(id);
    }

    private Optional<String> insert(SqlDraft draft, NewMessage message, int parts, byte[] rest, long size,
            Optional<String> claimedBy, String countedAs) throws QueueException {
        ResourceKey organization = draft.organization();
        String id = draft.id();
        var earlier = new Repeated();
        writer.execute(writes -> {
            writes.requireOwner(organization, draft.owner());
            Optional<String> repeated = message.idempotencyKey().isPresent()
                    ? insertKey(writes, organization, message.idempotencyKey().get(), id, message.received())
                    : Optional.empty();
            earlier.id = repeated;
            if (repeated.isPresent()) {
                forget(writes, organization, id);
                return;
            }
            if (parts > 0) {
                writes.completeDraft(organization, id, draft.replica());
            }
            if (rest.length > 0) {
                writes.insertPart(organization, id, parts, rest);
            }
            writes.insertMessage(organization, id, message, size, claimedBy, Optional.of(countedAs));
            writes.count(counters.key(organization, countedAs, ""),
                    MailCounts.accepted(message.recipients().size(), size));
        }, rest.length);
        return earlier.id;
    }

    private static final class Repeated {
        private Optional<String> id = Optional.empty();
    }

    private Optional<String> insertKey(SqlWrites writes, ResourceKey organization, String key, String id, Instant now)
            throws SQLException {
        if (now.isAfter(forgetKeysAfter)) {
            forgetKeysAfter = now.plus(KEYS_FORGOTTEN_EVERY);
            writes.forgetKeys(now);
        }
        return writes.insertKey(organization, key, id, now);
    }

    /** Mail of an organization is due that nobody has. */
    void arrived(ResourceKey organization, boolean mayBeUrgent) {
        arrivals.arrived(organization, mayBeUrgent);
        peers.tell(organization);
    }

    /** A person has made some due. */
    void released(ResourceKey organization) {
        arrivals.released(organization);
        peers.tellReleased(organization);
    }

    /** Others say so. */
    void releasedElsewhere(ResourceKey organization) {
        arrivals.released(organization);
    }

    /** Others may have said so of any organization, while nobody listened. */
    void releasesMissed() {
        arrivals.releasesMissed();
    }

    /** Others say so. */
    void arrivedElsewhere(ResourceKey organization) {
        arrivals.arrived(organization, true);
    }

    @Override
    public List<QueuedMessage> claim(ResourceKey organization, Instant now, int most) throws QueueException {
        database.checkSound();
        return load(organization, now, claims.takeDue(organization, now, most));
    }

    @Override
    public List<QueuedMessage> claimUrgent(ResourceKey organization, Instant now, int most) throws QueueException {
        database.checkSound();
        return load(organization, now, claims.takeUrgent(organization, now, most));
    }

    private List<QueuedMessage> load(ResourceKey organization, Instant now, List<String> mine) throws QueueException {
        if (mine.isEmpty()) {
            return List.of();
        }
        List<QueuedMessage> loaded = new ArrayList<>();
        boolean done = false;
        try {
            for (String id : mine) {
                // It may have been settled since it was seen to be due.
                stored.load(organization, id, now)
                        .map(message -> message.withContent(new ClaimedContent(claims, id, message.content())))
                        .ifPresentOrElse(loaded::add, () -> claims.free(organization, id));
            }
            done = true;
            return loaded;
        } finally {
            if (!done) {
                mine.forEach(id -> claims.free(organization, id));
            }
        }
    }

    @Override
    public boolean holds(QueuedMessage message) {
        return claims.isHeld(message.id()) && owners.owns(message);
    }

    @Override
    public void release(QueuedMessage message) {
        claims.free(message.organization(), message.id());
    }

    @Override
    public void settle(QueuedMessage message, Settlement settlement) throws QueueException {
        ResourceKey organization = message.organization();
        Held freed = isFinished(message, settlement)
                ? Held.queued(1, message.content().size(), settlement.done().size())
                : Held.queued(0, 0, settlement.done().size());
        List<WrittenReport> reports = new ArrayList<>();
        for (Settlement.Report report : settlement.reports()) {
            WrittenReport written = WrittenReport.of(ids.next(), report);
            if (usage.reserveReport(organization, written.held(), reports.isEmpty() ? freed : Held.NOTHING)) {
                reports.add(written);
            } else {
                LOG.warn(
                        "{} report-dropped organization={} size={}, since queued mail fills the share of its namespace",
                        message.id(), organization, written.size());
            }
        }
        boolean recorded = false;
        try {
            recorded = recordOutcome(message, settlement, reports);
        } finally {
            if (!recorded) {
                reports.forEach(report -> usage.remove(organization, report.held()));
            }
        }
        claims.settled(message.id());
        if (!recorded) {
            return;
        }
        usage.remove(organization, freed);
        if (!reports.isEmpty()) {
            arrived(organization, false);
        }
    }

    private static boolean isFinished(QueuedMessage message, Settlement settlement) {
        return message.others() == 0 && settlement.done().size() == message.recipients().size();
    }

    /** Says whether the message was still of its owner's. */
    private boolean recordOutcome(QueuedMessage message, Settlement settlement, List<WrittenReport> reports)
            throws QueueException {
        ResourceKey organization = message.organization();
        Optional<String> claimedBy = claims.claimedBy(message.id());
        boolean finished = isFinished(message, settlement);
        var setAside = new AtomicBoolean();
        writer.execute(writes -> {
            setAside.set(!writes.isOwner(organization, message.owner()));
            if (setAside.get()) {
                // It went out, or not, while the name got another owner: what became of it is not that one's affair.
                return;
            }
            var fates = new CountedFates(counters, writes, message, settlement);
            Optional<IntConsumer> together = finished ? fates.together() : Optional.empty();
            if (together.isEmpty()) {
                for (int number : settlement.done()) {
                    writes.deleteRecipient(organization, message.id(), number, fates.of(number));
                }
            }
            if (finished) {
                writes.delete(organization, message.id(), together.orElse(CountedFates.NONE));
            } else {
                if (settlement.held()) {
                    writes.hold(organization, message.id());
                }
                for (Settlement.Deferral deferral : settlement.deferred()) {
                    writes.deferRecipient(organization, message.id(), deferral, claimedBy,
                            fates.of(deferral.number()));
                }
                if (claimedBy.isPresent()) {
                    writes.free(organization, message.id(), claimedBy.get());
                }
            }
            for (WrittenReport report : reports) {
                report.insert(writes, organization);
            }
            for (Settlement.Event event : settlement.events()) {
                writes.insertEvent(organization, event, clock.instant());
            }
            if (settlement.lost().isPresent()) {
                SqlLostReports.add(writes.connection(), organization, settlement.lost().get(), clock.instant());
            }
        });
        return !setAside.get();
    }

    @Override
    public Optional<Instant> nextAttempt(ResourceKey organization) throws QueueException {
        return claims.nextAttempt(organization);
    }

    @Override
    public List<LostReports> lostReports() throws QueueException {
        return database.read(connection -> SqlLostReports.read(connection, clock.instant()));
    }

    @Override
    public Map<ResourceKey, Instant> schedule() throws QueueException {
        return stored.schedule();
    }

    @Override
    public int removeAll(ResourceKey organization) throws QueueException {
        return removeReceivedBefore(organization, Instant.ofEpochMilli(Long.MAX_VALUE));
    }

    @Override
    public int removeReceivedBefore(ResourceKey organization, Instant time) throws QueueException {
        int removed = 0;
        List<String> batch = claims.takeReceivedBefore(organization, time, REMOVED_AT_ONCE);
        while (!batch.isEmpty()) {
            removed += remove(organization, batch);
            batch = claims.takeReceivedBefore(organization, time, REMOVED_AT_ONCE);
        }
        return removed;
    }

    /** Removes messages that were taken; returns how many were there. */
    int remove(ResourceKey organization, List<String> taken) throws QueueException {
        boolean done = false;
        try {
            long octets = 0;
            int messages = 0;
            Map<String, String> countedAs = new HashMap<>();
            for (String id : taken) {
                Optional<StoredMessages.Known> there = stored.known(organization, id);
                octets += there.map(StoredMessages.Known::size).orElse(0L);
                messages += there.isPresent() ? 1 : 0;
                there.flatMap(StoredMessages.Known::countedAs).ifPresent(as -> countedAs.put(id, as));
            }
            var recipients = new AtomicLong();
            writer.execute(writes -> {
                recipients.set(0);
                for (String id : taken) {
                    String as = countedAs.get(id);
                    writes.delete(organization, id, rows -> {
                        recipients.addAndGet(rows);
                        if (as != null) {
                            writes.count(counters.key(organization, as, ""), MailCounts.removed(rows));
                        }
                    });
                }
            });
            done = true;
            usage.remove(organization, Held.queued(messages, octets, recipients.get()));
            return messages;
        } finally {
            for (String id : taken) {
                if (done) {
                    claims.settled(id);
                } else {
                    claims.free(organization, id);
                }
            }
        }
    }

    void execute(GroupCommit.Work work) throws QueueException {
        writer.execute(work);
    }

    Instant now() {
        return clock.instant();
    }

    @Override
    public Usage usage(ResourceKey organization) {
        return usage.of(organization);
    }

    @Override
    public Usage usage() {
        return usage.total();
    }

    @Override
    public Map<ResourceKey, Usage> usages() {
        return usage.all();
    }

    /** Tells how much is written at once, each time. */
    public void onCommit(IntConsumer listener) {
        writer.onCommit(listener);
    }

    @Override
    public void onArrival(Arrivals listener) {
        arrivals = listener;
    }

    @Override
    public QueueView view() {
        return view;
    }

    @Override
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public KeptAttachments keptAttachments() {
        return keptAttachments;
    }

    @Override
    public ConnectionPermits permits() {
        return permits;
    }

    @Override
    public SendingRates rates() {
        return rates;
    }

    @Override
    public Quotas quotas() {
        return quotas;
    }

    @Override
    public Optional<AttemptMarks> attemptMarks() {
        return attemptMarks;
    }

    @Override
    public Counters counters() {
        return counters;
    }

    /** Counts an organization's days in its time zone, or in UTC where it has none. */
    public void countDaysIn(Function<ResourceKey, Optional<ZoneId>> zones) {
        counters.countIn(zones);
    }

    /** How many damaged files were set aside and still wait for somebody to look at them. */
    public long damagedFiles() {
        return database.damagedFiles();
    }

    @Override
    public void probe() throws QueueException {
        database.checkRoom();
        long time = clock.millis();
        writer.execute(writes -> writes.probe(time));
    }

    @Override
    public void close() {
        peers.close();
        counters.close();
        room.close();
        database.closeReaders();
        writer.close();
        database.close();
    }

    private static final class NobodyListens implements Arrivals {
        @Override
        public boolean wants(ResourceKey organization, long octets, boolean urgent) {
            return false;
        }

        @Override
        public void arrived(QueuedMessage message) {
            throw new IllegalStateException("nobody wanted message " + message.id());
        }

        @Override
        public void arrived(ResourceKey organization, boolean mayBeUrgent) {
            // It is found when somebody asks what is due.
        }
    }
}
