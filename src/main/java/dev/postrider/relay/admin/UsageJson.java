package dev.postrider.relay.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import java.time.LocalDate;
import java.util.List;

/** What was counted as JSON; openapi.json has the schemas. */
final class UsageJson {
    private UsageJson() {}

    static ObjectNode of(ResourceKey organization, LocalDate from, LocalDate to, List<DailyCounts> days) {
        ObjectNode usage = JsonNodeFactory.instance.objectNode()
                .put("organization", organization.toString())
                .put("from", from.toString())
                .put("to", to.toString());
        var items = usage.putArray("items");
        for (DailyCounts day : days) {
            ObjectNode item = items.addObject().put("day", day.day().toString());
            day.mailClass().ifPresent(text -> item.put("class", text));
            day.server().ifPresent(server -> item.put("server", server.toString()));
            MailCounts counts = day.counts();
            item.put("accepted", counts.accepted())
                    .put("recipients", counts.recipients())
                    .put("delivered", counts.delivered())
                    .put("deferred", counts.deferred())
                    .put("bounced", counts.bounced())
                    .put("removed", counts.removed())
                    .put("refused", counts.refused())
                    .put("octets", counts.octets());
        }
        return usage;
    }
}
