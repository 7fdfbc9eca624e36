package dev.postrider.message;

import java.util.Optional;

/**
 * What the sender of a message asks for its delivery status notifications (RFC 3461 sections 4.3 and 4.4).
 *
 * @param ret   how much of the message a report of failure returns
 * @param envid the envelope identifier as it was given, in xtext, 1 to 100 characters
 */
public record DsnRequest(Optional<Return> ret, Optional<String> envid) {

    /** Nothing was asked for. */
    public static final DsnRequest NONE = new DsnRequest(Optional.empty(), Optional.empty());

    /** Values of RET. */
    public enum Return {
        FULL, HDRS
    }
}
