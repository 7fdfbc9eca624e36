package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A table with a key and a text, each row of which is read and written by one relay at a time. Relays that share a database
 * go by its clock.
 */
final class LockedRows {
    private static final int TRIES = 5;
    private static final String NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    private final Database database;
    private final Optional<Replica> replica;
    private final GroupCommit writer;
    private final InstantSource clock;
    private final String look;
    private final String find;
    private final String change;
    private final String add;

    /** What is made of a row; may be done again. */
    @FunctionalInterface
    interface Change<T> {
        /**
         * What becomes of it.
         *
         * @param text of the row; empty if it is new
         */
        Changed<T> of(Connection connection, String text, Instant now) throws SQLException;
    }

    /** The text from now on, and what is told of it. */
    record Changed<T>(String text, T value) {}

    /** @param replica this relay among several, if there may be others */
    LockedRows(String table, String key, String text, Database database, Optional<Replica> replica, GroupCommit writer,
            InstantSource clock) {
        this.database = database;
        this.replica = replica;
        this.writer = writer;
        this.clock = clock;
        this.look = "SELECT " + text + " FROM " + table + " WHERE " + key + " = ?";
        this.find = "SELECT " + text + (replica.isPresent() ? ", " + NOW : "") + " FROM " + table + " WHERE " + key
                + " = ?" + (replica.isPresent() ? " FOR UPDATE" : "");
        this.change = "UPDATE " + table + " SET " + text + " = ? WHERE " + key + " = ?";
        this.add = "INSERT INTO " + table + " (" + key + ", " + text + ") VALUES (?, '') ON CONFLICT (" + key
                + ") DO NOTHING";
    }

    /** Changes a row, and returns once that is on disk. */
    <T> T change(ResourceKey key, Change<T> what) throws QueueException {
        if (replica.isPresent()) {
            return changeAmongOthers(key, what);
        }
        var done = new AtomicReference<@Nullable Changed<T>>();
        writer.execute(writes -> done.set(change(writes.connection(), key, what)));
        return Objects.requireNonNull(done.get()).value;
    }

    /** What is read of a row. */
    @FunctionalInterface
    interface Reading<T> {
        /**
         * What it says.
         *
         * @param text of the row; empty if there is none
         */
        T of(Connection connection, String text) throws SQLException;
    }

    /** Reads a row as it is now. */
    <T> T read(ResourceKey key, Reading<T> what) throws QueueException {
        return database.read(connection -> {
            String text = "";
            try (PreparedStatement query = connection.prepareStatement(look)) {
                query.setString(1, key.toString());
                try (ResultSet row = query.executeQuery()) {
                    text = row.next() ? row.getString(1) : "";
                }
            }
            return what.of(connection, text);
        });
    }

    /** Not by the writer: its transaction holds what others have written, and would hold up all other relays. */
    private <T> T changeAmongOthers(ResourceKey key, Change<T> what) throws QueueException {
        return database.read(connection -> {
            connection.setAutoCommit(false);
            try {
                for (int tries = 1;; tries++) {
                    try {
                        T value = change(connection, key, what).value;
                        connection.commit();
                        return value;
                    } catch (SQLException e) {
                        connection.rollback();
                        if (tries == TRIES || !database.mayRepeat(e)) {
                            throw e;
                        }
                    }
                }
            } finally {
                connection.setAutoCommit(true);
            }
        });
    }

    private <T> Changed<T> change(Connection connection, ResourceKey key, Change<T> what) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(find)) {
            query.setString(1, key.toString());
            for (int tries = 0; tries < TRIES; tries++) {
                try (ResultSet row = query.executeQuery()) {
                    if (row.next()) {
                        Changed<T> changed = what.of(connection, row.getString(1), now(row));
                        set(connection, key, changed.text);
                        return changed;
                    }
                }
                add(connection, key);
            }
        }
        throw new SQLException("the row of " + key + " does not stay: " + find);
    }

    private Instant now(ResultSet row) throws SQLException {
        return replica.isPresent() ? Instant.EPOCH.plus(row.getLong(2), ChronoUnit.MICROS) : clock.instant();
    }

    private void add(Connection connection, ResourceKey key) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(add)) {
            statement.setString(1, key.toString());
            statement.executeUpdate();
        }
    }

    private void set(Connection connection, ResourceKey key, String text) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(change)) {
            statement.setString(1, text);
            statement.setString(2, key.toString());
            statement.executeUpdate();
        }
    }
}
