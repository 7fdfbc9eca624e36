package dev.postrider.notice;

/** How a license stands when its notice is written. */
enum Stage {
    // @formatter:off
    SOON(TextKey.SUBJECT_SOON, TextKey.TEXT_SOON, TextKey.ACTION_SOON),
    TODAY(TextKey.SUBJECT_TODAY, TextKey.TEXT_TODAY, TextKey.ACTION_TODAY),
    EXPIRED(TextKey.SUBJECT_EXPIRED, TextKey.TEXT_EXPIRED, TextKey.ACTION_EXPIRED);
    // @formatter:on

    final TextKey subject;
    final TextKey text;
    final TextKey action;

    Stage(TextKey subject, TextKey text, TextKey action) {
        this.subject = subject;
        this.text = text;
        this.action = action;
    }

    /** A test of the second mail may be written long before: it reads as on the day. */
    static Stage of(NoticeContent content) {
        if (content.daysLeft() < 1) {
            return EXPIRED;
        }
        return content.daysLeft() == 1 || content.kind() == NoticeKind.ON_EXPIRY ? TODAY : SOON;
    }
}
