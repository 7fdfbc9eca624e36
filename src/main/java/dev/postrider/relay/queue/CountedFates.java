package dev.postrider.relay.queue;

import dev.postrider.relay.queue.Settlement.Fate;
import dev.postrider.route.ResourceKey;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Counts what became of a message's recipients by the rows that a settlement really touches: one that is recorded twice,
 * for the answer to the first was lost or another relay had the message as well, is counted once.
 */
record CountedFates(SqlCounters counters, SqlWrites writes, QueuedMessage message, Settlement settlement) {
    /** Counts nothing. */
    static final IntConsumer NONE = rows -> {};

    /** What to do with the rows of one recipient. */
    IntConsumer of(int number) {
        Fate fate = settlement.fates().get(number);
        return fate == null || message.countedAs().isEmpty() ? NONE : counting(fate);
    }

    /** What to do with the rows of all recipients at once, where all have the same fate. */
    Optional<IntConsumer> together() {
        if (message.countedAs().isEmpty() || settlement.fates().isEmpty()) {
            return Optional.of(NONE);
        }
        Fate first = settlement.fates().values().iterator().next();
        boolean same = settlement.fates().keySet().containsAll(settlement.done())
                && settlement.fates().values().stream().allMatch(first::equals);
        return same ? Optional.of(counting(first)) : Optional.empty();
    }

    private IntConsumer counting(Fate fate) {
        ResourceKey organization = message.organization();
        String mailClass = message.countedAs().orElseThrow();
        return rows -> {
            if (rows > 0) {
                writes.count(counters.key(organization, mailClass, fate.server().toString()), fate.of(rows));
            }
        };
    }
}
