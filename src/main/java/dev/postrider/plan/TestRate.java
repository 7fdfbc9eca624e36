package dev.postrider.plan;

import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How often one resource may be tested: one test in {@link #EACH}, {@link #BURST} of them at once, whatever the reason
 * for them. It is a leaky bucket that a single time describes (the generic cell rate algorithm, ITU-T I.371), which
 * stands in the status: a restart of the operator forgets no test. What a namespace may test is asked of the world last,
 * since the answer takes up a turn.
 */
final class TestRate {
    static final Duration EACH = Duration.ofSeconds(10);
    static final int BURST = 3;

    private final HasMetadata resource;
    private final World world;
    private final @Nullable String recorded;
    private @Nullable Instant countedUntil;
    private Optional<Wait> wait = Optional.empty();

    /**
     * A test that is due and must wait.
     *
     * @param until when it is made
     * @param why   the bound, for people
     */
    record Wait(Instant until, String why) {
        String message() {
            return "the test waits until %s: %s".formatted(TestRecord.seconds(until), why);
        }
    }

    /**
     * The rate of a resource.
     *
     * @param recorded {@link #countedUntil()} of the plan before
     */
    TestRate(HasMetadata resource, World world, @Nullable String recorded) {
        this.resource = resource;
        this.world = world;
        this.recorded = recorded;
    }

    /** Whether a server may be tested now, which then counts; else the test waits. */
    boolean mayTest(ResourceKey server) {
        if (wait.isPresent()) {
            // One turn at a time: whoever has many servers takes up no more than others.
            return false;
        }
        Instant now = world.now();
        Instant until = counted(now);
        Instant free = until.minus(EACH.multipliedBy(BURST - 1));
        if (free.isAfter(now)) {
            waitUntil(free, "a resource may have one test in %d s, and %d at once".formatted(EACH.toSeconds(), BURST));
            return false;
        }
        World.TestTurn turn = world.testTurn(resource, server);
        if (turn.time().isAfter(now)) {
            waitUntil(turn.time(), "its namespace may have %d tests a minute".formatted(turn.perMinute()));
            return false;
        }
        countedUntil = until.plus(EACH);
        return true;
    }

    private void waitUntil(Instant time, String why) {
        // To the second that the status tells.
        wait = Optional.of(new Wait(time.plusNanos(999_999_999).truncatedTo(ChronoUnit.SECONDS), why));
    }

    /** Until when the tests so far count; a clock that was wrong must not forbid tests for years. */
    private Instant counted(Instant now) {
        Instant until = countedUntil != null ? countedUntil : recorded == null ? now : Instant.parse(recorded);
        Instant most = now.plus(EACH.multipliedBy(BURST));
        return until.isBefore(now) ? now : until.isAfter(most) ? most : until;
    }

    /** A test that waits. */
    Optional<Wait> waiting() {
        return wait;
    }

    /** For the status. */
    @Nullable
    String countedUntil() {
        return countedUntil == null
                ? recorded
                : countedUntil.plusNanos(999_999_999).truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
