package dev.postrider.reply;

import dev.postrider.route.TestResult.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Rules by the code of the reply, in their order. */
final class RuleIndex {
    private final Map<Integer, List<Rule>> smtp = new HashMap<>();
    private final Map<Integer, List<Rule>> http = new HashMap<>();

    RuleIndex(List<Rule> rules) {
        for (Rule rule : rules) {
            for (int code = 400; code < 600; code++) {
                if (rule.takes(code)) {
                    (rule.isSmtp() ? smtp : http).computeIfAbsent(code, _ -> new ArrayList<>()).add(rule);
                }
            }
        }
    }

    /** What the first that fits says. */
    Optional<Meaning> find(String host, Step step, Reply reply) {
        List<Rule> some = (reply.isSmtp() ? smtp : http).getOrDefault(reply.code(), List.of());
        if (some.isEmpty()) {
            return Optional.empty();
        }
        ReplyWords words = ReplyWords.of(reply);
        for (Rule rule : some) {
            if (rule.fits(host, step, reply, words)) {
                return Optional.of(rule.of(reply));
            }
        }
        return Optional.empty();
    }
}
