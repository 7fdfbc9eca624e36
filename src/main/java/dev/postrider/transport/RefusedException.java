package dev.postrider.transport;

import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.util.Optional;

/** Carries the reason why an attempt came to its end up to where the verdicts are given. */
public final class RefusedException extends Exception {
    private final transient Verdict.Refused verdict;

    public RefusedException(Verdict.Refused verdict) {
        super(verdict.message());
        this.verdict = verdict;
    }

    /** Something that a person, or time, can mend: not permanent, and without a reply. */
    public RefusedException(Step step, String message) {
        this(new Verdict.Refused(step, false, Optional.empty(), step + ": " + message));
    }

    /** As {@link #RefusedException(Step, String)}, for those who tell causes apart. */
    RefusedException(Step step, String message, IOException cause) {
        this(step, message);
        initCause(cause);
    }

    public Verdict.Refused verdict() {
        return verdict;
    }
}
