package dev.postrider.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Reports of undelivered mail, and other mail from the null sender, that reached nobody.
 *
 * @param organization whose mail they told of
 * @param reports      how many were lost, none of them more than {@link #TOLD} before the next; 0 where none was
 * @param last         when the last of them was
 * @param recipient    whom that one should have reached
 * @param reason       why it did not, for people
 */
public record LostReports(ResourceKey organization, long reports, Instant last, String recipient, String reason) {
    /** How long a loss is told of. */
    public static final Duration TOLD = Duration.ofDays(1);

    /** Of an organization whose reports reached somebody. */
    public static LostReports none(ResourceKey organization) {
        return new LostReports(organization, 0, Instant.EPOCH, "", "");
    }

    /** As JSON, as the relay tells it. */
    public static ObjectNode write(List<LostReports> all) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        var items = json.putArray("items");
        for (LostReports lost : all) {
            items.addObject()
                    .put("organization", lost.organization.toString())
                    .put("reports", lost.reports)
                    .put("last", lost.last.toString())
                    .put("recipient", lost.recipient)
                    .put("reason", lost.reason);
        }
        return json;
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IllegalArgumentException if it is not that
     * @throws java.time.DateTimeException if a time is not valid
     */
    public static List<LostReports> read(JsonNode json) {
        List<LostReports> all = new ArrayList<>();
        json.path("items")
                .forEach(item -> all.add(new LostReports(ResourceKey.parse(item.path("organization").asText()),
                        item.path("reports").asLong(), Instant.parse(item.path("last").asText()),
                        item.path("recipient").asText(), item.path("reason").asText())));
        return all;
    }
}
