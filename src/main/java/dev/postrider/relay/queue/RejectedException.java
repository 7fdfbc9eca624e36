package dev.postrider.relay.queue;

import java.sql.SQLException;

/** A step was found to be impossible; the database and the connection are well. */
final class RejectedException extends SQLException {
    private static final long serialVersionUID = 1L;

    RejectedException(String reason) {
        super(reason);
    }
}
