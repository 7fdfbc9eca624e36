package dev.postrider.reply;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.postrider.route.ReplyRule;
import java.util.ArrayList;
import java.util.List;

/**
 * What replies of servers mean in an installation, as the chart's value {@value #FIELD} says it. A rule that is wrong
 * is left out, so that no mail waits for it to be corrected.
 *
 * @param valid    the rules that count, in their order
 * @param problems all that is wrong with the others
 */
public record InstallationRules(List<ReplyRule> valid, List<RuleProblem> problems) {
    /** No rules. */
    public static final InstallationRules NONE = new InstallationRules(List.of(), List.of());

    /** Where they are in the chart's values, and in the settings of the installation. */
    public static final String FIELD = "relay.replyRules";

    private static final int MOST = 100;

    public InstallationRules {
        valid = List.copyOf(valid);
        problems = List.copyOf(problems);
    }

    /** Reads them, each apart; nothing is the same as an empty list. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static InstallationRules of(JsonNode declared) {
        if (declared.isMissingNode() || declared.isNull()) {
            return NONE;
        }
        if (!declared.isArray()) {
            return new InstallationRules(List.of(), List.of(RuleProblem.ofList("not a list of rules")));
        }
        List<ReplyRule> valid = new ArrayList<>();
        List<RuleProblem> problems = new ArrayList<>();
        for (int i = 0; i < declared.size() && i < MOST; i++) {
            RuleFields fields = RuleFields.of(i, declared.get(i));
            List<RuleProblem> wrong = fields.problems();
            problems.addAll(wrong);
            if (wrong.isEmpty()) {
                valid.add(fields.rule());
            }
        }
        if (declared.size() > MOST) {
            problems.add(new RuleProblem(MOST, "", "one too many: use at most " + MOST));
        }
        return new InstallationRules(valid, problems);
    }

    /** What is wrong, each with its place, as {@code relay.replyRules[2].text: ...}. */
    public List<String> messages() {
        return problems.stream().map(problem -> FIELD + problem).toList();
    }
}
