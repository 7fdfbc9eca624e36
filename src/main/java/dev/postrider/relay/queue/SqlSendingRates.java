package dev.postrider.relay.queue;

import dev.postrider.route.RateLimits;
import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** Rates as rows of a table, one for each server. Relays that share a database go by its clock. */
final class SqlSendingRates implements SendingRates {
    private static final String ADD = "INSERT INTO server_rate (server, sent) VALUES (?, '0 0 0')"
            + " ON CONFLICT (server) DO NOTHING";
    private static final String FIND = "SELECT sent FROM server_rate WHERE server = ?";
    private static final String FIND_ALONE = "SELECT sent, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
            + " FROM server_rate WHERE server = ? FOR UPDATE";
    private static final String CHANGE = "UPDATE server_rate SET sent = ? WHERE server = ?";
    private static final int TRIES = 5;

    private final Database database;
    private final Optional<Replica> replica;
    private final GroupCommit writer;
    private final InstantSource clock;

    /** @param replica this relay among several, if there may be others */
    SqlSendingRates(Database database, Optional<Replica> replica, GroupCommit writer, InstantSource clock) {
        this.database = database;
        this.replica = replica;
        this.writer = writer;
        this.clock = clock;
    }

    @Override
    public Grant take(ResourceKey server, RateLimits limits, int most, int owed) throws QueueException {
        return replica.isPresent()
                ? takeAmongOthers(server, limits, most, owed)
                : takeAlone(server, limits, most, owed);
    }

    private Grant takeAlone(ResourceKey server, RateLimits limits, int most, int owed) throws QueueException {
        var grant = new AtomicReference<Grant>();
        writer.execute(writes -> {
            Connection connection = writes.connection();
            add(connection, server);
            try (PreparedStatement find = connection.prepareStatement(FIND)) {
                find.setString(1, server.toString());
                try (ResultSet row = find.executeQuery()) {
                    grant.set(take(connection, row, server, limits, most, owed,
                            ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant())));
                }
            }
        });
        return grant.get();
    }

    /** Not by the writer: its transaction holds what others have written, and would hold up all other relays. */
    private Grant takeAmongOthers(ResourceKey server, RateLimits limits, int most, int owed) throws QueueException {
        return database.read(connection -> {
            connection.setAutoCommit(false);
            try {
                for (int tries = 1;; tries++) {
                    try {
                        Grant grant = locked(connection, server, limits, most, owed);
                        connection.commit();
                        return grant;
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

    private static Grant locked(Connection connection, ResourceKey server, RateLimits limits, int most, int owed)
            throws SQLException {
        for (int tries = 0;; tries++) {
            try (PreparedStatement find = connection.prepareStatement(FIND_ALONE)) {
                find.setString(1, server.toString());
                try (ResultSet row = find.executeQuery()) {
                    if (row.isBeforeFirst()) {
                        return take(connection, row, server, limits, most, owed, Long.MIN_VALUE);
                    }
                }
            }
            if (tries > 0) {
                throw new SQLException("the row of server " + server + " in server_rate is gone", "40001");
            }
            add(connection, server);
        }
    }

    private static void add(Connection connection, ResourceKey server) throws SQLException {
        try (PreparedStatement add = connection.prepareStatement(ADD)) {
            add.setString(1, server.toString());
            add.executeUpdate();
        }
    }

    private static Grant take(Connection connection, ResultSet row, ResourceKey server, RateLimits limits, int most,
            int owed, long now) throws SQLException {
        row.next();
        SentLately sent = SentLately.parse(row.getString(1));
        Grant grant = sent.take(limits, most, owed, now == Long.MIN_VALUE ? row.getLong(2) : now);
        try (PreparedStatement change = connection.prepareStatement(CHANGE)) {
            change.setString(1, sent.toString());
            change.setString(2, server.toString());
            change.executeUpdate();
        }
        return grant;
    }
}
