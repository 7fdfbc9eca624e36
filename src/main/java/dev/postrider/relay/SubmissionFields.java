package dev.postrider.relay;

import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads the fields of a message's header that are for the relay: {@value #KEY_FIELD}, which goes no further, and
 * {@code traceparent} (W3C Trace Context), which stays. All else passes unchanged.
 */
final class SubmissionFields extends HeaderFilter {
    static final String KEY_FIELD = "Postrider-Idempotency-Key";

    private static final String KEY = KEY_FIELD.toLowerCase(Locale.ROOT);
    private static final String TRACE_PARENT = "traceparent";
    private static final Pattern VALID_KEY = Pattern.compile("[ -~]{1,255}");
    private static final Pattern VALID_TRACE_PARENT = Pattern
            .compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    /** More of a field than any valid value has. */
    private static final int MOST_OF_VALUE = 600;

    private enum Field {
        OTHER, KEY, TRACE_PARENT
    }

    private Field field = Field.OTHER;
    private final ByteArrayOutputStream key = new ByteArrayOutputStream(0);
    private final ByteArrayOutputStream traceParent = new ByteArrayOutputStream(0);
    private int keys;
    private int traceParents;

    SubmissionFields(OutputStream out) {
        super(out);
    }

    @Override
    void field(String name, byte[] start, int count) throws IOException {
        field = named(name);
        switch (field) {
            case KEY -> keys++;
            case TRACE_PARENT -> traceParents++;
            case OTHER -> {
                // Nothing to count.
            }
        }
        if (field != Field.KEY) {
            out.write(start, 0, count);
        }
    }

    private static Field named(String name) {
        return name.equals(KEY) ? Field.KEY : name.equals(TRACE_PARENT) ? Field.TRACE_PARENT : Field.OTHER;
    }

    @Override
    void body(byte[] octets, int offset, int count) throws IOException {
        if (field != Field.OTHER) {
            ByteArrayOutputStream value = field == Field.KEY ? key : traceParent;
            value.write(octets, offset, Math.clamp(MOST_OF_VALUE - value.size(), 0, count));
        }
        if (field != Field.KEY) {
            out.write(octets, offset, count);
        }
    }

    @Override
    void endOfHeader(boolean separated) {
        // All is passed on as it is.
    }

    /**
     * By which a repeated submission is known.
     *
     * @throws RefusedException if it is there and not one
     */
    Optional<String> idempotencyKey() throws RefusedException {
        if (keys == 0) {
            return Optional.empty();
        }
        Optional<String> value = text(key).filter(text -> keys == 1 && VALID_KEY.matcher(text).matches());
        if (value.isEmpty()) {
            throw new RefusedException(new Refusal(550, "5.6.0",
                    KEY_FIELD + " must be there once, with 1 to 255 printable ASCII characters"));
        }
        return value;
    }

    /** The trace that the message belongs to; what is none is passed over, as W3C Trace Context has it. */
    Optional<String> traceParent() {
        return text(traceParent).filter(text -> traceParents == 1 && VALID_TRACE_PARENT.matcher(text).matches());
    }

    /** Unfolded (RFC 5322 section 2.2.3). */
    private static Optional<String> text(ByteArrayOutputStream value) {
        return Optional.of(value.toString(StandardCharsets.ISO_8859_1).replace("\r\n", "").strip());
    }
}
