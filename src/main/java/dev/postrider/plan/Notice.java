package dev.postrider.plan;

/**
 * Something worth an Event.
 *
 * @param warning whether a person should look
 * @param reason  one word for machines
 * @param message for people, at most {@value #MAX_MESSAGE} characters
 */
public record Notice(boolean warning, String reason, String message) {
    /** The most that the API server takes as the note of an Event. */
    public static final int MAX_MESSAGE = 1024;

    public Notice {
        if (message.length() > MAX_MESSAGE) {
            message = message.substring(0, MAX_MESSAGE - 1) + "…";
        }
    }

    static Notice normal(String reason, String message) {
        return new Notice(false, reason, message);
    }

    static Notice warning(String reason, String message) {
        return new Notice(true, reason, message);
    }
}
