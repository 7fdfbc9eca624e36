package dev.postrider.reply;

import dev.postrider.route.ReplyRule;
import dev.postrider.route.TestResult.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Rules by which refusals get their meaning; the first that fits counts, and where none does, the RFCs
 * ({@link StandardMeaning}). Safe for threads.
 */
public final class ReplyRules {
    private static final ReplyRules SHIPPED = new ReplyRules(List.of(), null);

    private final List<ReplyRule> declared;
    private final @Nullable ReplyRules others;
    private volatile @Nullable RuleIndex index;

    private ReplyRules(List<ReplyRule> declared, @Nullable ReplyRules others) {
        this.declared = List.copyOf(declared);
        this.others = others;
    }

    /** The rules that the program brings. */
    public static ReplyRules shipped() {
        return SHIPPED;
    }

    /** Those of somebody, and then these. What is wrong among them counts for nothing. */
    public ReplyRules after(List<ReplyRule> first) {
        return first.isEmpty() ? this : new ReplyRules(first, this);
    }

    /** All that is wrong with rules, in their order. */
    public static List<RuleProblem> problems(List<ReplyRule> rules) {
        List<RuleProblem> problems = new ArrayList<>();
        RuleReader.read(rules, problems);
        return List.copyOf(problems);
    }

    /**
     * The meaning of a refusal.
     *
     * @param host of the server, as declared
     * @param step what was refused
     */
    public Meaning of(String host, Step step, Reply reply) {
        return find(host, step, reply).orElseGet(() -> StandardMeaning.of(step, reply));
    }

    private Optional<Meaning> find(String host, Step step, Reply reply) {
        Optional<Meaning> found = index().find(host, step, reply);
        return found.isPresent() || others == null ? found : others.find(host, step, reply);
    }

    /** Made with the first refusal: most servers never refuse anything. */
    private RuleIndex index() {
        RuleIndex made = index;
        if (made == null) {
            made = new RuleIndex(others == null ? ShippedRules.rules() : RuleReader.read(declared, new ArrayList<>()));
            index = made;
        }
        return made;
    }
}
