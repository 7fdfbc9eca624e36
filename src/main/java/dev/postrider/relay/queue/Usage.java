package dev.postrider.relay.queue;

/**
 * How much is queued.
 *
 * @param octets of the messages, each counted once whatever the number of its recipients
 */
public record Usage(long messages, long octets) {
    public static final Usage NONE = new Usage(0, 0);

    Usage plus(long moreMessages, long moreOctets) {
        return new Usage(messages + moreMessages, octets + moreOctets);
    }

    /** Never less than nothing, as a count may be for a moment that others take part in. */
    Usage orNothing() {
        return messages >= 0 && octets >= 0 ? this : new Usage(Math.max(0, messages), Math.max(0, octets));
    }
}
