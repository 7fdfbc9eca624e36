package dev.postrider.bench;

import java.util.OptionalDouble;

/**
 * Something that is measured of each relay.
 *
 * @param name           of its line
 * @param goal           of the ratio to the better Postfix, or of the figure itself
 * @param goalOnPostgres the same for Postrider on PostgreSQL
 */
record Figure(String name, Better better, OptionalDouble goal, OptionalDouble goalOnPostgres) {
    /** Which of two values is the better one. */
    enum Better {
        HIGHER, LOWER,
        /** It is not compared. */
        NEITHER,
        /** It is not compared, and what all rounds came to together counts. */
        TOTAL
    }

    /** One with a goal. */
    static Figure of(String name, Better better, double goal) {
        return new Figure(name, better, OptionalDouble.of(goal), OptionalDouble.empty());
    }

    /** One without. */
    static Figure of(String name, Better better) {
        return new Figure(name, better, OptionalDouble.empty(), OptionalDouble.empty());
    }
}
