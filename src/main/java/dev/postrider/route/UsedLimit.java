package dev.postrider.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * The limit of an organization that is used up, or nearly so.
 *
 * @param percent 80 or 100: so much at least is used up
 * @param limit   for people, as {@code 100 messages an hour (spec.limits.perHour)}
 * @param until   when the hour, day or month ends
 * @param holds   whether what is more is held
 */
public record UsedLimit(int percent, String limit, Instant until, boolean holds) {

    /** As JSON, as the relay tells it. */
    public static ObjectNode write(Map<ResourceKey, UsedLimit> all) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        var items = json.putArray("items");
        all.forEach((organization, used) -> items.addObject()
                .put("organization", organization.toString())
                .put("percent", used.percent)
                .put("limit", used.limit)
                .put("until", used.until.toString())
                .put("holds", used.holds));
        return json;
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IllegalArgumentException    if it is not that
     * @throws java.time.DateTimeException if a time is not valid
     */
    public static Map<ResourceKey, UsedLimit> read(JsonNode json) {
        Map<ResourceKey, UsedLimit> all = new HashMap<>();
        json.path("items")
                .forEach(item -> all.put(ResourceKey.parse(item.path("organization").asText()),
                        new UsedLimit(item.path("percent").asInt(), item.path("limit").asText(),
                                Instant.parse(item.path("until").asText()), item.path("holds").asBoolean())));
        return all;
    }
}
