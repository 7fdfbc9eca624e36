package dev.postrider.relay.smtp;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The parameters of MAIL that the listener knows (RFC 1870, 6152, 6531, 4954 section 5).
 *
 * @param size     octets the client announces; 0 if it does not
 * @param eightBit {@code BODY=8BITMIME}
 */
record MailParameters(long size, boolean eightBit, boolean smtpUtf8) {

    /** Parameters that cannot be accepted. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final int code;

        Refused(int code, String message) {
            super(message);
            this.code = code;
        }

        /** 501 for wrong syntax, 555 for what is not known. */
        int code() {
            return code;
        }
    }

    static MailParameters parse(String text) throws Refused {
        long size = 0;
        boolean eightBit = false;
        boolean smtpUtf8 = false;
        Set<String> seen = new HashSet<>();
        for (String parameter : text.split(" +", -1)) {
            if (parameter.isEmpty()) {
                continue;
            }
            int equals = parameter.indexOf('=');
            String keyword = (equals < 0 ? parameter : parameter.substring(0, equals)).toUpperCase(Locale.ROOT);
            String value = equals < 0 ? "" : parameter.substring(equals + 1);
            if (!seen.add(keyword)) {
                throw new Refused(501, "MAIL parameter given twice");
            }
            switch (keyword) {
                case "SIZE" -> size = size(value);
                case "BODY" -> eightBit = body(value);
                case "SMTPUTF8" -> {
                    if (equals >= 0) {
                        throw new Refused(501, "SMTPUTF8 takes no value");
                    }
                    smtpUtf8 = true;
                }
                case "AUTH" -> {
                    // Who wrote it first is not passed on: the organization that logged in answers for the mail.
                }
                default -> throw new Refused(555, "MAIL parameter not known");
            }
        }
        return new MailParameters(size, eightBit, smtpUtf8);
    }

    private static long size(String value) throws Refused {
        if (!value.matches("[0-9]{1,20}")) {
            throw new Refused(501, "SIZE must be a number of octets");
        }
        return value.length() > 18 ? Long.MAX_VALUE : Long.parseLong(value);
    }

    private static boolean body(String value) throws Refused {
        return switch (value.toUpperCase(Locale.ROOT)) {
            case "7BIT" -> false;
            case "8BITMIME" -> true;
            default -> throw new Refused(501, "BODY must be 7BIT or 8BITMIME");
        };
    }
}
