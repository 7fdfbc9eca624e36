package dev.postrider.relay;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Counts the Received fields of a message that comes in, and those of this relay among them (RFC 5321 section 6.3).
 * Takes the octets of the fields' bodies, one after the other.
 */
final class LoopDetection {
    /** What is looked at of one field: a relay's own is shorter. */
    private static final int MOST_OF_FIELD = 1024;

    private final RelayConfiguration.Received settings;
    private final Pattern own;
    private final byte[] body = new byte[MOST_OF_FIELD];
    private int length;
    private int received;
    private int ownReceived;

    /** @param own finds the name of this relay in the body of a Received field; see {@link #by} */
    LoopDetection(RelayConfiguration.Received settings, Pattern own) {
        this.settings = settings;
        this.own = own;
    }

    /** Finds a host in the body of a Received field that it has written. */
    static Pattern by(String hostName) {
        return Pattern.compile("\\bby\\s+" + Pattern.quote(hostName) + "(?![A-Za-z0-9.-])",
                Pattern.CASE_INSENSITIVE);
    }

    /** A field named Received begins. */
    void begin() throws RefusedException {
        if (++received > settings.most()) {
            throw refused("the message has more than " + settings.most() + " Received fields");
        }
    }

    void body(byte[] octets, int offset, int count) {
        int some = Math.min(count, body.length - length);
        System.arraycopy(octets, offset, body, length, some);
        length += some;
    }

    /** The field is complete. */
    void end() throws RefusedException {
        if (own.matcher(new String(body, 0, length, StandardCharsets.ISO_8859_1)).find()
                && ++ownReceived > settings.mostOwn()) {
            throw refused("the message has come by here more than " + settings.mostOwn() + " times");
        }
        length = 0;
    }

    private static RefusedException refused(String why) {
        return new RefusedException(new Refusal(554, "5.4.6", why + ", so it goes round in a loop"));
    }
}
