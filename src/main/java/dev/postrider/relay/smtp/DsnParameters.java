package dev.postrider.relay.smtp;

import dev.postrider.message.header.Xtext;
import java.util.Locale;
import java.util.Optional;

/**
 * What a sender wants of reports about a message as a whole (RFC 3461 sections 4.3 and 4.4).
 *
 * @param returned   how much of the message a report of failure holds
 * @param envelopeId ENVID, decoded: what the sender knows the message by; printable ASCII, at most 100 characters
 */
public record DsnParameters(Optional<Return> returned, Optional<String> envelopeId) {
    /** Nothing in particular. */
    public static final DsnParameters NONE = new DsnParameters(Optional.empty(), Optional.empty());

    private static final int LONGEST_ENVELOPE_ID = 100;

    /** RET. */
    public enum Return {
        /** The whole message. */
        FULL,
        /** Its header alone. */
        HDRS
    }

    static Return returned(String value) throws EsmtpParameters.Refused {
        return switch (value.toUpperCase(Locale.ROOT)) {
            case "FULL" -> Return.FULL;
            case "HDRS" -> Return.HDRS;
            default -> throw EsmtpParameters.Refused.syntax("RET must be FULL or HDRS");
        };
    }

    static String envelopeId(String value) throws EsmtpParameters.Refused {
        return Optional.of(value)
                .filter(xtext -> !xtext.isEmpty() && xtext.length() <= LONGEST_ENVELOPE_ID)
                .flatMap(Xtext::decode)
                .filter(Xtext::isPrintable)
                .orElseThrow(() -> EsmtpParameters.Refused.syntax("ENVID must be 1 to 100 characters of xtext"));
    }
}
