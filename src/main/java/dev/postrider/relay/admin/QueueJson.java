package dev.postrider.relay.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.relay.queue.QueueView.Entry;
import dev.postrider.relay.queue.QueueView.Recipient;
import dev.postrider.relay.queue.Waiting;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Messages of the queue as JSON; openapi.json has the schemas. */
final class QueueJson {
    private final Waiting waiting;

    QueueJson(Waiting waiting) {
        this.waiting = waiting;
    }

    ObjectNode page(List<Entry> entries, int limit) {
        ObjectNode page = JsonNodeFactory.instance.objectNode();
        var items = page.putArray("items");
        Map<String, Waiting.Reason> reasons = waiting.of(entries);
        entries.forEach(entry -> items.add(message(entry, Optional.ofNullable(reasons.get(entry.id())))));
        if (entries.size() == limit) {
            Entry last = entries.getLast();
            page.put("cursor", QueueQuery.cursor(last.organization(), last.id()));
        }
        return page;
    }

    ObjectNode message(Entry entry) {
        return message(entry, Optional.ofNullable(waiting.of(List.of(entry)).get(entry.id())));
    }

    private static ObjectNode message(Entry entry, Optional<Waiting.Reason> waiting) {
        ObjectNode message = JsonNodeFactory.instance.objectNode()
                .put("id", entry.id())
                .put("organization", entry.organization().toString())
                .put("sender", entry.sender())
                .put("size", entry.size())
                .put("received", entry.received().toString())
                .put("state", QueueQuery.name(entry.state()));
        waiting.ifPresent(reason -> {
            message.put("waiting", reason.text());
            reason.until().ifPresent(time -> message.put("waitingUntil", time.toString()));
        });
        var recipients = message.putArray("recipients");
        for (Recipient recipient : entry.recipients()) {
            ObjectNode json = recipients.addObject()
                    .put("address", recipient.address())
                    .put("attempts", recipient.attempts());
            recipient.last().ifPresent(time -> json.put("lastAttempt", time.toString()));
            recipient.next().ifPresent(time -> json.put("nextAttempt", time.toString()));
            recipient.server().ifPresent(server -> json.put("server", server));
            recipient.lastReply().ifPresent(reply -> json.put("lastReply", reply));
        }
        return message;
    }

    static ObjectNode changed(int messages) {
        return JsonNodeFactory.instance.objectNode().put("changed", messages);
    }
}
