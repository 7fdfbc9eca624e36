package dev.postrider.relay.queue;

import dev.postrider.message.MessageContent;
import java.io.InputStream;

/** The content of a claimed message, which is not to be sent any more once the claim is lost. */
record ClaimedContent(Claims claims, String id, MessageContent content) implements MessageContent {
    @Override
    public long size() {
        return content.size();
    }

    @Override
    public InputStream open() throws java.io.IOException {
        if (!claims.isHeld(id)) {
            throw new QueueException("message " + id + " is no longer this relay's");
        }
        return content.open();
    }
}
