package dev.postrider.relay.queue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A queue in a PostgreSQL database, which other relays may use too. */
final class PostgresDatabase implements Database {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresDatabase.class);
    private static final int CONNECTIONS = 8;
    private static final int CONNECTION_TIMEOUT_MILLIS = 5_000;
    private static final int VALIDATION_TIMEOUT_MILLIS = 2_000;

    /** What is lent to somebody answers, or breaks, within the time of {@link #SETTINGS} or of its socket. */
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(PostgresLocation.SOCKET_SECONDS);

    /** A query that takes longer would block others, or has lost its way. */
    private static final String SETTINGS = "SET statement_timeout = '25s'; SET lock_timeout = '10s';"
            + " SET idle_in_transaction_session_timeout = '60s'";

    /** Where the server was built without LZ4, its own compression stays (0A000; before version 14 42601). */
    private static final String COMPRESSED = """
            DO $do$ BEGIN
              EXECUTE 'ALTER TABLE body ALTER COLUMN content SET COMPRESSION lz4';
            EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL;
            END $do$""";

    /** https://www.postgresql.org/docs/current/errcodes-appendix.html */
    private static final String READ_ONLY = "25006";
    private static final String WARNING = "01000";
    private static final String RESOLUTION_UNKNOWN = "08007";

    private static final String DUE_INDEX = "DROP INDEX recipient_due;"
            + " CREATE INDEX recipient_due ON recipient (organization, next_attempt) INCLUDE (message)";

    private final String name;
    private final PrimarySource source;
    private final HikariDataSource connections;
    /** When all of them were, by {@link System#nanoTime()}. */
    private volatile OptionalLong givenUp = OptionalLong.empty();

    private PostgresDatabase(String name, PrimarySource source) {
        this.name = name;
        this.source = source;
        var config = new HikariConfig();
        config.setPoolName("queue");
        config.setDataSource(source);
        config.setMaximumPoolSize(CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECTION_TIMEOUT_MILLIS);
        config.setConnectionInitSql(SETTINGS);
        config.setValidationTimeout(VALIDATION_TIMEOUT_MILLIS);
        config.setInitializationFailTimeout(-1);
        config.setExceptionOverride(new Broken(this::takesNoWrites));
        this.connections = new HikariDataSource(config);
        source.onSwitch(() -> giveUpConnections(System.nanoTime()));
    }

    /** What the pool does not give to others after an error. */
    private static final class Broken implements SQLExceptionOverride {
        private final Runnable readOnly;

        Broken(Runnable readOnly) {
            this.readOnly = readOnly;
        }

        @java.lang.Override
        public SQLExceptionOverride.Override adjudicate(SQLException e) {
            if (READ_ONLY.equals(e.getSQLState())) {
                readOnly.run();
                return SQLExceptionOverride.Override.MUST_EVICT;
            }
            return SQLExceptionOverride.Override.CONTINUE_EVICT;
        }
    }

    /**
     * A server takes no writes any more, as the primary is another now: nobody must read what it has, either. Whoever was
     * lent a connection to it before hears of that, too, one after the other: those must not cost the ones that were made to
     * the new primary meanwhile.
     */
    private void takesNoWrites() {
        long now = System.nanoTime();
        OptionalLong last = givenUp;
        if (last.isEmpty() || now - last.getAsLong() > LONGEST_ANSWER.toNanos()) {
            giveUpConnections(now);
        }
    }

    private void giveUpConnections(long now) {
        givenUp = OptionalLong.of(now);
        connections.getHikariPoolMXBean().softEvictConnections();
    }

    @Override
    public void writerLost(SQLException reason) {
        if (state(reason).equals(READ_ONLY)) {
            takesNoWrites();
        }
    }

    /**
     * Connects, and makes or brings up to date the tables.
     *
     * @throws QueueException if the database cannot be reached or used
     */
    static PostgresDatabase open(PostgresLocation server) throws QueueException {
        PrimarySource source = server.source();
        try {
            Schema.migrate(source, server.name(),
                    // Names are compared as octets: that is the fastest, and needs no new index when a locale changes.
                    Map.of("key", "TEXT COLLATE \"C\"", "octets", "BYTEA", "clustered", "", "compressed", COMPRESSED,
                            "due_index", DUE_INDEX));
        } catch (SQLException e) {
            throw failure(server.name(), e);
        }
        return new PostgresDatabase(server.name(), source);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Connection openWriter() throws SQLException {
        Connection connection = openDirect();
        connection.setAutoCommit(false);
        return connection;
    }

    /** Opens a connection that is not of the pool, with autocommit on. */
    Connection openDirect() throws SQLException {
        Connection connection = source.getConnection();
        try (Statement statement = connection.createStatement()) {
            statement.execute(SETTINGS);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Something does not answer as it should: finds out whether the primary is still the same. If it is another,
     * connections to the former one are broken; so they are if nobody answers at all.
     */
    void findPrimary() {
        source.doubt();
        try {
            source.getConnection().close();
        } catch (SQLException e) {
            LOG.debug("the primary is not found: {}", e.getMessage());
        }
    }

    /** The same, with the next connection that somebody asks for. */
    void doubtPrimary() {
        source.doubt();
    }

    /** How often another server was found to be the primary than before. */
    int switches() {
        return source.switches();
    }

    /**
     * Somebody may end a commit's wait for the standby (pg_cancel_backend): it is on the primary's disk then, and lost
     * if that is. The server only warns.
     */
    @Override
    public void commit(Connection connection) throws SQLException {
        connection.clearWarnings();
        connection.commit();
        SQLWarning warning = connection.getWarnings();
        if (warning != null && WARNING.equals(warning.getSQLState())) {
            throw new SQLException("a commit is not known to be on a standby: " + PostgresHost.firstLine(warning),
                    RESOLUTION_UNKNOWN);
        }
    }

    @Override
    public Connection borrow() throws SQLException {
        return connections.getConnection();
    }

    @Override
    public QueueException failure(SQLException e) {
        return failure(name, e);
    }

    // Code 53100 and class 28: https://www.postgresql.org/docs/current/errcodes-appendix.html
    private static QueueException failure(String name, SQLException e) {
        String state = state(e);
        String what = name + " failed: " + PostgresHost.firstLine(e);
        if (state.equals("53100")) {
            return new QueueException.Full("no room in " + name, e);
        }
        if (state.startsWith("28")) {
            return new QueueException(
                    name + " refuses the login: " + PostgresHost.firstLine(e) + ". Correct the files username and "
                            + "password of its credentials, or the login there; they are read again with each try",
                    e);
        }
        return new QueueException(what, e);
    }

    /** The state of the first error in the chain that has one. */
    private static String state(SQLException e) {
        for (Throwable link = e; link != null; link = link.getCause()) {
            if (link instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState();
            }
        }
        return "";
    }

    @Override
    public boolean losesConnection(SQLException e) {
        return switch (state(e).length() < 2 ? "" : state(e).substring(0, 2)) {
            // About data, transactions and room; all others are about the connection or the server.
            case "22", "23", "40", "42", "53", "55" -> false;
            default -> true;
        };
    }

    @Override
    public boolean mayRepeat(SQLException e) {
        // Serialization failure and deadlock.
        return state(e).equals("40001") || state(e).equals("40P01");
    }

    @Override
    public void checkRoom() {
        // The server says so when it has none.
    }

    @Override
    public OptionalLong free() {
        return OptionalLong.empty();
    }

    @Override
    public void checkSound() {
        // What is damaged there is the server's to say, each time, and can be mended there.
    }

    @Override
    public long damagedFiles() {
        return 0;
    }

    @Override
    public void closeReaders() {
        connections.close();
    }

    @Override
    public void close() {
        connections.close();
    }
}
