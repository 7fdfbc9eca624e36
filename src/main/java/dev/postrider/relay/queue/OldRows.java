package dev.postrider.relay.queue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Removes rows that are not needed any more, some at a time: a statement over all of them would hold up whoever commits
 * with it, for minutes after a long time in which nothing was removed.
 */
final class OldRows {
    /** At most so many with a statement. */
    static final int AT_ONCE = 1000;

    private OldRows() {}

    /** Sets the parameters of a condition. */
    @FunctionalInterface
    interface Parameters {
        void set(PreparedStatement statement) throws SQLException;
    }

    /**
     * The statement that removes some.
     *
     * @param key   the columns of the table's primary key
     * @param which a condition, and the order in which they are removed
     */
    static String delete(Connection connection, String table, String key, String which) throws SQLException {
        // Several relays remove at once, and none waits for another. SQLite has one writer.
        String aside = connection.getMetaData().getDatabaseProductName().equals("PostgreSQL")
                ? " FOR UPDATE SKIP LOCKED"
                : "";
        return "WITH old AS MATERIALIZED (SELECT " + key + " FROM " + table + " WHERE " + which + " LIMIT " + AT_ONCE
                + aside + ") DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM old)";
    }

    /** Removes all, each step in a commit of its own, with what others write meanwhile. */
    static void removeAll(GroupCommit writer, String table, String key, String which, Parameters parameters)
            throws QueueException {
        var removed = new AtomicInteger();
        do {
            writer.execute(writes -> {
                Connection connection = writes.connection();
                try (PreparedStatement statement = connection
                        .prepareStatement(delete(connection, table, key, which))) {
                    parameters.set(statement);
                    removed.set(statement.executeUpdate());
                }
            });
        } while (removed.get() >= AT_ONCE);
    }
}
