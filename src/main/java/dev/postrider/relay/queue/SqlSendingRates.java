package dev.postrider.relay.queue;

import dev.postrider.relay.queue.LockedRows.Changed;
import dev.postrider.route.RateLimits;
import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Rates as rows of a table, one for each server; where namespaces share it, each has a row of another table, which is
 * read and written under the lock of the server's.
 */
final class SqlSendingRates implements SendingRates {
    /** So long after its last change nothing of a namespace's row counts any more. */
    private static final Duration KEPT = Duration.ofHours(25);

    private final LockedRows servers;

    SqlSendingRates(LockedRows servers) {
        this.servers = servers;
    }

    @Override
    public Grant take(ResourceKey server, RateLimits limits, int most, int owed, Optional<Sharing> sharing)
            throws QueueException {
        return servers.change(server, (connection, text, time) -> {
            long now = ChronoUnit.MICROS.between(Instant.EPOCH, time);
            SentLately sent = SentLately.parse(text);
            if (sharing.isEmpty()) {
                Grant grant = sent.take(limits, most, owed, now);
                return new Changed<>(sent.toString(), grant);
            }
            Map<String, String> before = read(connection, server, sharing.get(), now);
            Map<String, WindowCounts> had = new HashMap<>();
            before.forEach((namespace, counted) -> had.put(namespace, WindowCounts.parse(counted)));
            Grant grant = sent.take(limits, most, owed, now, Optional.of(new NamespaceShares(sharing.get(), had)));
            had.entrySet().removeIf(row -> row.getValue().toString().equals(before.get(row.getKey())));
            write(connection, server, had, now);
            return new Changed<>(sent.toString(), grant);
        });
    }

    private static Map<String, String> read(Connection connection, ResourceKey server, Sharing sharing, long now)
            throws SQLException {
        Map<String, String> had = new HashMap<>();
        boolean isNew = false;
        try (PreparedStatement query = connection
                .prepareStatement("SELECT sent FROM server_rate_share WHERE server = ? AND namespace = ?")) {
            for (String namespace : NamespaceShares.namespaces(sharing)) {
                query.setString(1, server.toString());
                query.setString(2, namespace);
                try (ResultSet row = query.executeQuery()) {
                    boolean found = row.next();
                    isNew |= !found;
                    had.put(namespace, found ? row.getString(1) : "");
                }
            }
        }
        if (isNew) {
            forgetOld(connection, server, now);
        }
        return had;
    }

    /** Only where a row is added, so that there are never many more than namespaces that send in a day. */
    private static void forgetOld(Connection connection, ResourceKey server, long now) throws SQLException {
        try (PreparedStatement statement = connection
                .prepareStatement("DELETE FROM server_rate_share WHERE server = ? AND changed < ?")) {
            statement.setString(1, server.toString());
            statement.setLong(2, now - WindowCounts.micros(KEPT));
            statement.executeUpdate();
        }
    }

    private static void write(Connection connection, ResourceKey server, Map<String, WindowCounts> had, long now)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO server_rate_share (server, namespace, sent, changed) VALUES (?, ?, ?, ?)"
                        + " ON CONFLICT (server, namespace) DO UPDATE SET sent = excluded.sent,"
                        + " changed = excluded.changed")) {
            for (var row : had.entrySet()) {
                statement.setString(1, server.toString());
                statement.setString(2, row.getKey());
                statement.setString(3, row.getValue().toString());
                statement.setLong(4, now);
                statement.executeUpdate();
            }
        }
    }
}
