package dev.postrider.relay;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/**
 * The way of a submitted message's octets: what is for the relay is read and taken out, its senders are checked, mail to
 * support is readdressed, and trace fields are put before it. Each step passes on what it leaves, and holds no more than
 * single fields.
 */
final class SubmittedContent {
    private final SubmissionFields fields;
    private final Optional<SenderFields> senders;
    private final Optional<SupportMail> support;
    private final TraceHeaders trace;

    /** The steps after {@code fields}, the last first. */
    SubmittedContent(TraceHeaders trace, Optional<SupportMail> support, Optional<SenderIdentity> identity,
            boolean wantsAnswers) {
        this.trace = trace;
        this.support = support;
        OutputStream kept = support.isPresent() ? support.get() : trace;
        this.senders = identity.map(i -> new SenderFields(kept, i, wantsAnswers));
        this.fields = new SubmissionFields(senders.isPresent() ? senders.get() : kept);
    }

    /** Takes the octets as they come. */
    SubmissionFields fields() {
        return fields;
    }

    /** The message has ended. */
    void finish() throws IOException {
        fields.finish();
        if (senders.isPresent()) {
            senders.get().finish();
        }
        if (support.isPresent()) {
            support.get().finish();
            support.get().attach();
        }
        trace.finish();
    }

    /** Whether an address that was put in needs SMTPUTF8. */
    boolean isInternational() {
        return support.filter(SupportMail::isInternational).isPresent()
                || senders.filter(SenderFields::isInternational).isPresent();
    }
}
