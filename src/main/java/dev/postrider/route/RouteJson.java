package dev.postrider.route;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;

/** Routes as JSON: the same route is always the same text, so that a write can be told to be needless. */
public final class RouteJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .addModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .build();

    private RouteJson() {}

    public static String write(Object route) {
        try {
            return MAPPER.writeValueAsString(route);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a route of type " + route.getClass() + " has no JSON form", e);
        }
    }

    static JsonNode tree(Object route) {
        return MAPPER.valueToTree(route);
    }

    /** As {@link #read}. */
    static <T> T convert(JsonNode tree, Class<T> type) {
        try {
            return MAPPER.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a " + type.getSimpleName() + ": " + e.getClass().getSimpleName());
        }
    }

    /**
     * Reads what {@link #write} wrote; properties of later versions are passed over.
     *
     * @throws IllegalArgumentException if the text is not such a route; the message tells nothing of its content
     */
    public static <T> T read(String json, Class<T> type) {
        try {
            return MAPPER.readValue(json, type);
        } catch (JsonProcessingException e) {
            // The parser's own message quotes the text, which may hold a password.
            throw new IllegalArgumentException("not a " + type.getSimpleName() + ": " + e.getClass().getSimpleName());
        }
    }
}
