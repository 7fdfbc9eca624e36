package dev.postrider.relay.smtp;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A recipient, and of what its sender wants to hear (RFC 3461 sections 4.1 and 4.2).
 *
 * @param mailbox  the forward-path without angle brackets
 * @param reports  NOTIFY: when to report; empty where it was not given, which stands for FAILURE, and for DELAY where that is usual
 * @param original ORCPT: the address that the message was first sent to
 */
public record Recipient(String mailbox, Set<Notify> reports, Optional<OriginalRecipient> original) {

    /** An occasion to report. */
    public enum Notify {
        /** At no time; stands alone. */
        NEVER, SUCCESS, FAILURE, DELAY
    }

    public Recipient {
        reports = reports.isEmpty() ? Set.of() : Collections.unmodifiableSet(EnumSet.copyOf(reports));
    }

    /** A recipient without wishes. */
    public static Recipient of(String mailbox) {
        return new Recipient(mailbox, Set.of(), Optional.empty());
    }

    /**
     * Reads the parameters of RCPT.
     *
     * @param offersDsn whether NOTIFY and ORCPT are known
     */
    static Recipient parse(String mailbox, String parameters, boolean offersDsn) throws EsmtpParameters.Refused {
        Set<Notify> reports = Set.of();
        Optional<OriginalRecipient> original = Optional.empty();
        for (Map.Entry<String, Optional<String>> parameter : EsmtpParameters.parse("RCPT", parameters).entrySet()) {
            String value = parameter.getValue().orElse("");
            if (offersDsn && parameter.getKey().equals("NOTIFY")) {
                reports = reports(value);
            } else if (offersDsn && parameter.getKey().equals("ORCPT")) {
                original = Optional.of(OriginalRecipient.parse(value));
            } else {
                throw EsmtpParameters.Refused.unknown("RCPT");
            }
        }
        return new Recipient(mailbox, reports, original);
    }

    private static Set<Notify> reports(String value) throws EsmtpParameters.Refused {
        Set<Notify> reports = EnumSet.noneOf(Notify.class);
        try {
            for (String word : List.of(value.toUpperCase(Locale.ROOT).split(",", -1))) {
                reports.add(Notify.valueOf(word));
            }
        } catch (IllegalArgumentException e) {
            throw wrongNotify();
        }
        if (reports.contains(Notify.NEVER) && reports.size() > 1) {
            throw wrongNotify();
        }
        return reports;
    }

    private static EsmtpParameters.Refused wrongNotify() {
        return EsmtpParameters.Refused.syntax("NOTIFY must be NEVER, or some of SUCCESS,FAILURE,DELAY");
    }
}
