package dev.postrider.relay.admin;

import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.QueueView.Position;
import dev.postrider.relay.queue.QueueView.State;
import dev.postrider.route.ResourceKey;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The parameters of a request for messages. */
final class QueueQuery {
    private static final List<String> FILTERS = List.of("organization", "server", "recipient", "state");
    private static final int MOST = 1_000;
    private static final int DEFAULT_LIMIT = 100;

    private final Map<String, String> values;

    private QueueQuery(Map<String, String> values) {
        this.values = values;
    }

    /** A filter with the parameters of a page. */
    static QueueQuery ofList(@Nullable String raw) throws Problem {
        return of(raw, List.of("organization", "server", "recipient", "state", "limit", "cursor"));
    }

    /** A filter that says so if it means everything. */
    static QueueQuery ofChange(@Nullable String raw) throws Problem {
        QueueQuery query = of(raw, List.of("organization", "server", "recipient", "state", "all"));
        String all = query.values.getOrDefault("all", "false");
        if (!all.equals("true") && !all.equals("false")) {
            throw Problem.badRequest("all: " + all + " is neither true nor false");
        }
        boolean filtered = FILTERS.stream().anyMatch(query.values::containsKey);
        if (!filtered && !all.equals("true")) {
            throw Problem.badRequest("this would change every message of every organization: give one of "
                    + String.join(", ", FILTERS) + ", or all=true if that is meant");
        }
        if (filtered && all.equals("true")) {
            throw Problem.badRequest("all=true and a filter exclude each other");
        }
        return query;
    }

    /** A request without parameters. */
    static void none(@Nullable String raw) throws Problem {
        of(raw, List.of());
    }

    private static QueueQuery of(@Nullable String raw, List<String> known) throws Problem {
        return new QueueQuery(parameters(raw, known));
    }

    /** The parameters of a request, each at most once. */
    static Map<String, String> parameters(@Nullable String raw, List<String> known) throws Problem {
        Map<String, String> values = new HashMap<>();
        for (String pair : raw == null || raw.isEmpty() ? new String[0] : raw.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = decode(equals < 0 ? pair : pair.substring(0, equals));
            if (!known.contains(name)) {
                throw Problem.badRequest("unknown parameter " + name + "; known are: "
                        + (known.isEmpty() ? "none" : String.join(", ", known)));
            }
            if (values.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1))) != null) {
                throw Problem.badRequest("parameter " + name + " is given twice");
            }
        }
        return values;
    }

    private static String decode(String text) throws Problem {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("the query is not URL-encoded: " + e.getMessage());
        }
    }

    Filter filter() throws Problem {
        return new Filter(organization(), text("server"), text("recipient"), state());
    }

    private Optional<String> text(String name) throws Problem {
        Optional<String> value = Optional.ofNullable(values.get(name));
        if (value.filter(String::isBlank).isPresent()) {
            throw Problem.badRequest(name + " is empty");
        }
        return value;
    }

    private Optional<ResourceKey> organization() throws Problem {
        Optional<String> text = text("organization");
        return text.isPresent() ? Optional.of(organization(text.get())) : Optional.empty();
    }

    static ResourceKey organization(String text) throws Problem {
        try {
            return ResourceKey.parse(text);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("organization: " + text + " is not <namespace>/<name>");
        }
    }

    private Optional<State> state() throws Problem {
        Optional<String> text = text("state");
        Optional<State> state = text.flatMap(
                name -> Arrays.stream(State.values()).filter(value -> name(value).equals(name)).findFirst());
        if (text.isPresent() && state.isEmpty()) {
            throw Problem.badRequest("state: " + text.get() + " is none of "
                    + Arrays.stream(State.values()).map(QueueQuery::name).collect(Collectors.joining(", ")));
        }
        return state;
    }

    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    int limit() throws Problem {
        String text = values.getOrDefault("limit", "" + DEFAULT_LIMIT);
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= MOST) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // The same is wrong with it.
        }
        throw Problem.badRequest("limit: " + text + " is not a number from 1 to " + MOST);
    }

    Optional<Position> after() throws Problem {
        Optional<String> cursor = text("cursor");
        if (cursor.isEmpty()) {
            return Optional.empty();
        }
        try {
            String place = new String(Base64.getUrlDecoder().decode(cursor.get()), StandardCharsets.UTF_8);
            int space = place.indexOf(' ');
            return Optional.of(new Position(ResourceKey.parse(place.substring(0, space)), place.substring(space + 1)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw Problem.badRequest("cursor is not one that an earlier page gave");
        }
    }

    static String cursor(ResourceKey organization, String id) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((organization + " " + id).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return FILTERS.stream()
                .filter(values::containsKey)
                .map(name -> name + "=" + values.get(name))
                .collect(Collectors.joining(" "));
    }
}
