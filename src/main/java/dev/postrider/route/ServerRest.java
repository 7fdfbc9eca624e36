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
public record ServerRest(ResourceKey server, Instant since, String why, boolean overRate) {
    static final int LONGEST_WHY = 200;

    public ServerRest {
        why = why.length() > LONGEST_WHY ? why.substring(0, LONGEST_WHY - 1) + "…" : why;
    }

    /** Of one that failed. */
    public ServerRest(ResourceKey server, Instant since, String why) {
        this(server, since, why, false);
    }
}
