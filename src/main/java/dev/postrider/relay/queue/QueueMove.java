package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries a queue into a PostgreSQL. What has arrived there is removed here, a batch at a time, so that it can be broken
 * off and run again. A note beside each message keeps one from going over twice that was delivered in between; it is
 * known for a day, as idempotency keys are.
 */
public final class QueueMove {
    private static final Logger LOG = LoggerFactory.getLogger(QueueMove.class);
    private static final int BATCH = 50;
    private static final String NOTE = "\u0001moved:";

    /**
     * What became of it.
     *
     * @param moved      messages
     * @param unreadable messages that could not be read whole, and are left
     */
    public record Result(int moved, int unreadable) {}

    /** Told after each batch. */
    @FunctionalInterface
    public interface Progress {
        void at(int done, int all);
    }

    private record Key(String organization, String id) {}

    private final Connection source;
    private final Connection target;
    private final InstantSource clock;
    private final Map<MovedTable, String> selected = new EnumMap<>(MovedTable.class);

    private QueueMove(Connection source, Connection target, InstantSource clock) {
        this.source = source;
        this.target = target;
        this.clock = clock;
    }

    /**
     * Moves what is in a file.
     *
     * @param from the directory of a relay that does not run, or a file that was set aside for damage
     * @throws QueueException if one of the two cannot be used, or the target fails; run again, it goes on from there
     */
    public static Result run(Path from, PostgresLocation to, InstantSource clock, Progress progress)
            throws QueueException {
        boolean isDirectory = Files.isDirectory(from);
        Path file = isDirectory ? from.resolve("queue.sqlite") : from;
        if (!Files.isRegularFile(file)) {
            throw new QueueException(file + " is not there; --from is a relay's directory or a queue file");
        }
        try (var _ = SqliteDatabase.lockFor(file); Connection source = SqliteDatabase.openForMove(file)) {
            return run(source, to, clock, progress);
        } catch (SQLException e) {
            throw new QueueException("queue file " + file + " failed: " + e.getMessage(), e);
        } catch (QueueException e) {
            throw e;
        } catch (IOException e) {
            throw new QueueException("the lock of " + file + " cannot be released: " + e.getMessage(), e);
        }
    }

    /**
     * Moves what is in another database; no relay may use it meanwhile.
     *
     * @throws QueueException as {@link #run(Path, PostgresLocation, InstantSource, Progress)}
     */
    public static Result run(PostgresLocation from, PostgresLocation to, InstantSource clock, Progress progress)
            throws QueueException {
        try (PostgresDatabase database = PostgresDatabase.open(from); Connection source = database.openWriter()) {
            return run(source, to, clock, progress);
        } catch (SQLException e) {
            throw new QueueException(from.name() + " failed: " + e.getMessage(), e);
        }
    }

    private static Result run(Connection source, PostgresLocation to, InstantSource clock, Progress progress)
            throws QueueException, SQLException {
        try (PostgresDatabase database = PostgresDatabase.open(to)) {
            try (Connection target = database.openWriter()) {
                return new QueueMove(source, target, clock).run(progress);
            } catch (TargetException e) {
                throw database.failure(e.reason);
            }
        }
    }

    /** So that a failure of the target is not taken for a damaged message. */
    private static final class TargetException extends SQLException {
        private static final long serialVersionUID = 1L;
        private final SQLException reason;

        TargetException(SQLException reason) {
            super(reason);
            this.reason = reason;
        }
    }

    private Result run(Progress progress) throws SQLException {
        setAsideFormerOwners();
        for (MovedTable table : MovedTable.values()) {
            table.selected(source).ifPresent(columns -> selected.put(table, columns));
        }
        for (MovedTable table : List.of(MovedTable.OWNER, MovedTable.SUBMISSION, MovedTable.EVENT, MovedTable.LINK,
                MovedTable.COUNTER, MovedTable.BOUNCE)) {
            List<Key> all = new ArrayList<>(selected.containsKey(table) ? keys(table) : Set.of());
            for (int i = 0; i < all.size(); i += BATCH) {
                List<Key> batch = all.subList(i, Math.min(all.size(), i + BATCH));
                for (Key key : batch) {
                    copyOne(key, List.of(table));
                }
                finish(batch, List.of(table));
            }
        }
        List<Key> all = new ArrayList<>(keys(MovedTable.MESSAGE));
        int moved = 0;
        for (int i = 0; i < all.size(); i += BATCH) {
            List<Key> batch = new ArrayList<>();
            for (Key key : all.subList(i, Math.min(all.size(), i + BATCH))) {
                if (isNoted(key) || copyOne(key, List.of(MovedTable.MESSAGE, MovedTable.RECIPIENT, MovedTable.BODY))) {
                    batch.add(key);
                }
            }
            finish(batch, List.of(MovedTable.RECIPIENT, MovedTable.BODY, MovedTable.MESSAGE));
            moved += batch.size();
            progress.at(Math.min(all.size(), i + BATCH), all.size());
        }
        return new Result(moved, all.size() - moved);
    }

