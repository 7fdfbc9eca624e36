package dev.postrider.relay.queue;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that takes itself for the primary.
 *
 * @param host     where it was reached
 * @param timeline each promotion begins one with a higher number
 *                 (https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES); 0 where the
 *                 server does not tell
 * @param started  when it was, as it writes times: tells servers of the same timeline apart
 */
record PrimaryServer(PostgresHost host, long timeline, String started) {
    private static final Logger LOG = LoggerFactory.getLogger(PrimaryServer.class);

    private static final String WRITABLE = "SELECT NOT pg_is_in_recovery()"
            + " AND current_setting('transaction_read_only') = 'off', pg_postmaster_start_time()::text";

    /** The first eight digits of the name of a WAL file are the timeline's number. */
    private static final String TIMELINE = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)";

    private static final String DURABILITY = "SELECT current_setting('synchronous_commit'),"
            + " current_setting('synchronous_standby_names'), (SELECT count(*) FROM pg_stat_replication)";

    /** One and a connection to it. */
    record Reached(PrimaryServer server, Connection connection) {}

    /** @throws SQLException with state 25006 if it takes no writes */
    static PrimaryServer of(PostgresHost host, Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(WRITABLE)) {
            row.next();
            if (!row.getBoolean(1)) {
                throw new SQLException(host.name() + " is a standby, or takes no writes", "25006");
            }
            return new PrimaryServer(host, timeline(connection), row.getString(2));
        }
    }

    private static long timeline(Connection connection) {
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(TIMELINE)) {
            return row.next() ? Long.parseLong(row.getString(1), 16) : 0;
        } catch (SQLException | NumberFormatException e) {
            // What speaks PostgreSQL's protocol need not have its log.
            LOG.debug("the server tells no timeline: {}", e.getMessage());
            return 0;
        }
    }

    boolean isSame(PrimaryServer other) {
        return timeline == other.timeline && started.equals(other.started);
    }

    /** Says once in the log where mail that was acknowledged may be lost, as this server is set. */
    void warn(boolean severalHosts, Connection connection) {
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(DURABILITY)) {
            row.next();
            weakness(row.getString(1), row.getString(2), severalHosts || row.getLong(3) > 0)
                    .ifPresent(text -> LOG.warn("{}: {}", host.name(), text));
        } catch (SQLException e) {
            LOG.debug("the server does not tell how it commits: {}", e.getMessage());
        }
    }

    /**
     * What may be lost.
     *
     * @param commit   its synchronous_commit
     * @param standbys its synchronous_standby_names
     * @param failover whether another server may take its place
     */
    static Optional<String> weakness(String commit, String standbys, boolean failover) {
        if (commit.equals("off")) {
            return Optional.of("synchronous_commit is off: mail that was answered with 250 is lost when the server"
                    + " crashes. Set it to on");
        }
        if (failover && (standbys.isBlank() || commit.equals("local"))) {
            return Optional.of("no standby confirms a commit (synchronous_commit is " + commit
                    + ", synchronous_standby_names is '" + standbys + "'): when a standby is promoted, mail that was"
                    + " answered with 250 may be lost, and other mail sent twice. Name a synchronous standby");
        }
        return Optional.empty();
    }
}
