package dev.postrider.route;

import java.time.Instant;

/** That mail gets no place at a server for now, as a relay tells the operator. */
public sealed interface RelayRest permits ServerRest, MailRest {
    /** The most characters of what a server said. */
    int LONGEST_WHY = 400;

    /** The resource whose status tells of it. */
    ResourceKey about();

    /** What several relays tell of by different words and times, and is the same. */
    Object identity();

    /** Whether it is over by what it says itself, so that something newer may be told. */
    boolean isOver(Instant now);

    /** Of several about one resource the first to tell: the higher. */
    int weight();

    /** With at most {@value #LONGEST_WHY} characters. */
    static String bounded(String why) {
        return why.length() > LONGEST_WHY ? why.substring(0, LONGEST_WHY - 1) + "…" : why;
    }
}
