package dev.postrider.operator.installation;

import dev.postrider.plan.World.TestTurn;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Who of a namespace may test when: a namespace has many resources, and what stands in the status of one tells nothing
 * of the others, nor of those that were deleted meanwhile. A minute's tests may be made at once; after that they come
 * evenly, each at the turn that it was given when it asked first. It is kept in memory: a process that begins takes from
 * the statuses what was tested in the minute before.
 */
final class TestTurns {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final int perMinute;
    private final Duration each;
    private final BiFunction<String, Instant, Long> testedSince;
    private final Map<String, Namespace> namespaces = new HashMap<>();

    /**
     * Turns of all namespaces.
     *
     * @param perMinute   tests of a namespace
     * @param testedSince how many of a namespace's tests ended after a time, as its statuses tell
     */
    TestTurns(int perMinute, BiFunction<String, Instant, Long> testedSince) {
        this.perMinute = perMinute;
        this.each = MINUTE.dividedBy(perMinute);
        this.testedSince = testedSince;
    }

    /** Of one namespace: until when its tests count, and turns to come, by who waits for them. */
    private static final class Namespace {
        private Instant countedUntil;
        private final Map<Object, Instant> turns = new HashMap<>();

        Namespace(Instant countedUntil) {
            this.countedUntil = countedUntil;
        }
    }

    private record Waiting(String uid, ResourceKey server) {}

    /** The turn of a resource to test a server; one that is now is taken up. */
    synchronized TestTurn turn(HasMetadata resource, ResourceKey server, Instant now) {
        namespaces.values().removeIf(other -> other.countedUntil.isBefore(now.minus(MINUTE)));
        Namespace namespace = namespaces.computeIfAbsent(resource.getMetadata().getNamespace(),
                name -> new Namespace(now.plus(each.multipliedBy(testedSince.apply(name, now.minus(MINUTE))))));
        // Whoever did not come at their turn has lost it: turns must not be saved up.
        namespace.turns.values().removeIf(turn -> turn.isBefore(now.minus(MINUTE)));
        Waiting who = new Waiting(resource.getMetadata().getUid(), server);
        Instant turn = namespace.turns.computeIfAbsent(who, _ -> next(namespace, now));
        if (!turn.isAfter(now)) {
            namespace.turns.remove(who);
        }
        return new TestTurn(turn, perMinute);
    }

    private Instant next(Namespace namespace, Instant now) {
        Instant until = namespace.countedUntil.isBefore(now) ? now : namespace.countedUntil;
        namespace.countedUntil = until.plus(each);
        Instant free = namespace.countedUntil.minus(MINUTE);
        return free.isBefore(now) ? now : free;
    }
}
