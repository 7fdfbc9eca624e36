package dev.postrider.relay.queue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This relay among those that share a database. It says again and again that it is there; what one holds that was not
 * heard of for the length of a lease, the others give free. It knows by its own clock when that may have happened, and
 * takes up nothing from then on.
 */
final class Replica implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    private static final String NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    /** What is done with each renewal. */
    @FunctionalInterface
    interface Chore {
        void run() throws QueueException;
    }

    /** @param start by {@link System#nanoTime}, taken before the database was asked */
    private record Lease(String id, long start) {}

    private final PostgresDatabase database;
    private final Duration length;
    private final List<Chore> chores = new CopyOnWriteArrayList<>();
    private final Thread thread = Thread.ofPlatform().name("queue-lease").daemon().unstarted(this::keep);
    private volatile Lease lease;
    private volatile boolean connected = true;
    private volatile boolean closing;

    // Touched by the thread alone.
    private long connectedSince = System.nanoTime();
    private int switches;

    private Replica(PostgresDatabase database, Duration length) throws QueueException {
        this.database = database;
        this.length = length;
        this.lease = registered();
    }

    static Replica register(PostgresDatabase database, Duration lease) throws QueueException {
        var replica = new Replica(database, lease);
        replica.thread.start();
        return replica;
    }

    /** What it is known as now; a new name after it was given up by the others. */
    String id() {
        return lease.id;
    }

    /** Whether the others still let it have what it took under a name. */
    boolean holds(String id) {
        Lease now = lease;
        return now.id.equals(id) && isFresh(now);
    }

    /** Whether it may take anything up. */
    boolean isValid() {
        return isFresh(lease);
    }

    /** A fifth less than the lease, so that it stops before the others begin. */
    private boolean isFresh(Lease some) {
        return !closing && System.nanoTime() - some.start < length.toNanos() * 4 / 5;
    }

    /** Whether the database could be reached lately. */
    boolean isConnected() {
        return connected;
    }

    /** Does this with each renewal from now on. */
    void withEachRenewal(Chore chore) {
        chores.add(chore);
    }

    private Lease registered() throws QueueException {
        String id = UUID.randomUUID().toString();
        long start = System.nanoTime();
        database.read(connection -> {
            try (PreparedStatement insert = connection
                    .prepareStatement("INSERT INTO replica (id, expires) VALUES (?, " + NOW + " + ?)")) {
                insert.setString(1, id);
                insert.setLong(2, length.toMillis());
                return insert.executeUpdate();
            }
        });
        return new Lease(id, start);
    }

    private void keep() {
        while (!closing) {
            try {
                Thread.sleep(connected ? length.dividedBy(5) : length.dividedBy(15));
            } catch (InterruptedException e) {
                continue;
            }
            tend();
        }
    }

    private void tend() {
        try {
            int now = database.switches();
            renew();
            if (now != switches) {
                switches = now;
                connectedSince = System.nanoTime();
            }
            if (!connected) {
                connected = true;
                connectedSince = System.nanoTime();
                LOG.info("{} answers again", database.name());
            }
            // After an outage nobody was heard of: they are given the time to say that they are there. So they are at
            // another server, whose clock may be another, too.
            if (System.nanoTime() - connectedSince > length.toNanos()) {
                database.read(connection -> database.switches() == now ? giveFree(connection) : List.of());
            }
        } catch (QueueException e) {
            database.findPrimary();
            if (connected && !closing) {
                connected = false;
                LOG.error("this relay cannot say that it is there: {}", e.getMessage());
            }
            return;
        } catch (RuntimeException e) {
            LOG.error("the lease stumbled and goes on", e);
        }
        chores.forEach(this::run);
    }

    /** One that fails is done with the next renewal, and keeps no other from being done. */
    private void run(Chore chore) {
        try {
            chore.run();
        } catch (QueueException e) {
            if (!closing) {
                LOG.warn("what is done with each renewal failed: {}", e.getMessage());
            }
        } catch (RuntimeException e) {
            LOG.error("what is done with each renewal stumbled", e);
        }
    }

    private void renew() throws QueueException {
        long start = System.nanoTime();
        String id = lease.id;
        int found = database.read(connection -> {
            // A former primary goes on, and waits with each commit for the standby that has taken its place.
            connection.setNetworkTimeout(Runnable::run, Math.toIntExact(length.dividedBy(5).toMillis()));
            try (PreparedStatement update = connection
                    .prepareStatement("UPDATE replica SET expires = " + NOW + " + ? WHERE id = ?")) {
                update.setLong(1, length.toMillis());
                update.setString(2, id);
                return update.executeUpdate();
            }
        });
        if (found > 0) {
            lease = new Lease(id, start);
        } else {
            lease = registered();
            LOG.warn("this relay was not heard of for {} s: what it held is the others', it goes on as {}",
                    length.toSeconds(), lease.id);
        }
    }

    /** Claims and permits go with the replica by their foreign keys. */
    private List<String> giveFree(Connection connection) throws SQLException {
        List<String> gone = new ArrayList<>();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            try (ResultSet rows = statement.executeQuery("SELECT id FROM replica WHERE expires <= " + NOW
                    + " ORDER BY id FOR UPDATE SKIP LOCKED")) {
                while (rows.next()) {
                    gone.add(rows.getString(1));
                }
            }
            for (String id : gone) {
                remove(connection, id);
            }
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            if (!database.mayRepeat(e)) {
                throw e;
            }
            gone.clear();
        } finally {
            connection.setAutoCommit(true);
        }
        if (!gone.isEmpty()) {
            LOG.warn("relays that were not heard of for {} s are given up, their mail is free: {}", length.toSeconds(),
                    gone);
        }
        return gone;
    }

    private static void remove(Connection connection, String id) throws SQLException {
        for (String sql : new String[]{
                "DELETE FROM body b USING draft d WHERE d.replica = ? AND b.organization = d.organization"
                        + " AND b.message = d.message",
                "DELETE FROM draft WHERE replica = ?", "DELETE FROM replica WHERE id = ?"}) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, id);
                statement.executeUpdate();
            }
        }
    }

    /** Gives up all that it holds. */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        thread.interrupt();
        try {
            thread.join();
            database.read(connection -> {
                connection.setAutoCommit(false);
                try {
                    remove(connection, lease.id);
                    connection.commit();
                } finally {
                    connection.setAutoCommit(true);
                }
                return lease.id;
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (QueueException e) {
            LOG.warn("what this relay held is free in {} s: {}", length.toSeconds(), e.getMessage());
        }
    }
}
