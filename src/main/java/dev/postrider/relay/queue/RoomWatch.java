package dev.postrider.relay.queue;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures every second how much room there is for mail: a volume may be expanded, and something else may fill it. A
 * platform thread: SQLite's calls would hold a virtual thread's carrier.
 */
final class RoomWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RoomWatch.class);
    private static final Duration BETWEEN = Duration.ofSeconds(1);

    private final Database database;
    private final QueueUsage usage;
    private final Thread thread = Thread.ofPlatform().name("queue-room").daemon().unstarted(this::watch);
    private volatile Supplier<Map<String, Integer>> namespaces = Map::of;

    RoomWatch(Database database, QueueUsage usage) {
        this.database = database;
        this.usage = usage;
    }

    /** Measures once, and then every second. */
    void start() throws QueueException {
        measure();
        thread.start();
    }

    /** @param organizations how many each namespace has */
    void shareAmong(Supplier<Map<String, Integer>> organizations) {
        namespaces = organizations;
    }

    void measure() throws QueueException {
        OptionalLong free = database.free();
        usage.measured(free, namespaces.get());
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(BETWEEN);
                try {
                    measure();
                } catch (QueueException e) {
                    LOG.debug("what room there is for mail is not known", e);
                }
            }
        } catch (InterruptedException e) {
            // That is how it is closed.
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
