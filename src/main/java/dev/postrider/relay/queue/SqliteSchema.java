package dev.postrider.relay.queue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** The queue's file: how it is opened, checked and laid out. */
final class SqliteSchema {
    private static final int VERSION = 1;

    private static final String[] TABLES = {"""
            CREATE TABLE message (
              organization TEXT NOT NULL,
              id TEXT NOT NULL,
              sender TEXT NOT NULL,
              eight_bit INTEGER NOT NULL,
              smtp_utf8 INTEGER NOT NULL,
              size INTEGER NOT NULL,
              received INTEGER NOT NULL,
              PRIMARY KEY (organization, id)) WITHOUT ROWID""", """
            CREATE TABLE recipient (
              organization TEXT NOT NULL,
              message TEXT NOT NULL,
              number INTEGER NOT NULL,
              address TEXT NOT NULL,
              attempts INTEGER NOT NULL,
              next_attempt INTEGER NOT NULL,
              server TEXT,
              last_reply TEXT,
              PRIMARY KEY (organization, message, number)) WITHOUT ROWID""",
            "CREATE INDEX recipient_due ON recipient (organization, next_attempt, message)", """
                    CREATE TABLE body (
                      organization TEXT NOT NULL,
                      message TEXT NOT NULL,
                      part INTEGER NOT NULL,
                      content BLOB NOT NULL,
                      PRIMARY KEY (organization, message, part))""",
            "CREATE TABLE probe (id INTEGER PRIMARY KEY, time INTEGER NOT NULL)"};

    private SqliteSchema() {}

    /** Opens the file for writing; makes it if it is not there. */
    static Connection open(Path file) throws QueueException {
        try {
            Connection connection = connect(file, false);
            try {
                check(connection, file);
                migrate(connection, file);
                return connection;
            } catch (SQLException | QueueException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw failure(file, e);
        }
    }

    /** Opens one more connection, for reading. */
    static Connection openForReading(Path file) throws SQLException {
        return connect(file, true);
    }

    private static Connection connect(Path file, boolean readOnly) throws SQLException {
        var config = new SQLiteConfig();
        config.setReadOnly(readOnly);
        config.setBusyTimeout(10_000);
        if (!readOnly) {
            config.setJournalMode(SQLiteConfig.JournalMode.WAL);
            // FULL syncs the log at each commit: what was acknowledged survives a power cut.
            config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        }
        return config.createConnection("jdbc:sqlite:" + file);
    }

    private static void check(Connection connection, Path file) throws SQLException, QueueException {
        String result = text(connection, "PRAGMA quick_check(1)");
        if (!result.equals("ok")) {
            throw corrupt(file, new SQLException(result));
        }
    }

    private static void migrate(Connection connection, Path file) throws SQLException, QueueException {
        int version = Integer.parseInt(text(connection, "PRAGMA user_version"));
        if (version > VERSION) {
            throw new QueueException("queue file " + file + " has schema version " + version
                    + ", this version of Postrider knows up to " + VERSION + "; run the version that wrote it");
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA wal_autocheckpoint = 4000");
            if (version == 0) {
                statement.execute("BEGIN IMMEDIATE");
                for (String table : TABLES) {
                    statement.execute(table);
                }
                statement.execute("PRAGMA user_version = " + VERSION);
                statement.execute("COMMIT");
            }
            // Parts of messages that were still coming in when the process ended.
            statement.execute("DELETE FROM body WHERE NOT EXISTS (SELECT 1 FROM message m"
                    + " WHERE m.organization = body.organization AND m.id = body.message)");
        }
    }

    private static String text(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query)) {
            return rows.next() ? rows.getString(1) : "";
        }
    }

    /** What an error of SQLite means for the queue. */
    static QueueException failure(Path file, SQLException e) {
        SQLiteErrorCode code = e instanceof SQLiteException known
                ? known.getResultCode()
                : SQLiteErrorCode.UNKNOWN_ERROR;
        return switch (code) {
            case SQLITE_FULL -> new QueueException.Full("no room for queue file " + file, e);
            case SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_CORRUPT_SEQUENCE, SQLITE_CORRUPT_VTAB, SQLITE_NOTADB ->
                corrupt(file, e);
            default -> new QueueException("queue file " + file + " failed: " + e.getMessage(), e);
        };
    }

    private static QueueException.Corrupt corrupt(Path file, SQLException e) {
        return new QueueException.Corrupt("queue file " + file + " is damaged (" + e.getMessage()
                + "); restore it from a copy, or move it and its -wal file away to start with an empty queue", e);
    }
}
