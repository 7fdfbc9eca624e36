package dev.postrider.reply;

import dev.postrider.route.ReplyRule;
import java.util.List;
import java.util.function.Supplier;

/**
 * The rules of an installation at this moment: its own, then those that the program brings. What a server declares for
 * itself comes before them ({@link ReplyRules#after}). Safe for threads.
 */
public final class CurrentRules implements Supplier<ReplyRules> {
    private List<ReplyRule> declared = List.of();
    private volatile ReplyRules rules = ReplyRules.shipped();

    /**
     * Puts others in place of the installation's own; equal ones change nothing, so that what is made of them is kept.
     *
     * @param installed what is wrong among them counts for nothing
     */
    public synchronized void set(List<ReplyRule> installed) {
        if (!installed.equals(declared)) {
            declared = List.copyOf(installed);
            rules = ReplyRules.shipped().after(declared);
        }
    }

    @Override
    public ReplyRules get() {
        return rules;
    }
}
