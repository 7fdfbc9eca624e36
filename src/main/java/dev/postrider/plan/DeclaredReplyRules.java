package dev.postrider.plan;

import dev.postrider.api.MailServerSpec;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.reply.ReplyRules;
import dev.postrider.reply.RuleProblem;
import dev.postrider.route.ReplyRule;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What a MailServer declares its replies to mean. */
final class DeclaredReplyRules {
    private DeclaredReplyRules() {}

    /** As the relay gets them, valid or not. */
    static List<ReplyRule> of(MailServerSpec spec) {
        return Objects.requireNonNullElse(spec.replyRules(), List.<dev.postrider.api.ReplyRule>of())
                .stream()
                .map(rule -> new ReplyRule(List.of(),
                        Optional.of(spec.microsoftGraph() == null ? "SMTP" : "HTTP"),
                        Objects.requireNonNullElse(rule.steps(), List.of()),
                        Objects.requireNonNullElse(rule.codes(), List.of()),
                        Objects.requireNonNullElse(rule.enhanced(), List.of()), Optional.ofNullable(rule.text()),
                        Optional.ofNullable(rule.replyClass()), Optional.ofNullable(rule.action()),
                        Optional.ofNullable(rule.restFor()), Optional.ofNullable(rule.timeZone()),
                        Optional.ofNullable(rule.advice())))
                .toList();
    }

    /** Records all that is wrong with them. */
    static void check(MailServerSpec spec, List<Problem> problems) {
        for (RuleProblem problem : ReplyRules.problems(of(spec))) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, "spec.replyRules" + problem.place(),
                    problem.message()));
        }
    }
}
