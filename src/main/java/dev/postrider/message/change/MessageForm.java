package dev.postrider.message.change;

import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.Signing;
import java.util.Optional;

/**
 * The form in which one server takes a message. What is sent in its place where it is too large was made before, of links
 * or in parts; here follow, in this order, header fields in ASCII, bodies of 7 bits and in short lines, and signatures,
 * which are of what is sent.
 *
 * @param downgraded whether what needs SMTPUTF8 (RFC 6531) is written without
 * @param sevenBit   whether octets above 127 are encoded (RFC 6152 section 3), in headers too unless those are in UTF-8
 *                   for a server with SMTPUTF8
 * @param utf8Headers whether that is so
 * @param shortLines whether lines of more than 998 octets are made shorter
 * @param signing    what signs it; nothing where that is empty
 */
public record MessageForm(boolean downgraded, boolean sevenBit, boolean utf8Headers, boolean shortLines,
        Optional<Signing> signing) {

    /** Whether a message that is already all that the server wants would pass unread. */
    public boolean isAsItIs() {
        return !downgraded && !sevenBit && !shortLines && signing.isEmpty();
    }

    /**
     * Makes it of a message.
     *
     * @param share whose work that is
     * @throws MessageException if the message has no such form, or cannot be read
     */
    public MessageContent of(MessageContent message, LargeWork.Share share) throws MessageException {
        if (isAsItIs()) {
            return message;
        }
        try (var _ = share.change(message)) {
            MessageContent made = downgraded ? DowngradedMessage.of(message) : message;
            if (sevenBit || shortLines) {
                made = EncodedMessage.of(made, sevenBit, !utf8Headers);
            }
            return signing.isPresent() ? signing.get().sign(made) : made;
        }
    }
}
