package dev.postrider.operator;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dev.postrider.reply.ReplyRules;
import dev.postrider.reply.RuleProblem;
import dev.postrider.route.ReplyRule;
import java.util.ArrayList;
import java.util.List;

/**
 * What replies of servers mean in this installation. A rule that is wrong is left out, so that no mail waits for it to
 * be corrected.
 *
 * @param valid    the rules that count, in their order
 * @param problems what is wrong with the others, each with its place
 */
public record ReplyRuleSettings(List<ReplyRule> valid, List<String> problems) {
    static final ReplyRuleSettings NONE = new ReplyRuleSettings(List.of(), List.of());

    private static final int MOST = 100;
    private static final String FIELD = "relay.replyRules";
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Reads them, each apart. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ReplyRuleSettings of(JsonNode declared) {
        List<ReplyRule> valid = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        if (!declared.isArray()) {
            return new ReplyRuleSettings(List.of(), List.of(FIELD + ": not a list of rules"));
        }
        for (int i = 0; i < declared.size(); i++) {
            String place = FIELD + "[" + i + "]";
            if (i >= MOST) {
                problems.add(place + ": one too many: use at most " + MOST);
                break;
            }
            try {
                ReplyRule rule = MAPPER.treeToValue(declared.get(i), ReplyRule.class);
                List<RuleProblem> wrong = ReplyRules.problems(List.of(rule));
                wrong.forEach(problem -> problems.add(place + "." + problem.field() + ": " + problem.message()));
                if (wrong.isEmpty()) {
                    valid.add(rule);
                }
            } catch (JsonProcessingException e) {
                problems.add(place + ": " + e.getOriginalMessage());
            }
        }
        return new ReplyRuleSettings(List.copyOf(valid), List.copyOf(problems));
    }
}
