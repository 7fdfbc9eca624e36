package dev.postrider.relay.queue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** A few connections for reading; each is lent for one query. */
final class SqliteReads implements AutoCloseable {
    private static final int CONNECTIONS = 4;

    /** A query and what is made of its rows. */
    @FunctionalInterface
    interface Query<T> {
        T run(Connection connection) throws SQLException;
    }

    private final Path file;
    private final List<Connection> all = new ArrayList<>();
    private final BlockingQueue<Connection> free = new ArrayBlockingQueue<>(CONNECTIONS);

    SqliteReads(Path file) throws SQLException {
        this.file = file;
        for (int i = 0; i < CONNECTIONS; i++) {
            all.add(SqliteSchema.openForReading(file));
        }
        free.addAll(all);
    }

    <T> T read(Query<T> query) throws QueueException {
        Connection connection;
        try {
            connection = free.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QueueException("interrupted before reading queue file " + file, e);
        }
        try {
            return query.run(connection);
        } catch (SQLException e) {
            throw SqliteSchema.failure(file, e);
        } finally {
            free.add(connection);
        }
    }

    @Override
    public void close() throws SQLException {
        for (Connection connection : all) {
            connection.close();
        }
    }
}
