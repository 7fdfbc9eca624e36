package dev.postrider.message;

import java.util.Optional;
import java.util.Set;

/**
 * What the sender of a message asks for delivery status notifications about one recipient (RFC 3461 sections 4.1 and
 * 4.2).
 *
 * @param conditions when to report; empty where nothing was said, which means failure and perhaps delay
 * @param orcpt  the original recipient as it was given: address type, semicolon, address in xtext; at most 500
 *               characters
 */
public record RecipientDsnRequest(Set<Notify> conditions, Optional<String> orcpt) {

    /** Nothing was asked for. */
    public static final RecipientDsnRequest NONE = new RecipientDsnRequest(Set.of(), Optional.empty());

    /** Values of NOTIFY. {@code NEVER} stands alone. */
    public enum Notify {
        NEVER, SUCCESS, FAILURE, DELAY
    }

    public RecipientDsnRequest {
        conditions = Set.copyOf(conditions);
    }

    /** Whether a final failure is to be reported. */
    public boolean wantsFailure() {
        return conditions.isEmpty() || conditions.contains(Notify.FAILURE);
    }

    /** Whether a delay may be reported. */
    public boolean wantsDelay() {
        return conditions.isEmpty() || conditions.contains(Notify.DELAY);
    }

    /** Whether delivery is to be reported. */
    public boolean wantsSuccess() {
        return conditions.contains(Notify.SUCCESS);
    }
}
