package dev.postrider.route;

import java.util.Optional;

/**
 * How large an organization's messages may be, and what becomes of one that is larger, or larger than a server takes.
 *
 * @param octets       of a message; empty for as many as relay and server take
 * @param whenTooLarge what becomes of a larger one
 * @param linking      how links are made, with {@link WhenTooLarge#LINK}
 */
public record SizeLimit(Optional<Long> octets, WhenTooLarge whenTooLarge, Optional<Linking> linking) {
    /** As large as relay and server take, and refused if larger. */
    public static final SizeLimit NONE = new SizeLimit(Optional.empty(), WhenTooLarge.REJECT);

    /** A limit whose larger messages have no links made. */
    public SizeLimit(Optional<Long> octets, WhenTooLarge whenTooLarge) {
        this(octets, whenTooLarge, Optional.empty());
    }

    SizeLimit withoutOwnLinkHost() {
        return new SizeLimit(octets, whenTooLarge,
                linking.map(links -> new Linking(links.host(), links.always(), links.days(), false)));
    }

    @Override
    public String toString() {
        return "SizeLimit[octets=" + octets + ", whenTooLarge=" + whenTooLarge
                + linking.map(links -> ", " + links).orElse("") + "]";
    }

    /** What becomes of a message that is too large. */
    public enum WhenTooLarge {
        /** The relay refuses it, or tells the sender where only the server's limit shows. */
        REJECT,
        /** It is sent in parts (RFC 2046 section 5.2.2). */
        SPLIT,
        /** It is sent with links in place of its attachments. */
        LINK
    }
}
