package dev.postrider.relay.queue;

import dev.postrider.route.LostReports;
import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Reads and writes which reports were lost. */
final class SqlLostReports {
    /** Organizations that are told of at a time, those first that lost one last. */
    private static final int MOST = 1000;
    private static final int LONGEST_REASON = 500;

    private SqlLostReports() {}

    /** Adds one, and forgets what is not told of any more. */
    static void add(Connection connection, ResourceKey organization, Settlement.LostReport lost, Instant now)
            throws SQLException {
        long told = now.minus(LostReports.TOLD).toEpochMilli();
        try (PreparedStatement forget = connection.prepareStatement("DELETE FROM lost_report WHERE last_at <= ?");
                PreparedStatement add = connection.prepareStatement(
                        "INSERT INTO lost_report (organization, reports, last_at, recipient, reason)"
                                + " VALUES (?, 1, ?, ?, ?) ON CONFLICT (organization) DO UPDATE SET reports ="
                                + " lost_report.reports + 1, last_at = excluded.last_at,"
                                + " recipient = excluded.recipient, reason = excluded.reason")) {
            forget.setLong(1, told);
            forget.executeUpdate();
            add.setString(1, organization.toString());
            add.setLong(2, now.toEpochMilli());
            add.setString(3, lost.recipient());
            add.setString(4, lost.reason().substring(0, Math.min(lost.reason().length(), LONGEST_REASON)));
            add.executeUpdate();
        }
    }

    /** Those that are told of. */
    static List<LostReports> read(Connection connection, Instant now) throws SQLException {
        List<LostReports> all = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement("SELECT organization, reports, last_at, recipient,"
                + " reason FROM lost_report WHERE last_at > ? ORDER BY last_at DESC LIMIT " + MOST)) {
            query.setLong(1, now.minus(LostReports.TOLD).toEpochMilli());
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    all.add(new LostReports(ResourceKey.parse(rows.getString(1)), rows.getLong(2),
                            Instant.ofEpochMilli(rows.getLong(3)), rows.getString(4), rows.getString(5)));
                }
            }
        }
        return all;
    }
}
