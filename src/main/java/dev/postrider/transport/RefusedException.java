package dev.postrider.transport;

import dev.postrider.message.MessageException;
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

    /** What a message, or an address of it, is not fit for. */
    public static RefusedException of(Step step, MessageException why) {
        return new RefusedException(new Verdict.Refused(step, why.status().isPresent(), why.reply(),
                step + ": " + why.getMessage(), Optional.empty(),
                why.reply().isPresent() ? Optional.empty() : why.status()));
    }

    public Verdict.Refused verdict() {
        return verdict;
    }
}
