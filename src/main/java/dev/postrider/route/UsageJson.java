package dev.postrider.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What was counted as JSON, as the relay tells it; its openapi.json has the schemas. */
public final class UsageJson {
    private UsageJson() {}

    public static ObjectNode write(CountedMail counted) {
        ObjectNode usage = JsonNodeFactory.instance.objectNode()
                .put("organization", counted.organization().toString())
                .put("from", counted.from().toString())
                .put("to", counted.to().toString());
        var items = usage.putArray("items");
        for (DailyCounts day : counted.days()) {
            ObjectNode item = items.addObject().put("day", day.day().toString());
            day.mailClass().ifPresent(text -> item.put("class", text));
            day.server().ifPresent(server -> item.put("server", server.toString()));
            put(item, day.counts());
        }
        return usage;
    }

    /** Adds each counter by its name. */
    public static void put(ObjectNode item, MailCounts counts) {
        item.put("accepted", counts.accepted())
                .put("recipients", counts.recipients())
                .put("delivered", counts.delivered())
                .put("deferred", counts.deferred())
                .put("bounced", counts.bounced())
                .put("removed", counts.removed())
                .put("refused", counts.refused())
                .put("octets", counts.octets());
        if (!counts.bounces().isEmpty()) {
            ObjectNode bounces = item.putObject("bounces");
            counts.bounces().forEach(bounces::put);
        }
    }

    /**
     * Reads what {@link #write} wrote; properties of later versions are passed over.
     *
     * @throws IllegalArgumentException if it is not that
     * @throws java.time.DateTimeException if a day is none
     */
    public static CountedMail read(JsonNode usage) {
        List<DailyCounts> days = new ArrayList<>();
        usage.path("items").forEach(item -> days.add(day(item)));
        return new CountedMail(ResourceKey.parse(usage.path("organization").asText()),
                LocalDate.parse(usage.path("from").asText()), LocalDate.parse(usage.path("to").asText()), days);
    }

    private static DailyCounts day(JsonNode item) {
        return new DailyCounts(LocalDate.parse(item.path("day").asText()),
                Optional.of(item.path("class").asText()).filter(text -> !text.isEmpty()),
                Optional.of(item.path("server").asText()).filter(text -> !text.isEmpty()).map(ResourceKey::parse),
                new MailCounts(item.path("accepted").asLong(), item.path("recipients").asLong(),
                        item.path("delivered").asLong(), item.path("deferred").asLong(),
                        item.path("bounced").asLong(), item.path("removed").asLong(), item.path("refused").asLong(),
                        item.path("octets").asLong(), bounces(item.path("bounces"))));
    }

    private static Map<String, Long> bounces(JsonNode item) {
        Map<String, Long> bounces = new TreeMap<>();
        item.properties().forEach(entry -> bounces.put(entry.getKey(), entry.getValue().asLong()));
        return bounces;
    }
}
