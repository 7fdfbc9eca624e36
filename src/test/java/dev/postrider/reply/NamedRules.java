package dev.postrider.reply;

import dev.postrider.route.ReplyRule;
import dev.postrider.route.TestResult.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The shipped rules, and which of them a reply gets. */
final class NamedRules {
    private static final Map<String, Rule> RULES = new LinkedHashMap<>();

    static {
        for (ShippedRules.Group group : ShippedRules.groups()) {
            for (Map.Entry<String, ReplyRule> named : group.rules().entrySet()) {
                List<RuleProblem> problems = new ArrayList<>();
                List<Rule> rules = RuleReader.read(List.of(named.getValue()), problems);
                if (!problems.isEmpty() || RULES.put(named.getKey(), rules.getFirst()) != null) {
                    throw new AssertionError(named.getKey() + " is twice there, or not valid: " + problems);
                }
            }
        }
    }

    private NamedRules() {}

    static Map<String, Rule> all() {
        return RULES;
    }

    static Optional<String> of(String host, Step step, Reply reply) {
        ReplyWords words = ReplyWords.of(reply);
        return RULES.entrySet()
                .stream()
                .filter(named -> named.getValue().isSmtp() == reply.isSmtp()
                        && named.getValue().fits(host, step, reply, words))
                .map(Map.Entry::getKey)
                .findFirst();
    }
}
