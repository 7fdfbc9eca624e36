package dev.postrider.relay.delivery;

import dev.postrider.route.MailClass;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * The messages of one organization that are in memory: the most urgent class is next, of a class what came first. Mail
 * that waits is passed by four of more urgent classes at most, then one of it has its turn; by one, once it is old. Not
 * safe for threads.
 */
final class ClassOrder {
    private static final int MOST_PASSES = 4;
    private static final int MOST_PASSES_OF_OLD = 1;
    private static final Duration OLD = Duration.ofMinutes(15);

    private final List<Deque<Backlog.Claimed>> classes = new ArrayList<>();
    /** How many of more urgent classes were next while some of a class waited. */
    private final int[] passes = new int[MailClass.MOST_URGENT + 1];

    ClassOrder() {
        for (int urgency = 0; urgency <= MailClass.MOST_URGENT; urgency++) {
            classes.add(new ArrayDeque<>(1));
        }
    }

    void add(Backlog.Claimed claimed) {
        classes.get(claimed.message().urgency()).addLast(claimed);
    }

    /** It is the first of its class again. */
    void putBack(Backlog.Claimed claimed) {
        classes.get(claimed.message().urgency()).addFirst(claimed);
    }

    boolean isEmpty() {
        return classes.stream().allMatch(Deque::isEmpty);
    }

    /** How many there are of urgent classes, or of all others. */
    int size(boolean urgent) {
        int all = 0;
        for (int urgency = urgent ? 1 : 0; urgency <= (urgent ? MailClass.MOST_URGENT : 0); urgency++) {
            all += classes.get(urgency).size();
        }
        return all;
    }

    void forEach(Consumer<Backlog.Claimed> action) {
        classes.forEach(mine -> mine.forEach(action));
    }

    void clear() {
        classes.forEach(Deque::clear);
    }

    /** Takes out the next; there must be one. */
    Backlog.Claimed next(Instant now) {
        int next = -1;
        for (int urgency = MailClass.MOST_URGENT; urgency >= 0; urgency--) {
            if (!classes.get(urgency).isEmpty() && (next < 0 || isOwed(urgency, now) && !isOwed(next, now))) {
                next = urgency;
            }
        }
        for (int urgency = 0; urgency < next; urgency++) {
            passes[urgency] = classes.get(urgency).isEmpty() ? 0 : passes[urgency] + 1;
        }
        passes[next] = 0;
        return classes.get(next).removeFirst();
    }

    private boolean isOwed(int urgency, Instant now) {
        boolean old = !classes.get(urgency).getFirst().message().received().plus(OLD).isAfter(now);
        return passes[urgency] >= (old ? MOST_PASSES_OF_OLD : MOST_PASSES);
    }
}
