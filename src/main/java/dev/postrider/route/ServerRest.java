package dev.postrider.route;

import java.time.Instant;

/**
 * That a server takes no mail now, as the relay tells the operator.
 *
 * @param since when that began
 * @param why   what it failed with, for people, at most {@value #LONGEST_WHY} characters
 */
public record ServerRest(ResourceKey server, Instant since, String why) implements RelayRest {
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
        return 0;
    }
}
