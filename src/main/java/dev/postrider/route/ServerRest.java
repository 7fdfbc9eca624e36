package dev.postrider.route;

import java.time.Instant;

/**
 * That a server takes no mail now, as the relay tells the operator.
 *
 * @param since when that began
 * @param why   what it failed with, or which rate it is over and until when, for people, at most {@value #LONGEST_WHY}
 *              characters
 * @param overRate whether it had as much as it takes in a time, and did not fail
 */
public record ServerRest(ResourceKey server, Instant since, String why, boolean overRate) implements RelayRest {
    public ServerRest {
        why = RelayRest.bounded(why);
    }

    @Override
    public ResourceKey about() {
        return server;
    }

    @Override
    public Object identity() {
        return server;
    }

    @Override
    public boolean isOver(Instant now) {
        return false;
    }

    @Override
    public int weight() {
        return overRate ? 0 : 1;
    }

    /** Of one that failed. */
    public ServerRest(ResourceKey server, Instant since, String why) {
        this(server, since, why, false);
    }
}
