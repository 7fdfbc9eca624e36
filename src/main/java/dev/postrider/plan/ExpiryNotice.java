package dev.postrider.plan;

/** Which of the two mails about a license. */
public enum ExpiryNotice {
    /** Some days before the license expires. */
    BEFORE("before"),
    /** On the last day on which it is valid. */
    ON_EXPIRY("onExpiry");

    private final String text;

    ExpiryNotice(String text) {
        this.text = text;
    }

    /** As the status has it. */
    public String text() {
        return text;
    }
}
