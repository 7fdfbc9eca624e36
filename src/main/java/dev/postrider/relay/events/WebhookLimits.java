package dev.postrider.relay.events;

import dev.postrider.relay.queue.Outbox.Scheduled;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * How much of the relay webhooks may use.
 *
 * @param atOnce      organizations that are told at a time
 * @param turn        after which a receiver that gets many events lets others go first, and after which an answer is slow
 * @param ofNamespace events that are kept for a namespace
 */
record WebhookLimits(int atOnce, Duration turn, int ofNamespace) {
    static final WebhookLimits DEFAULT = new WebhookLimits(200, Duration.ofSeconds(1), 10_000);

    private record Kept(ResourceKey organization, int events) {}

    /** How many events each organization has to lose, so that each namespace has no more than it may. */
    Map<ResourceKey, Integer> excess(Map<ResourceKey, Scheduled> schedule) {
        Map<String, Integer> ofNamespaces = new HashMap<>();
        schedule.forEach((organization, kept) -> ofNamespaces.merge(organization.namespace(), kept.events(),
                Integer::sum));
        ofNamespaces.values().removeIf(events -> events <= ofNamespace);
        Map<ResourceKey, Integer> excess = new HashMap<>();
        ofNamespaces.forEach((namespace, events) -> {
            var most = new PriorityQueue<>(Comparator.comparingInt(Kept::events).reversed());
            schedule.forEach((organization, kept) -> {
                if (organization.namespace().equals(namespace)) {
                    most.add(new Kept(organization, kept.events()));
                }
            });
            for (int left = events - ofNamespace; left > 0;) {
                Kept first = most.remove();
                int less = Math.min(left, Math.ceilDiv(first.events, 2));
                excess.merge(first.organization, less, Integer::sum);
                most.add(new Kept(first.organization, first.events - less));
                left -= less;
            }
        });
        return excess;
    }
}
