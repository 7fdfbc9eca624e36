package dev.postrider.message.change;

import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.change.PatchedMessage.Patch;
import dev.postrider.message.header.FieldGrammar;
import dev.postrider.message.header.HeaderFields;
import dev.postrider.message.header.MessageLines;
import java.io.IOException;
import java.util.List;

/** The field that says that a program has sent a message, so that none answers (RFC 3834 section 5). */
public final class AutoSubmitted {
    private static final String FIELD = "Auto-Submitted";

    private AutoSubmitted() {}

    /**
     * The message with that field. It stays as it is where it has one.
     *
     * @throws MessageException if it cannot be read
     */
    public static MessageContent mark(MessageContent message) throws MessageException {
        try (MessageLines lines = new MessageLines(message)) {
            HeaderFields fields = new HeaderFields(lines, FieldGrammar.LONGEST_LINE);
            boolean said = false;
            while (!said && fields.next()) {
                said = fields.name().equalsIgnoreCase(FIELD) && !fields.text().equalsIgnoreCase("no");
            }
            return said
                    ? message
                    : new PatchedMessage(message, List.of(new Patch(0, 0, FIELD + ": auto-generated\r\n")));
        } catch (IOException e) {
            throw MessageException.unreadable(e);
        }
    }
}
