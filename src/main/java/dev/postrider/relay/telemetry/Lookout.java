package dev.postrider.relay.telemetry;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something every few seconds. */
public final class Lookout implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lookout.class);
    private static final int SECONDS = 15;

    private final ScheduledExecutorService timer = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("lookout").factory());

    private Lookout() {}

    /** Does it for the first time soon. */
    public static Lookout start(Runnable look) {
        var lookout = new Lookout();
        var _ = lookout.timer.scheduleWithFixedDelay(() -> {
            try {
                look.run();
            } catch (RuntimeException e) {
                LOG.error("metrics are not up to date", e);
            }
        }, 1, SECONDS, TimeUnit.SECONDS);
        return lookout;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
