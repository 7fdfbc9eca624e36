package dev.postrider.route;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a mail is for, where its application says so: by its login ({@code <organization>.<namespace>+alerts}) or the
 * header field {@value #FIELD}. Each class can be had, or not, by an organization; mail without a class always can.
 */
public enum MailClass {
    /** People reset their passwords. */
    PASSWORD_RECOVERY,
    /** Something needs somebody's attention. */
    ALERTS,
    /** Something is worth knowing. */
    NOTIFICATIONS,
    /** How much mail there was. */
    USAGE_REPORT;

    /** The header field that names the class of a message. */
    public static final String FIELD = "Postrider-Class";

    /** The greatest {@link #urgency()}. */
    public static final int MOST_URGENT = 2;

    private final String text = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /** As logins, header fields and people write it, such as {@code password-recovery}. */
    public String text() {
        return text;
    }

    /**
     * How much it is ahead of others of the same organization: 2 for password recovery, for which a person waits at a
     * screen, 1 for alerts, else 0, as mail without a class has it.
     */
    public int urgency() {
        return switch (this) {
            case PASSWORD_RECOVERY -> MOST_URGENT;
            case ALERTS -> 1;
            case NOTIFICATIONS, USAGE_REPORT -> 0;
        };
    }

    /** Reads one as it is written, in upper or lower case; empty if there is none of that name. */
    public static Optional<MailClass> parse(String text) {
        return Arrays.stream(values()).filter(c -> c.text.equalsIgnoreCase(text)).findFirst();
    }

    /** All of them, for people. */
    public static String all() {
        return Arrays.stream(values()).map(MailClass::text).collect(Collectors.joining(", "));
    }
}
