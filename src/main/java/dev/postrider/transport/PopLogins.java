package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Logins at POP3 servers that open the way to SMTP, remembered as long as declared. However many connections are made
 * at the same time, there is one login, and all of them wait after it.
 */
final class PopLogins {
    private final InstantSource clock;
    private final Pause pause;
    private final TlsContexts contexts = new TlsContexts();
    private final SharedValues<Login.PopBeforeSmtp, Done> logins;

    PopLogins() {
        this(InstantSource.system(), Thread::sleep);
    }

    /** For tests. */
    PopLogins(InstantSource clock, Pause pause) {
        this.clock = clock;
        this.pause = pause;
        this.logins = new SharedValues<>(done -> done.goodUntil().isAfter(clock.instant()));
    }

    /** Lets some time pass. */
    @FunctionalInterface
    interface Pause {
        void sleep(Duration time) throws InterruptedException;
    }

    /**
     * A login that was made.
     *
     * @param time      when the server said that it is logged in
     * @param goodUntil when it must be made anew
     */
    record Done(Instant time, Instant goodUntil) {}

    /**
     * Sees to it that a login is there and that the declared time has passed since.
     *
     * @return the login, and whether it was made just now
     * @throws RefusedException with the step that failed at the POP3 server
     */
    Opened open(ResourceKey server, Endpoint.Smtp smtp, Login.PopBeforeSmtp login, EgressPolicy egress,
            Dialogue dialogue)
            throws RefusedException {
        Instant start = clock.instant();
        Done done = logins.value(login, () -> {
            Pop3Login.perform(server, smtp, login, contexts, egress, dialogue);
            Instant now = clock.instant();
            return new Done(now, now.plus(login.rememberFor()));
        });
        Duration left = Duration.between(clock.instant(), done.time().plus(login.delay()));
        if (left.isPositive()) {
            try {
                pause.sleep(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RefusedException(Step.Connection, "the wait after POP before SMTP was broken off; it will be "
                        + "tried again");
            }
        }
        return new Opened(done, !done.time().isBefore(start));
    }

    /**
     * A way that is open.
     *
     * @param fresh whether the login was made for this, and not remembered
     */
    record Opened(Done login, boolean fresh) {}

    /** Does not count on this login again. */
    void forget(Login.PopBeforeSmtp login, Done done) {
        logins.forget(login, done::equals);
    }
}
