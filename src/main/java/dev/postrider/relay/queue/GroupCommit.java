package dev.postrider.relay.queue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of this process. What has arrived while it wrote is committed together, so that one fsync serves many.
 * A platform thread: SQLite's calls would hold a virtual thread's carrier.
 */
final class GroupCommit implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);
    private static final int MOST_AT_ONCE = 512;
    private static final int MOST_REPEATS = 5;

    /** What may wait for the writer: more would only be held in memory. */
    private static final int MOST_KIBIOCTETS = 16 * 1024;

    /** Statements that belong together. May run again when the step is repeated. */
    @FunctionalInterface
    interface Work {
        void run(SqlWrites writes) throws SQLException;
    }

    private record Job(Work work, int kibioctets, CompletableFuture<Optional<SQLException>> result) {}

    private record Session(Connection connection, SqlWrites writes) {}

    private final String run = UUID.randomUUID().toString().substring(0, 13);
    private final Database database;
    private final BlockingQueue<Job> jobs = new ArrayBlockingQueue<>(8 * MOST_AT_ONCE);
    private final Semaphore room = new Semaphore(MOST_KIBIOCTETS);
    private final Thread thread = Thread.ofPlatform().name("queue-writer").unstarted(this::write);
    private volatile boolean closing;
    private volatile IntConsumer committed = steps -> {};

    // Touched by the writer alone.
    private @Nullable Session session;

    /** @throws SQLException if the database cannot be written now; later on that only fails what is asked for then */
    GroupCommit(Database database) throws SQLException {
        this.database = database;
        this.session = open();
        thread.start();
    }

    private Session open() throws SQLException {
        Connection connection = database.openWriter();
        try {
            return new Session(connection, new SqlWrites(connection, run));
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Returns once the work is on disk. */
    void execute(Work work) throws QueueException {
        execute(work, 0);
    }

    /**
     * Returns once the work is on disk.
     *
     * @param octets of content that it holds in memory
     */
    void execute(Work work, long octets) throws QueueException {
        if (closing) {
            throw new QueueException(database.name() + " is closed");
        }
        int kibioctets = (int) Math.min(MOST_KIBIOCTETS, (octets + 1023) / 1024);
        var job = new Job(work, kibioctets, new CompletableFuture<>());
        put(job);
        Optional<SQLException> error;
        try {
            error = job.result.join();
        } finally {
            room.release(kibioctets);
        }
        if (error.isPresent()) {
            throw database.failure(error.get());
        }
    }

    private void put(Job job) throws QueueException {
        try {
            room.acquire(job.kibioctets);
            boolean waits = false;
            try {
                jobs.put(job);
                waits = true;
            } finally {
                if (!waits) {
                    room.release(job.kibioctets);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QueueException("interrupted before writing to " + database.name(), e);
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
            try {
                commit(batch);
            } catch (RuntimeException | Error e) {
                survive(batch, e);
            }
        }
        closeSession();
    }

    /** Without this thread nobody could ever submit again, and whoever waits would wait for ever. */
    private void survive(List<Job> batch, Throwable e) {
        LOG.error("the writer of {} stumbled and goes on", database.name(), e);
        closeSession();
        batch.forEach(job -> job.result.complete(Optional.of(new SQLException(e.toString(), e))));
    }

    void onCommit(IntConsumer listener) {
        committed = listener;
    }

    private void commit(List<Job> batch) {
        Optional<SQLException> error = tryCommit(batch);
        committed.accept(batch.size());
        if (error.isPresent() && batch.size() > 1 && session != null) {
            // One of them may be at fault, or too big for what room is left: each for itself.
            batch.forEach(job -> job.result.complete(tryCommit(List.of(job))));
        } else {
            batch.forEach(job -> job.result.complete(error));
        }
    }

    private Optional<SQLException> tryCommit(List<Job> batch) {
        Optional<SQLException> error = tryOnce(batch);
        for (int i = 0; i < MOST_REPEATS && error.isPresent() && database.mayRepeat(error.get()); i++) {
            error = tryOnce(batch);
        }
        return error;
    }

    private Optional<SQLException> tryOnce(List<Job> batch) {
        try {
            Session current = session == null ? open() : session;
            session = current;
            try {
                for (Job job : batch) {
                    job.work.run(current.writes);
                }
                current.writes.flush();
                database.commit(current.connection);
                return Optional.empty();
            } catch (SQLException e) {
                rollBack(current, e);
                return Optional.of(e);
            } catch (RuntimeException | Error e) {
                var wrapped = new SQLException(e.toString(), e);
                rollBack(current, wrapped);
                return Optional.of(wrapped);
            }
        } catch (SQLException e) {
            database.writerLost(e);
            return Optional.of(e);
        }
    }

    private void rollBack(Session failed, SQLException reason) {
        try {
            failed.writes.clear();
            failed.connection.rollback();
        } catch (SQLException e) {
            // After some errors the database has rolled back by itself and finds no transaction.
            LOG.debug("nothing to roll back: {}", e.getMessage());
        }
        if (!(reason instanceof RejectedException) && database.losesConnection(reason)) {
            closeSession();
            database.writerLost(reason);
        }
    }

    private void closeSession() {
        if (session != null) {
            try {
                session.connection.close();
            } catch (SQLException e) {
                LOG.warn("cannot close {}: {}", database.name(), e.getMessage());
            }
            session = null;
        }
    }

    /** Writes what is waiting and closes its connection. */
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
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
