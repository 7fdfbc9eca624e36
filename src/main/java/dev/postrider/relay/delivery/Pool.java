package dev.postrider.relay.delivery;

import dev.postrider.route.Preference;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Organizations of a namespace that share the same servers; they take turns. Guarded by {@link Turns}. */
final class Pool {
    private final String namespace;
    private final List<Lane> lanes;
    private final ServerChoice<Lane> choice;
    private final Deque<Backlog> turns = new ArrayDeque<>();
    private boolean runnable;
    private boolean emptied;

    /** @param lanes its servers, and when it goes through each */
    Pool(String namespace, Map<Lane, Preference> lanes) {
        this.namespace = namespace;
        this.lanes = List.copyOf(lanes.keySet());
        this.choice = new ServerChoice<>(this.lanes, lane -> Objects.requireNonNull(lanes.get(lane)));
    }

    String namespace() {
        return namespace;
    }

    List<Lane> lanes() {
        return lanes;
    }

    /** Which of them is next. */
    ServerChoice<Lane> choice() {
        return choice;
    }

    /** Those of its servers of which that is so. */
    Set<ResourceKey> servers(Predicate<ServerRoute> which) {
        Set<ResourceKey> keys = new HashSet<>();
        for (Lane lane : lanes) {
            lane.route().filter(which).ifPresent(server -> keys.add(server.key()));
        }
        return keys;
    }

    /** The organization is the last to have a turn from now on, unless it waits for one already. */
    void list(Backlog backlog) {
        if (!backlog.isListed()) {
            backlog.listed(true);
            turns.addLast(backlog);
        }
    }

    void unlist(Backlog backlog) {
        turns.remove(backlog);
        backlog.listed(false);
    }

    /** Takes out the organization whose turn it is. */
    @Nullable
    Backlog poll() {
        Backlog next = turns.pollFirst();
        if (next != null) {
            next.listed(false);
        }
        return next;
    }

    /** Those that wait for a turn. */
    Deque<Backlog> waiting() {
        return turns;
    }

    /** Whether it is among those that are about to look for a place. */
    boolean isRunnable() {
        return runnable;
    }

    void runnable(boolean now) {
        runnable = now;
    }

    /** Whether its mail was put back into the queue since its servers rest. */
    boolean isEmptied() {
        return emptied;
    }

    void emptied(boolean now) {
        emptied = now;
    }
}
