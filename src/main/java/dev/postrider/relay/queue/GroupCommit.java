package dev.postrider.relay.queue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of the file. What has arrived while it wrote is committed together, so that one fsync serves many.
 * A platform thread: SQLite's calls would hold a virtual thread's carrier.
 */
final class GroupCommit implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);
    private static final int MOST_AT_ONCE = 512;

    /** Statements that belong together. */
    @FunctionalInterface
    interface Work {
        void run(SqliteWrites writes) throws SQLException;
    }

    private record Job(Work work, CompletableFuture<Optional<SQLException>> result) {}

    private final Path file;
    private final Connection connection;
    private final SqliteWrites writes;
    private final BlockingQueue<Job> jobs = new ArrayBlockingQueue<>(8 * MOST_AT_ONCE);
    private final Thread thread;
    private volatile boolean closing;

    GroupCommit(Path file, Connection connection) throws SQLException {
        this.file = file;
        this.connection = connection;
        this.writes = new SqliteWrites(connection);
        this.thread = Thread.ofPlatform().name("queue-writer").start(this::write);
    }

    /** Returns once the work is on disk. */
    void execute(Work work) throws QueueException {
        if (closing) {
            throw new QueueException("queue file " + file + " is closed");
        }
        var job = new Job(work, new CompletableFuture<>());
        put(job);
        Optional<SQLException> error = job.result.join();
        if (error.isPresent()) {
            throw SqliteSchema.failure(file, error.get());
        }
    }

    private void put(Job job) throws QueueException {
        try {
            jobs.put(job);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QueueException("interrupted before writing to queue file " + file, e);
        }
    }

    private void write() {
        List<Job> batch = new ArrayList<>();
        while (!closing || !jobs.isEmpty()) {
            batch.clear();
            try {
                batch.add(jobs.take());
            } catch (InterruptedException e) {
                continue;
            }
            jobs.drainTo(batch, MOST_AT_ONCE - 1);
            commit(batch);
        }
    }

    private void commit(List<Job> batch) {
        Optional<SQLException> error = tryCommit(batch);
        if (error.isPresent() && batch.size() > 1) {
            // One of them may be at fault, or too big for what room is left: each for itself.
            batch.forEach(job -> job.result.complete(tryCommit(List.of(job))));
        } else {
            batch.forEach(job -> job.result.complete(error));
        }
    }

    private Optional<SQLException> tryCommit(List<Job> batch) {
        try (Statement transaction = connection.createStatement()) {
            try {
                transaction.execute("BEGIN IMMEDIATE");
                for (Job job : batch) {
                    job.work.run(writes);
                }
                transaction.execute("COMMIT");
                return Optional.empty();
            } catch (SQLException e) {
                rollBack(transaction);
                return Optional.of(e);
            } catch (RuntimeException e) {
                rollBack(transaction);
                return Optional.of(new SQLException(e));
            }
        } catch (SQLException e) {
            return Optional.of(e);
        }
    }

    private static void rollBack(Statement transaction) {
        try {
            transaction.execute("ROLLBACK");
        } catch (SQLException e) {
            // After some errors SQLite has rolled back by itself and finds no transaction.
            LOG.debug("nothing to roll back: {}", e.getMessage());
        }
    }

    /** Writes what is waiting and closes the file. */
    @Override
    public void close() {
        if (!closing) {
            closing = true;
            thread.interrupt();
        }
        try {
            thread.join();
            for (Job job = jobs.poll(); job != null; job = jobs.poll()) {
                job.result.complete(Optional.of(new SQLException("closed")));
            }
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            LOG.warn("cannot close queue file {}: {}", file, e.getMessage());
        }
    }
}
