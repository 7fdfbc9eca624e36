package dev.postrider.relay.queue;

import java.io.IOException;

/** The queue could not do what was asked. The message names the file or database and no content. */
public class QueueException extends IOException {
    private static final long serialVersionUID = 1L;

    public QueueException(String message, Throwable cause) {
        super(message, cause);
    }

    public QueueException(String message) {
        super(message);
    }

    /** There is no room on the disk. */
    public static final class Full extends QueueException {
        private static final long serialVersionUID = 1L;

        public Full(String message, Throwable cause) {
            super(message, cause);
        }

        public Full(String message) {
            super(message);
        }
    }

    /** A limit of {@link QueueLimits} is reached. */
    public static final class OverLimit extends QueueException {
        private static final long serialVersionUID = 1L;

        public OverLimit(String message) {
            super(message);
        }
    }

    /** What is on disk is damaged. */
    public static final class Corrupt extends QueueException {
        private static final long serialVersionUID = 1L;

        public Corrupt(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
