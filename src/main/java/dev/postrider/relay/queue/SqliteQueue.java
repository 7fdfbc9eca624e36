package dev.postrider.relay.queue;

import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue in one SQLite file. Which messages are claimed is known to this process alone: after a crash all of them
 * are free again, without a write for each claim.
 */
public final class SqliteQueue implements Queue {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteQueue.class);

    /** Recipients in one attempt: what every server must take (RFC 5321 section 4.5.3.1.8). */
    static final int RECIPIENTS_AT_ONCE = 100;

    private static final int REMOVED_AT_ONCE = 500;

    private final InstantSource clock;
    private final QueueIds ids;
    private final FileChannel lock;
    private final GroupCommit writer;
    private final SqliteReads reads;
    private final Set<String> claimed = ConcurrentHashMap.newKeySet();
    private final AtomicLong count;
    private volatile Consumer<ResourceKey> onArrival = organization -> {};

    private SqliteQueue(InstantSource clock, FileChannel lock, GroupCommit writer, SqliteReads reads, long count) {
        this.clock = clock;
        this.ids = new QueueIds(clock);
        this.lock = lock;
        this.writer = writer;
        this.reads = reads;
        this.count = new AtomicLong(count);
    }

    /**
     * Opens the queue in {@code queue.sqlite}, which is made if it is not there.
     *
     * @throws QueueException.Corrupt if the file is damaged; it is left as it is
     * @throws QueueException         if the file cannot be used, or another process uses it
     */
    public static SqliteQueue open(Path directory, InstantSource clock) throws QueueException {
        Path file = directory.resolve("queue.sqlite");
        FileChannel lock = lock(directory);
        try {
            var writer = new GroupCommit(file, SqliteSchema.open(file));
            var reads = new SqliteReads(file);
            long count = reads.read(connection -> number(connection, "SELECT count(*) FROM message"));
            return new SqliteQueue(clock, lock, writer, reads, count);
        } catch (SQLException e) {
            unlock(lock);
            throw SqliteSchema.failure(file, e);
        } catch (QueueException e) {
            unlock(lock);
            throw e;
        }
    }

    private static FileChannel lock(Path directory) throws QueueException {
        Path file = directory.resolve("queue.lock");
        try {
            Files.createDirectories(directory);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (channel.tryLock() != null) {
                    return channel;
                }
            } catch (OverlappingFileLockException e) {
                LOG.debug("locked by this process", e);
            }
            channel.close();
        } catch (IOException e) {
            throw new QueueException("cannot use " + file + ": " + e.getMessage(), e);
        }
        throw new QueueException(file + " is held by another relay; a queue on SQLite serves one");
    }

    private static void unlock(FileChannel lock) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warn("cannot release the queue's lock: {}", e.getMessage());
        }
    }

    @Override
    public Draft draft(ResourceKey organization) {
        return new SqliteDraft(this, organization, ids.next());
    }

    void execute(GroupCommit.Work work) throws QueueException {
        writer.execute(work);
    }

    void arrived(ResourceKey organization) {
        count.incrementAndGet();
        onArrival.accept(organization);
    }

    @Override
    public List<QueuedMessage> claim(ResourceKey organization, Instant now, int most) throws QueueException {
        return reads.read(connection -> {
            Set<String> due = new LinkedHashSet<>();
            try (PreparedStatement query = connection.prepareStatement("SELECT message FROM recipient"
                    + " WHERE organization = ? AND next_attempt <= ? ORDER BY next_attempt, message")) {
                query.setString(1, organization.toString());
                query.setLong(2, now.toEpochMilli());
                try (ResultSet rows = query.executeQuery()) {
                    while (due.size() < most && rows.next()) {
                        String id = rows.getString(1);
                        if (claimed.add(id)) {
                            due.add(id);
                        }
                    }
                }
            } catch (SQLException e) {
                claimed.removeAll(due);
                throw e;
            }
            return load(connection, organization, due, now);
        });
    }

    private List<QueuedMessage> load(Connection connection, ResourceKey organization, Set<String> messages,
            Instant now) throws SQLException {
        List<QueuedMessage> loaded = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement(
                "SELECT sender, eight_bit, smtp_utf8, size, received FROM message WHERE organization = ? AND id = ?")) {
            for (String id : messages) {
                query.setString(1, organization.toString());
                query.setString(2, id);
                try (ResultSet rows = query.executeQuery()) {
                    List<QueuedRecipient> recipients = recipients(connection, organization, id, now);
                    // It may have been settled between the two queries.
                    if (rows.next() && !recipients.isEmpty()) {
                        loaded.add(new QueuedMessage(organization, id, rows.getString(1), rows.getBoolean(2),
                                rows.getBoolean(3), Instant.ofEpochMilli(rows.getLong(5)),
                                new StoredContent(reads, organization, id, rows.getLong(4)), recipients));
                    } else {
                        claimed.remove(id);
                    }
                }
            }
            return loaded;
        } catch (SQLException e) {
            claimed.removeAll(messages);
            throw e;
        }
    }

    private static List<QueuedRecipient> recipients(Connection connection, ResourceKey organization, String message,
            Instant now) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("SELECT number, address, attempts FROM recipient"
                + " WHERE organization = ? AND message = ? AND next_attempt <= ? ORDER BY number LIMIT ?")) {
            query.setString(1, organization.toString());
            query.setString(2, message);
            query.setLong(3, now.toEpochMilli());
            query.setInt(4, RECIPIENTS_AT_ONCE);
            List<QueuedRecipient> recipients = new ArrayList<>();
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    recipients.add(new QueuedRecipient(rows.getInt(1), rows.getString(2), rows.getInt(3)));
                }
            }
            return recipients;
        }
    }

    @Override
    public void release(QueuedMessage message) {
        claimed.remove(message.id());
    }

    @Override
    public void settle(QueuedMessage message, Settlement settlement) throws QueueException {
        ResourceKey organization = message.organization();
        Optional<Report> report = settlement.bounce().isPresent()
                ? Optional.of(Report.of(ids.next(), settlement.bounce().get()))
                : Optional.empty();
        boolean[] finished = new boolean[1];
        writer.execute(writes -> {
            for (int number : settlement.done()) {
                writes.deleteRecipient(organization, message.id(), number);
            }
            for (Settlement.Deferral deferral : settlement.deferred()) {
                writes.deferRecipient(organization, message.id(), deferral);
            }
            if (report.isPresent()) {
                report.get().insert(writes, organization);
            }
            finished[0] = !settlement.done().isEmpty() && writes.deleteFinished(organization, message.id());
        });
        claimed.remove(message.id());
        if (finished[0]) {
            count.decrementAndGet();
        }
        if (report.isPresent()) {
            arrived(organization);
        }
    }

    /** A bounce as it is written. */
    private record Report(String id, Settlement.Bounce bounce, List<byte[]> parts) {
        static Report of(String id, Settlement.Bounce bounce) throws QueueException {
            List<byte[]> parts = new ArrayList<>();
            try (InputStream content = bounce.content().open()) {
                for (byte[] part = content.readNBytes(SqliteDraft.PART); part.length > 0; part = content
                        .readNBytes(SqliteDraft.PART)) {
                    parts.add(part);
                }
            } catch (IOException e) {
                throw new QueueException("a bounce could not be read", e);
            }
            return new Report(id, bounce, parts);
        }

        void insert(SqliteWrites writes, ResourceKey organization) throws SQLException {
            for (int i = 0; i < parts.size(); i++) {
                writes.insertPart(organization, id, i, parts.get(i));
            }
            writes.insertMessage(organization, id, "", bounce.smtpUtf8(), bounce.smtpUtf8(), bounce.content().size(),
                    bounce.received());
            writes.insertRecipients(organization, id, List.of(bounce.recipient()), bounce.received());
        }
    }

    @Override
    public Optional<Instant> nextAttempt(ResourceKey organization) throws QueueException {
        return reads.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement("SELECT next_attempt, message FROM recipient"
                    + " WHERE organization = ? ORDER BY next_attempt, message")) {
                query.setString(1, organization.toString());
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (!claimed.contains(rows.getString(2))) {
                            return Optional.of(Instant.ofEpochMilli(rows.getLong(1)));
                        }
                    }
                }
                return Optional.empty();
            }
        });
    }

    @Override
    public Map<ResourceKey, Instant> schedule() throws QueueException {
        return reads.read(connection -> {
            Map<ResourceKey, Instant> schedule = new TreeMap<>();
            try (PreparedStatement query = connection.prepareStatement(
                    "SELECT organization, min(next_attempt) FROM recipient GROUP BY organization");
                    ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    schedule.put(ResourceKey.parse(rows.getString(1)), Instant.ofEpochMilli(rows.getLong(2)));
                }
            }
            return schedule;
        });
    }

    @Override
    public int removeAll(ResourceKey organization) throws QueueException {
        return removeReceivedBefore(organization, Instant.ofEpochMilli(Long.MAX_VALUE));
    }

    @Override
    public int removeReceivedBefore(ResourceKey organization, Instant time) throws QueueException {
        int removed = 0;
        List<String> batch = unclaimed(organization, time);
        while (!batch.isEmpty()) {
            List<String> messages = batch;
            int[] gone = new int[1];
            try {
                writer.execute(writes -> {
                    gone[0] = 0;
                    for (String message : messages) {
                        gone[0] += writes.delete(organization, message) ? 1 : 0;
                    }
                });
            } finally {
                claimed.removeAll(messages);
            }
            count.addAndGet(-gone[0]);
            removed += gone[0];
            batch = unclaimed(organization, time);
        }
        return removed;
    }

    /** Some messages that nobody has claimed; they are now. */
    private List<String> unclaimed(ResourceKey organization, Instant before) throws QueueException {
        return reads.read(connection -> {
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT id FROM message WHERE organization = ? AND received < ?")) {
                query.setString(1, organization.toString());
                query.setLong(2, before.toEpochMilli());
                List<String> messages = new ArrayList<>();
                try (ResultSet rows = query.executeQuery()) {
                    while (messages.size() < REMOVED_AT_ONCE && rows.next()) {
                        if (claimed.add(rows.getString(1))) {
                            messages.add(rows.getString(1));
                        }
                    }
                }
                return messages;
            }
        });
    }

    @Override
    public long count(ResourceKey organization) throws QueueException {
        return reads.read(connection -> {
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT count(*) FROM message WHERE organization = ?")) {
                query.setString(1, organization.toString());
                try (ResultSet rows = query.executeQuery()) {
                    return rows.getLong(1);
                }
            }
        });
    }

    @Override
    public long count() {
        return count.get();
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(sql); ResultSet rows = query.executeQuery()) {
            return rows.getLong(1);
        }
    }

    @Override
    public void onArrival(Consumer<ResourceKey> listener) {
        onArrival = listener;
    }

    @Override
    public void probe() throws QueueException {
        long time = clock.millis();
        writer.execute(writes -> writes.probe(time));
    }

    @Override
    public void close() {
        try {
            // Before the writer's: the last to close moves the log into the file, which a reader may not.
            reads.close();
        } catch (SQLException e) {
            LOG.warn("cannot close the queue: {}", e.getMessage());
        }
        writer.close();
        unlock(lock);
    }
}
