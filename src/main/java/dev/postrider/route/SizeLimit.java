package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;

/**
 * How large an organization's messages may be, and what becomes of one that is larger, or larger than a server takes.
 *
 * @param octets       of a message; empty for as many as relay and server take
 * @param whenTooLarge what becomes of a larger one
 * @param linking      how links are made, with {@link WhenTooLarge#LINK}
 * @param refusesLongLines whether a message with lines of more than 998 octets is refused, and not encoded
 */
public record SizeLimit(Optional<Long> octets, WhenTooLarge whenTooLarge, Optional<Linking> linking,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean refusesLongLines) {
    @JsonCreator
    public SizeLimit {}

    /** As large as relay and server take, and refused if larger. */
    public static final SizeLimit NONE = new SizeLimit(Optional.empty(), WhenTooLarge.REJECT);

    /** A limit of the size alone. */
    public SizeLimit(Optional<Long> octets, WhenTooLarge whenTooLarge, Optional<Linking> linking) {
        this(octets, whenTooLarge, linking, false);
    }

    /** The same where long lines are refused, or encoded. */
    public SizeLimit refusingLongLines(boolean refuses) {
        return new SizeLimit(octets, whenTooLarge, linking, refuses);
    }

    /** A limit whose larger messages have no links made. */
    public SizeLimit(Optional<Long> octets, WhenTooLarge whenTooLarge) {
        this(octets, whenTooLarge, Optional.empty());
    }

    SizeLimit withoutOwnLinkHost() {
        return new SizeLimit(octets, whenTooLarge,
                linking.map(links -> new Linking(links.host(), links.always(), links.days(), false)),
                refusesLongLines);
    }

    @Override
    public String toString() {
        return "SizeLimit[octets=" + octets + ", whenTooLarge=" + whenTooLarge
                + linking.map(links -> ", " + links).orElse("") + (refusesLongLines ? ", refusesLongLines]" : "]");
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
