package dev.postrider.relay.queue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.OptionalLong;

/** A database that holds a queue: how it is reached, and what its errors mean for the queue. */
interface Database extends AutoCloseable {

    /** What it is called in messages: the file, or the server and the database, without login. */
    String name();

    /** Opens the connection of the one writer, with autocommit off. */
    Connection openWriter() throws SQLException;

    /** Lends a connection for reading, with autocommit on; closing it gives it back. */
    Connection borrow() throws SQLException;

    /**
     * Commits, and returns once that is as durable as the database is set to make it.
     *
     * @throws SQLException also if it cannot say so
     */
    default void commit(Connection connection) throws SQLException {
        connection.commit();
    }

    /** What an error means. */
    QueueException failure(SQLException e);

    /** Whether the connection on which this happened should not be used again. */
    boolean losesConnection(SQLException e);

    /** The writer's connection is given up, or there is none, for this. */
    default void writerLost(SQLException reason) {}

    /** Whether the same is likely to work when it is done again at once. */
    boolean mayRepeat(SQLException e);

    /**
     * Refuses new mail while there is hardly room for recording what became of the old.
     *
     * @throws QueueException.Full    if that is so
     * @throws QueueException.Corrupt as {@link #checkSound}
     */
    void checkRoom() throws QueueException;

    /**
     * Octets that mail may take beside what it takes already, with a reserve left out that is for everything else; less
     * than nothing if the reserve is touched. Empty if it is not known.
     */
    OptionalLong free() throws QueueException;

    /**
     * Refuses to go on with what was found damaged, until the process starts again.
     *
     * @throws QueueException.Corrupt if that is so
     */
    void checkSound() throws QueueException.Corrupt;

    /** How many damaged files were set aside. */
    long damagedFiles();

    /** Gives up the connections for reading. */
    void closeReaders();

    @Override
    void close();

    /** A query and what is made of its rows. */
    @FunctionalInterface
    interface Query<T> {
        T run(Connection connection) throws SQLException;
    }

    /** Runs a query on a borrowed connection. */
    default <T> T read(Query<T> query) throws QueueException {
        try (Connection connection = borrow()) {
            return query.run(connection);
        } catch (SQLException e) {
            throw failure(e);
        }
    }
}
