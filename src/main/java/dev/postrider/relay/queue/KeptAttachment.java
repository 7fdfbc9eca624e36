package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.Optional;

/**
 * An attachment that is kept for download.
 *
 * @param message     the queue id
 * @param part        its place in the message
 * @param token       by which it is asked for; empty once the message is no longer queued
 * @param tokenSha256 SHA-256 of the token, in lower-case hex
 * @param host        that the link leads to, as the organization's {@code spec.links.host} was
 * @param size        octets
 * @param sha256      of its octets, in lower-case hex
 */
public record KeptAttachment(ResourceKey organization, String message, int part, Optional<String> token,
        String tokenSha256, String host, String name, String type, long size, String sha256, Instant created,
        Instant expires, State state) {

    /** Where its octets are. */
    public enum State {
        /** On their way into the store. */
        STORING,
        /** In the store. */
        STORED,
        /** Gone; it is known for a while that they were there. */
        REMOVED
    }

    /** The same, to be kept for longer. */
    public KeptAttachment until(Instant time) {
        return new KeptAttachment(organization, message, part, token, tokenSha256, host, name, type, size, sha256,
                created, time, state);
    }

    @Override
    public String toString() {
        return "KeptAttachment[" + organization + " " + message + " part " + part + ", " + state + "]";
    }
}
