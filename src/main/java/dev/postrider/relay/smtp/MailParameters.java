package dev.postrider.relay.smtp;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The parameters of MAIL that the listener knows (RFC 1870, 6152, 6531, 4954 section 5, 3461 section 4).
 *
 * @param size     octets the client announces; 0 if it does not
 * @param eightBit {@code BODY=8BITMIME}
 */
record MailParameters(long size, boolean eightBit, boolean smtpUtf8, DsnParameters dsn) {

    private static final Pattern NUMBER = Pattern.compile("[0-9]+");

    /** @param offersDsn whether RET and ENVID are known */
    static MailParameters parse(String text, boolean offersDsn) throws EsmtpParameters.Refused {
        long size = 0;
        boolean eightBit = false;
        boolean smtpUtf8 = false;
        Optional<DsnParameters.Return> returned = Optional.empty();
        Optional<String> envelopeId = Optional.empty();
        for (Map.Entry<String, Optional<String>> parameter : EsmtpParameters.parse("MAIL", text).entrySet()) {
            String value = parameter.getValue().orElse("");
            String keyword = parameter.getKey();
            switch (keyword) {
                case "SIZE" -> size = size(value);
                case "BODY" -> eightBit = body(value);
                case "SMTPUTF8" -> {
                    if (parameter.getValue().isPresent()) {
                        throw EsmtpParameters.Refused.syntax("SMTPUTF8 takes no value");
                    }
                    smtpUtf8 = true;
                }
                case "AUTH" -> {
                    // Who wrote it first is not passed on: the organization that logged in answers for the mail.
                }
                default -> {
                    if (offersDsn && keyword.equals("RET")) {
                        returned = Optional.of(DsnParameters.returned(value));
                    } else if (offersDsn && keyword.equals("ENVID")) {
                        envelopeId = Optional.of(DsnParameters.envelopeId(value));
                    } else {
                        throw EsmtpParameters.Refused.unknown("MAIL");
                    }
                }
            }
        }
        return new MailParameters(size, eightBit, smtpUtf8, new DsnParameters(returned, envelopeId));
    }

    /** An estimate that some clients cannot make: what is no number says nothing, and the octets get counted anyway. */
    private static long size(String value) {
        if (!NUMBER.matcher(value).matches()) {
            return 0;
        }
        String digits = value.replaceFirst("^0+(?=.)", "");
        return digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits);
    }

    private static boolean body(String value) throws EsmtpParameters.Refused {
        return switch (value.toUpperCase(Locale.ROOT)) {
            case "7BIT" -> false;
            case "8BITMIME" -> true;
            default -> throw EsmtpParameters.Refused.syntax("BODY must be 7BIT or 8BITMIME");
        };
    }
}
