package dev.postrider.relay;

/**
 * What the relay writes into a message's trace, and how much of one it takes for a loop (RFC 5321 sections 4.4, 6.3).
 *
 * @param mostReceived    Received fields that a message may have; with more it is refused (554 5.4.6)
 * @param mostOwnReceived those among them that this relay wrote; with more it is refused (554 5.4.6)
 * @param clientAddress   whether the relay's Received field names the address of the client
 */
public record TraceSettings(int mostReceived, int mostOwnReceived, boolean clientAddress) {
    public static final TraceSettings DEFAULT = new TraceSettings(50, 5, true);

    public TraceSettings {
        if (mostReceived < 1 || mostOwnReceived < 0) {
            throw new IllegalArgumentException("a message must be allowed at least one Received field, but is allowed "
                    + mostReceived + ", and the relay's own " + mostOwnReceived + " times");
        }
    }
}
