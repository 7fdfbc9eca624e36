package dev.postrider.reply;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dev.postrider.route.ReplyRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/**
 * A rule as somebody wrote it in JSON or YAML.
 *
 * @param rule     what can be read of it
 * @param problems all that is wrong with it
 */
record RuleFields(ReplyRule rule, List<RuleProblem> problems) {
    /** As {@link ReplyRule} has them. */
    private static final Map<String, Form> FIELDS = new TreeMap<>(Map.ofEntries(Map.entry("hosts", Form.TEXTS),
            Map.entry("protocol", Form.TEXT), Map.entry("steps", Form.TEXTS), Map.entry("codes", Form.NUMBERS),
            Map.entry("enhanced", Form.TEXTS), Map.entry("text", Form.TEXT), Map.entry("class", Form.TEXT),
            Map.entry("action", Form.TEXT), Map.entry("restFor", Form.TEXT), Map.entry("timeZone", Form.TEXT),
            Map.entry("advice", Form.TEXT)));
    /** What a rule must have one of. */
    private static final Set<String> SPECIFIC = Set.of("codes", "enhanced", "text");
    private static final JsonMapper MAPPER = JsonMapper.builder().addModule(new Jdk8Module()).build();
    private static final int LONGEST_NAME = 60;

    /** What a field may hold. */
    private enum Form {
        TEXT("a text: put it in quotes"), TEXTS("a list of texts, as [\"one\", \"other\"]"), NUMBERS(
                "a list of whole numbers, as [550, 554]");

        private final String allowed;

        Form(String allowed) {
            this.allowed = allowed;
        }

        boolean isOf(JsonNode value) {
            return switch (this) {
                case TEXT -> value.isTextual();
                case TEXTS -> value.isArray() && elements(value).stream().allMatch(JsonNode::isTextual);
                case NUMBERS -> value.isArray() && elements(value).stream().allMatch(Form::isWhole);
            };
        }

        private static boolean isWhole(JsonNode value) {
            return value.isIntegralNumber() && value.canConvertToInt();
        }

        private static List<JsonNode> elements(JsonNode array) {
            return StreamSupport.stream(array.spliterator(), false).toList();
        }
    }

    /** @param place of the rule in its list, from 0 */
    static RuleFields of(int place, JsonNode written) {
        List<RuleProblem> problems = new ArrayList<>();
        ObjectNode readable = MAPPER.createObjectNode();
        Set<String> unread = new TreeSet<>();
        if (!written.isObject()) {
            return new RuleFields(read(readable), List.of(new RuleProblem(place, "", "not a rule: use the fields "
                    + String.join(", ", FIELDS.keySet()))));
        }
        written.properties().forEach(entry -> {
            String name = entry.getKey();
            Form form = FIELDS.get(name);
            if (form == null) {
                problems.add(new RuleProblem(place, printable(name), "unknown field: use "
                        + String.join(", ", FIELDS.keySet())));
            } else if (entry.getValue().isNull() || form.isOf(entry.getValue())) {
                readable.set(name, entry.getValue());
            } else {
                problems.add(new RuleProblem(place, name, "not " + form.allowed));
                unread.add(name);
            }
        });
        ReplyRule rule = read(readable);
        // Nothing is said of what could not be read: it is neither missing nor too general.
        boolean unspecific = unread.stream().anyMatch(SPECIFIC::contains);
        RuleReader.problems(place, rule)
                .stream()
                .filter(problem -> !unread.contains(problem.field())
                        && !(unspecific && SPECIFIC.contains(problem.field())))
                .forEach(problems::add);
        return new RuleFields(rule, List.copyOf(problems));
    }

    private static ReplyRule read(ObjectNode readable) {
        try {
            return MAPPER.treeToValue(readable, ReplyRule.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a field of rules is not as ReplyRule has it", e);
        }
    }

    private static String printable(String name) {
        String shown = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
        return shown.replaceAll("[^A-Za-z0-9_.-]", "?");
    }
}
