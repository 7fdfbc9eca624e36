package dev.postrider.relay;

import dev.postrider.message.header.FieldGrammar;
import dev.postrider.message.header.HeaderFilter;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.MailClass;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads the fields of a message's header that are for the relay: {@value #KEY_FIELD} and
 * {@value MailClass#FIELD}, which go no further, and {@code traceparent} (W3C Trace Context), which stays. Nor do those go
 * further that are for whoever takes the mail from its author: blind recipients, whom nobody is to see (RFC 5322 section
 * 3.6.3, RFC 6409 section 8 leaves that to the server), and what is only true where it was written. All else passes
 * unchanged.
 */
final class SubmissionFields extends HeaderFilter {
    static final String KEY_FIELD = "Postrider-Idempotency-Key";

    /** Return-Path is of final delivery alone (RFC 5321 section 4.4), Content-Length of a mailbox. */
    private static final Set<String> DROPPED = Set.of("bcc", "resent-bcc", "return-path", "content-length");
    private static final Pattern VALID_KEY = Pattern.compile("[ -~]{1,255}");
    private static final Pattern VALID_TRACE_PARENT = Pattern
            .compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

    private final Value key = new Value(KEY_FIELD, false);
    private final Value mailClass = new Value(MailClass.FIELD, false);
    private final Value traceParent = new Value("traceparent", true);
    private final Map<String, Value> values = Map.of(key.name, key, mailClass.name, mailClass, traceParent.name,
            traceParent);
    private Optional<Value> field = Optional.empty();
    private boolean dropped;

    SubmissionFields(OutputStream out) {
        super(out);
    }

    /** What a message has in a field. */
    private static final class Value {
        /** More than any valid one has. */
        private static final int MOST = 600;

        private final String name;
        private final boolean passes;
        private final ByteArrayOutputStream octets = new ByteArrayOutputStream(0);
        private int times;

        Value(String name, boolean passes) {
            this.name = name.toLowerCase(Locale.ROOT);
            this.passes = passes;
        }

        void add(byte[] some, int offset, int count) {
            octets.write(some, offset, Math.clamp(MOST - octets.size(), 0, count));
        }

        /** Unfolded (RFC 5322 section 2.2.3). */
        String text() {
            return octets.toString(StandardCharsets.ISO_8859_1).replace("\r\n", "").strip();
        }

        Optional<String> once() {
            return times == 1 ? Optional.of(text()) : Optional.empty();
        }
    }

    @Override
    protected void field(String name, byte[] start, int count) throws IOException {
        field = Optional.ofNullable(values.get(name));
        field.ifPresent(value -> value.times++);
        // Some programs pass over what stands between the name and the colon.
        dropped = DROPPED.contains(FieldGrammar.beforeBlank(name));
        if (passes()) {
            out.write(start, 0, count);
        }
    }

    private boolean passes() {
        return !dropped && (field.isEmpty() || field.get().passes);
    }

    @Override
    protected void body(byte[] octets, int offset, int count) throws IOException {
        field.ifPresent(value -> value.add(octets, offset, count));
        if (passes()) {
            out.write(octets, offset, count);
        }
    }

    @Override
    protected void endOfHeader(boolean separated) {
        // All is passed on as it is.
    }

    /**
     * By which a repeated submission is known.
     *
     * @throws RefusedException if it is there and not one
     */
    Optional<String> idempotencyKey() throws RefusedException {
        if (key.times == 0) {
            return Optional.empty();
        }
        Optional<String> value = key.once().filter(text -> VALID_KEY.matcher(text).matches());
        if (value.isEmpty()) {
            throw new RefusedException(new Refusal(550, "5.6.0",
                    KEY_FIELD + " must be there once, with 1 to 255 printable ASCII characters"));
        }
        return value;
    }

    /**
     * What the message is for, as it says.
     *
     * @throws RefusedException if it says so several times, or names no class
     */
    Optional<MailClass> mailClass() throws RefusedException {
        if (mailClass.times == 0) {
            return Optional.empty();
        }
        Optional<MailClass> value = mailClass.once().flatMap(MailClass::parse);
        if (value.isEmpty()) {
            throw new RefusedException(new Refusal(550, "5.6.0",
                    MailClass.FIELD + " must be there once, with one of " + MailClass.all()));
        }
        return value;
    }

    /** The trace that the message belongs to; what is none is passed over, as W3C Trace Context has it. */
    Optional<String> traceParent() {
        return traceParent.once().filter(text -> VALID_TRACE_PARENT.matcher(text).matches());
    }
}
