package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes relays on the same PostgreSQL by NOTIFY, and looks at the tables now and then for what no notice was heard of:
 * what a relay left that is gone, and how much is queued.
 */
final class PostgresPeers implements Peers {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresPeers.class);
    private static final String CHANNEL = "postrider_queue";
    /** Apart from the other: relays of former versions listen to that alone, and would not know what this says. */
    private static final String RELEASED = "postrider_released";
    private static final Duration GATHERING = Duration.ofMillis(20);
    private static final Duration POLL = Duration.ofSeconds(3);
    private static final Duration COUNT = Duration.ofSeconds(10);

    private static final int ANSWER_SECONDS = 2;

    /** Counting takes at most this part of the time. */
    private static final int COUNTING_SHARE = 50;

    private final PostgresDatabase database;
    private final Replica replica;
    private final LeasedPermits permits;
    private final Set<ResourceKey> untold = ConcurrentHashMap.newKeySet();
    private final Set<ResourceKey> untoldReleases = ConcurrentHashMap.newKeySet();
    private final Semaphore told = new Semaphore(0);
    private final Thread speaker = Thread.ofPlatform().name("queue-notify").daemon().unstarted(this::speak);
    private final Thread poller = Thread.ofPlatform().name("queue-poll").daemon().unstarted(this::poll);
    private final Thread listener = Thread.ofPlatform().name("queue-listen").daemon().unstarted(this::listen);
    private volatile boolean closing;
    private volatile @Nullable SqlQueue queue;

    // Touched by the poller alone.
    private long nextPoll = System.nanoTime() + POLL.toNanos();
    private boolean deaf;
    private long nextCount = System.nanoTime() + COUNT.toNanos();

    PostgresPeers(PostgresDatabase database, Replica replica, LeasedPermits permits) {
        this.database = database;
        this.replica = replica;
        this.permits = permits;
    }

    @Override
    public void start(SqlQueue listening) {
        queue = listening;
        speaker.start();
        listener.start();
        poller.start();
    }

    @Override
    public void tell(ResourceKey organization) {
        if (untold.add(organization)) {
            told.release();
        }
    }

    @Override
    public void tellReleased(ResourceKey organization) {
        if (untoldReleases.add(organization)) {
            told.release();
        }
    }

    private void speak() {
        while (!closing) {
            try {
                told.acquire();
                Thread.sleep(GATHERING);
                told.drainPermits();
                notifyOthers(RELEASED, untoldReleases);
                notifyOthers(CHANNEL, untold);
            } catch (InterruptedException e) {
                LOG.debug("woken", e);
            } catch (QueueException e) {
                // They find it when they look at the tables.
                LOG.debug("the other relays were not told: {}", e.getMessage());
            }
        }
    }

    private void notifyOthers(String channel, Set<ResourceKey> untoldOn) throws QueueException {
        String[] organizations = untoldOn.stream().map(ResourceKey::toString).toArray(String[]::new);
        if (organizations.length == 0) {
            return;
        }
        for (String organization : organizations) {
            untoldOn.remove(ResourceKey.parse(organization));
        }
        database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT pg_notify('" + channel + "', ? || ' ' || organization) FROM unnest(?) AS organization")) {
                statement.setString(1, replica.id());
                statement.setArray(2, connection.createArrayOf("text", organizations));
                return statement.execute();
            }
        });
    }

    private void listen() {
        while (!closing) {
            try (Connection connection = database.openDirect(); Statement statement = connection.createStatement()) {
                statement.execute("LISTEN " + CHANNEL);
                statement.execute("LISTEN " + RELEASED);
                statement.execute("LISTEN " + LeasedPermits.CHANNEL);
                heardAgain();
                while (!closing) {
                    hear(connection.unwrap(PGConnection.class).getNotifications((int) POLL.toMillis() / 3));
                    requireAnswer(connection);
                }
            } catch (SQLException e) {
                deaf = true;
                if (!closing) {
                    LOG.debug("the other relays are not heard: {}", e.getMessage());
                    database.doubtPrimary();
                    pause();
                }
            } catch (RuntimeException e) {
                deaf = true;
                LOG.error("listening to the other relays stumbled and goes on", e);
                pause();
            }
        }
    }

    /** What is due the tables tell; what a person has released they do not. */
    private void heardAgain() {
        SqlQueue listening = queue;
        if (listening != null && deaf) {
            listening.releasesMissed();
        }
        deaf = false;
    }

    /** Nothing comes on a connection to a server that is frozen, or behind a network that is gone: it must be asked. */
    private static void requireAnswer(Connection connection) throws SQLException {
        if (!connection.isValid(ANSWER_SECONDS)) {
            throw new SQLException("no answer within " + ANSWER_SECONDS + " s", "08006");
        }
    }

    private void poll() {
        while (!closing) {
            try {
                look();
            } catch (QueueException e) {
                LOG.debug("the tables cannot be looked at: {}", e.getMessage());
            } catch (RuntimeException e) {
                LOG.error("looking at the tables stumbled and goes on", e);
            }
            pause();
        }
    }

    private void pause() {
        try {
            Thread.sleep(POLL.dividedBy(3));
        } catch (InterruptedException e) {
            LOG.debug("woken", e);
        }
    }

    private void hear(PGNotification @Nullable [] notifications) {
        SqlQueue listening = queue;
        if (notifications == null || listening == null) {
            return;
        }
        for (PGNotification notification : notifications) {
            if (notification.getName().equals(LeasedPermits.CHANNEL)) {
                permits.heard(notification.getParameter());
                continue;
            }
            String[] words = notification.getParameter().split(" ", 2);
            if (words.length == 2 && !words[0].equals(replica.id())) {
                ResourceKey organization = ResourceKey.parse(words[1]);
                if (notification.getName().equals(RELEASED)) {
                    listening.releasedElsewhere(organization);
                } else {
                    listening.arrivedElsewhere(organization);
                }
            }
        }
    }

    private void look() throws QueueException {
        SqlQueue listening = queue;
        if (listening == null) {
            return;
        }
        if (System.nanoTime() - nextPoll > 0) {
            Instant now = listening.now();
            for (Map.Entry<ResourceKey, Instant> next : listening.schedule().entrySet()) {
                if (!next.getValue().isAfter(now)) {
                    listening.arrivedElsewhere(next.getKey());
                }
            }
            nextPoll = System.nanoTime() + POLL.toNanos();
        }
        if (System.nanoTime() - nextCount > 0) {
            long start = System.nanoTime();
            listening.count();
            long end = System.nanoTime();
            nextCount = end + Math.max(COUNT.toNanos(), (end - start) * COUNTING_SHARE);
        }
    }

    @Override
    public void close() {
        closing = true;
        speaker.interrupt();
        listener.interrupt();
        poller.interrupt();
        try {
            speaker.join();
            poller.join(2 * POLL.toMillis());
            listener.join(2 * POLL.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        replica.close();
    }
}
