package dev.postrider.notice;

import java.util.Locale;

/** The texts that each language has; {@code TEXT_SOON} is {@code text.soon} in its file. */
enum TextKey {
    // @formatter:off
    SUBJECT_SOON, SUBJECT_TODAY, SUBJECT_EXPIRED,
    GREETING,
    TEXT_SOON, TEXT_TODAY, TEXT_EXPIRED,
    ACTION_SOON, ACTION_TODAY, ACTION_EXPIRED,
    FACT, LABEL_LICENSE, LABEL_ORGANIZATION, LABEL_EXPIRY_DATE("label.expiryDate"), LABEL_DAYS_LEFT("label.daysLeft"),
    LABEL_LINK,
    CALENDAR_NOTE, CALENDAR_SUMMARY,
    FOOTER,
    TEST_SUBJECT, TEST_TEXT;
    // @formatter:on

    private final String property;

    TextKey() {
        this.property = name().toLowerCase(Locale.ROOT).replace('_', '.');
    }

    TextKey(String property) {
        this.property = property;
    }

    String property() {
        return property;
    }
}
