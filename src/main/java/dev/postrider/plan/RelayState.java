package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Reason;

/**
 * What the relay's Deployment says, in the form of the condition RelayAvailable.
 *
 * @param status   True when replicas are available
 * @param reason   why
 * @param message  for people
 * @param deployed whether its Deployment is there, so that there may be a queue
 */
public record RelayState(Condition.Status status, Reason reason, String message, boolean deployed) {

    /** There is no relay, for no valid server is there to send through. */
    public static RelayState notNeeded() {
        return new RelayState(Condition.Status.False, Reason.NoServer,
                "the relay is not deployed, for there is no valid active MailServer to send through",
                false);
    }

    /** Replicas of the relay answer. */
    public static RelayState available(int replicas) {
        return new RelayState(Condition.Status.True, Reason.Available,
                replicas == 1 ? "the relay is running" : "the relay is running with " + replicas + " replicas", true);
    }

    /** The relay is there and does not answer yet. */
    public static RelayState unavailable(String message) {
        return new RelayState(Condition.Status.False, Reason.Unavailable, message, true);
    }

    /** The same relay, of which it is known that the API server has refused what it needs. */
    public RelayState refused(String why) {
        return new RelayState(Condition.Status.False, Reason.Refused, why, deployed);
    }

    public boolean isAvailable() {
        return status == Condition.Status.True;
    }
}
