package dev.postrider.bench;

import dev.postrider.bench.Figure.Better;
import java.util.OptionalDouble;

/** A way in which messages are brought to a relay. */
enum Load {
    // @formatter:off
    PLAIN_EACH("plain, a connection each", 1, 5, 4, 0),
    PLAIN_REUSED("plain, reused connections", 0, 7, 5, 0.2),
    LARGE("100 KiB, plain, reused connections", 0, 4, 0, 0),
    TLS_EACH("TLS and login, a connection each", 1, 3, 0, 0.35),
    TLS_RESUMED("TLS and login, a connection each, resumed", 1, 0, 0, 0),
    TLS_TEN("TLS and login, 10 messages a connection", 10, 4, 0, 0),
    UNSIGNED("not signed", 0, 0, 0, 0),
    SIGNED("signed by DKIM, plain, reused connections", 0, 0, 0, 0),
    DEFERRED("10 % deferred and 1 % refused, plain, reused connections", 0, 0, 0, 0),
    KILLED("killed under load, plain, reused connections", 0, 0, 0, 0);
    // @formatter:on

    private static final int OCTETS = 10 * 1024;

    private final String text;
    private final int perConnection;
    @SuppressWarnings("ImmutableEnumChecker") // a record of immutable values
    private final Figure rate;
    @SuppressWarnings("ImmutableEnumChecker") // a record of immutable values
    private final Figure cpu;

    /** Goals are ratios to Postfix; 0 where there is none. */
    Load(String text, int perConnection, double goal, double goalOnPostgres, double cpuGoal) {
        this.text = text;
        this.perConnection = perConnection;
        this.rate = new Figure(text, Better.HIGHER, goal(goal), goal(goalOnPostgres));
        this.cpu = new Figure("CPU of a message, " + text, Better.LOWER, goal(cpuGoal), OptionalDouble.empty());
    }

    private static OptionalDouble goal(double goal) {
        return goal == 0 ? OptionalDouble.empty() : OptionalDouble.of(goal);
    }

    String text() {
        return text;
    }

    int octets() {
        return this == LARGE ? 10 * OCTETS : OCTETS;
    }

    /** Messages of a connection; 0 for as many as there are. */
    int perConnection() {
        return perConnection;
    }

    /** Whether clients speak TLS, from STARTTLS on, and log in. */
    boolean login() {
        return this == TLS_EACH || this == TLS_RESUMED || this == TLS_TEN;
    }

    boolean resumes() {
        return this == TLS_RESUMED;
    }

    /** Messages of a run in which others have so many. */
    int messages(int ofOthers) {
        return this == LARGE ? Math.max(1, ofOthers / 5) : ofOthers;
    }

    /** Messages a second, from the first connection to the last one at the server. */
    Figure rate() {
        return rate;
    }

    /** Milliseconds of all processes of the relay. */
    Figure cpu() {
        return cpu;
    }
}
