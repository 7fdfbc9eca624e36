package dev.postrider.message.header;

import java.io.IOException;

/** A line of a header has more octets than a line may have, and no colon yet: nobody could say what it is. */
public final class OverlongNameException extends IOException {
    OverlongNameException() {
        super("the header has a field name of more than %d octets, and a line has no room for more (RFC 5322 section 2.1.1)"
                .formatted(FieldGrammar.LONGEST_NAME));
    }
}