    /** What belongs to others than who have the names in the target is carried as what former owners left. */
    private void setAsideFormerOwners() throws SQLException {
        if (MovedTable.OWNER.selected(source).isEmpty()) {
            return;
        }
        Map<String, String> there = owners(target);
        target.commit();
        for (Map.Entry<String, String> owner : owners(source).entrySet()) {
            String name = owner.getKey();
            if (!there.getOrDefault(name, owner.getValue()).equals(owner.getValue())) {
                String former = FormerOwner.key(ResourceKey.parse(name), owner.getValue()).toString();
                for (String table : List.of("message", "recipient", "body", "submission", "event", "link",
                        "counter")) {
                    update("UPDATE " + table + " SET organization = ? WHERE organization = ?", former, name);
                }
                if (MovedTable.BOUNCE.selected(source).isPresent()) {
                    update("UPDATE bounce SET organization = ? WHERE organization = ?", former, name);
                }
                update("DELETE FROM owner WHERE organization = ? AND uid = ?", name, owner.getValue());
                LOG.warn("organization {} is somebody else's in the target: its mail is carried as {}", name, former);
            }
        }
        source.commit();
    }

    private static Map<String, String> owners(Connection connection) throws SQLException {
        Map<String, String> owners = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement
                        .executeQuery("SELECT organization, uid FROM owner WHERE left_at IS NULL")) {
            while (rows.next()) {
                owners.put(rows.getString(1), rows.getString(2));
            }
        }
        return owners;
    }

    private void update(String sql, String first, String second) throws SQLException {
        try (PreparedStatement update = source.prepareStatement(sql)) {
            update.setString(1, first);
            update.setString(2, second);
            update.executeUpdate();
        }
    }

    /** All keys that can be read: of a damaged table those before the damage, and those behind it. */
    private Set<Key> keys(MovedTable table) {
        Set<Key> keys = new LinkedHashSet<>();
        if (!addKeys(table.keys(false), keys)) {
            addKeys(table.keys(true), keys);
        }
        return keys;
    }

    private boolean addKeys(String sql, Set<Key> keys) {
        try (Statement statement = source.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                keys.add(new Key(rows.getString(1), rows.getString(2)));
            }
            return true;
        } catch (SQLException e) {
            LOG.warn("not all can be listed: {}", e.getMessage());
            return false;
        }
    }

    private boolean isNoted(Key key) throws SQLException {
        try (PreparedStatement query = target
                .prepareStatement("SELECT 1 FROM submission WHERE organization = ? AND idempotency_key = ?")) {
            query.setString(1, key.organization);
            query.setString(2, NOTE + key.id);
            try (ResultSet rows = query.executeQuery()) {
                return rows.next();
            }
        }
    }

    private boolean copyOne(Key key, List<MovedTable> tables) throws SQLException {
        Savepoint before = target.setSavepoint();
        try {
            for (MovedTable table : tables) {
                table.copy(source, target, selected.getOrDefault(table, "*"), key.organization, key.id);
            }
            if (tables.contains(MovedTable.MESSAGE)) {
                requireWhole(key);
                note(key);
            }
            target.releaseSavepoint(before);
            return true;
        } catch (SQLException e) {
            try {
                target.rollback(before);
            } catch (SQLException lost) {
                throw new TargetException(e);
            }
            LOG.warn("{} of organization {} is left behind: {}", key.id, key.organization, e.getMessage());
            return false;
        }
    }

    private void requireWhole(Key key) throws SQLException {
        try (PreparedStatement query = target.prepareStatement("SELECT size - (SELECT COALESCE(sum(length(content)), 0)"
                + " FROM body WHERE organization = m.organization AND message = m.id),"
                + " EXISTS (SELECT 1 FROM recipient WHERE organization = m.organization AND message = m.id)"
                + " FROM message m WHERE organization = ? AND id = ?")) {
            query.setString(1, key.organization);
            query.setString(2, key.id);
            try (ResultSet rows = query.executeQuery()) {
                if (!rows.next() || rows.getLong(1) != 0 || !rows.getBoolean(2)) {
                    throw new RejectedException("a part of it or its recipients cannot be read");
                }
            }
        }
    }

    private void note(Key key) throws SQLException {
        try (PreparedStatement insert = target.prepareStatement("INSERT INTO submission"
                + " (organization, idempotency_key, message, received) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")) {
            insert.setString(1, key.organization);
            insert.setString(2, NOTE + key.id);
            insert.setString(3, key.id);
            insert.setLong(4, clock.millis());
            insert.executeUpdate();
        }
    }

    /** First there, then here: in between they are in both, and the notes tell. */
    private void finish(List<Key> batch, List<MovedTable> tables) throws SQLException {
        try {
            target.commit();
        } catch (SQLException e) {
            throw new TargetException(e);
        }
        try {
            for (Key key : batch) {
                for (MovedTable table : tables) {
                    table.delete(source, key.organization, key.id);
                }
            }
            source.commit();
        } catch (SQLException e) {
            source.rollback();
            LOG.warn("what was moved stays in the source as well: {}", e.getMessage());
        }
    }
}
