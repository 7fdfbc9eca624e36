package dev.postrider.route;

import java.time.Instant;

/**
 * That a server takes no mail now, as the relay tells the operator.
 *
 * @param since when that began
 * @param why   what it failed with, for people, at most {@value #LONGEST_WHY} characters
 */
public record ServerRest(ResourceKey server, Instant since, String why) {
    static final int LONGEST_WHY = 200;

    public ServerRest {
        why = why.length() > LONGEST_WHY ? why.substring(0, LONGEST_WHY - 1) + "…" : why;
    }
}
