package dev.postrider.relay.links;

import org.jspecify.annotations.Nullable;

/** An attachment cannot be kept or read now; the message says why, and holds no secret. */
public class LinksException extends Exception {
    private static final long serialVersionUID = 1L;

    public LinksException(String message) {
        super(message);
    }

    public LinksException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
