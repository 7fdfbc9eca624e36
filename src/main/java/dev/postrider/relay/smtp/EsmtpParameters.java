package dev.postrider.relay.smtp;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The parameters of MAIL and RCPT as text (RFC 5321 section 4.1.2, esmtp-param). */
final class EsmtpParameters {

    /** Parameters that cannot be accepted. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final int code;

        private Refused(int code, String message) {
            super(message);
            this.code = code;
        }

        static Refused syntax(String message) {
            return new Refused(501, message);
        }

        static Refused unknown(String verb) {
            return new Refused(555, verb + " parameter not known");
        }

        /** 501 for wrong syntax, 555 for what is not known. */
        int code() {
            return code;
        }
    }

    private EsmtpParameters() {}

    /**
     * Takes the text after a path apart.
     *
     * @param verb for the messages: MAIL or RCPT
     * @return values by keywords in capital letters; empty where there is no equals sign
     */
    static Map<String, Optional<String>> parse(String verb, String text) throws Refused {
        Map<String, Optional<String>> parameters = new LinkedHashMap<>();
        for (String parameter : text.split(" +", -1)) {
            if (parameter.isEmpty()) {
                continue;
            }
            int equals = parameter.indexOf('=');
            String keyword = (equals < 0 ? parameter : parameter.substring(0, equals)).toUpperCase(Locale.ROOT);
            Optional<String> value = equals < 0 ? Optional.empty() : Optional.of(parameter.substring(equals + 1));
            if (parameters.put(keyword, value) != null) {
                throw Refused.syntax(verb + " parameter given twice");
            }
        }
        return parameters;
    }
}
