package dev.postrider.notice;

import com.fasterxml.jackson.annotation.JsonValue;

/** Which of the two mails. */
public enum NoticeKind {
    /** Sent so many days before the license expires. */
    BEFORE("before"),
    /** Sent on the day that the license expires. */
    ON_EXPIRY("onExpiry");

    private final String id;

    NoticeKind(String id) {
        this.id = id;
    }

    /** As resources, statuses and the command line have it. */
    @JsonValue
    @Override
    public String toString() {
        return id;
    }
}
