package dev.postrider.relay.events;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.Settlement;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** The final outcome of a message for one recipient, or that it is held, as a CloudEvent 1.0 in the JSON format. */
public final class MailEvent {
    /** How it ended. */
    public enum Type {
        DELIVERED, BOUNCED, EXPIRED,
        /** It waits for a person: the relay failed twice while it was tried. */
        HELD
    }

    private MailEvent() {}

    /**
     * The event of one recipient.
     *
     * @param reply      what the server said, or what went wrong
     * @param replyClass what a refusal is about, where that is known
     */
    public static Settlement.Event of(Type type, QueuedMessage message, QueuedRecipient recipient, ResourceKey server,
            String reply, Optional<String> replyClass, Instant time) {
        // A recipient has one final outcome, so this is unique, also where it is recorded twice.
        String id = message.id() + "-" + recipient.number()
                + (type == Type.HELD ? "-held-" + time.toEpochMilli() : "");
        ObjectNode event = JsonNodeFactory.instance.objectNode()
                .put("specversion", "1.0")
                .put("id", id)
                .put("source", "/organizations/" + message.organization())
                .put("type", "dev.postrider.mail." + type.name().toLowerCase(Locale.ROOT) + ".v1")
                .put("subject", message.id())
                .put("time", time.toString())
                .put("datacontenttype", "application/json");
        ObjectNode data = event.putObject("data")
                .put("organization", message.organization().toString())
                .put("id", message.id())
                .put("sender", message.sender())
                .put("recipient", recipient.address())
                .put("received", message.received().toString())
                .put("attempts", recipient.attempts() + 1)
                .put("server", server.toString())
                .put("reply", reply);
        replyClass.ifPresent(text -> data.put("class", text));
        return new Settlement.Event(id, event.toString());
    }
}
