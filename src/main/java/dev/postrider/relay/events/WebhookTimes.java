package dev.postrider.relay.events;

import java.time.Duration;
import java.util.List;

/**
 * When webhooks are told, and for how long.
 *
 * @param look     how often the outbox is looked at
 * @param connect  longest time to connect
 * @param answer   longest time until the status of the answer
 * @param backOffs waits of an event after each failed attempt; the last is repeated
 * @param rests    waits of an organization's webhook after each failure in a row; the last is repeated
 * @param expiry   after which an event that fails again is dropped
 */
public record WebhookTimes(Duration look, Duration connect, Duration answer, List<Duration> backOffs,
        List<Duration> rests, Duration expiry) {
    public static final WebhookTimes DEFAULT = new WebhookTimes(Duration.ofMillis(500), Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            List.of(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(2), Duration.ofMinutes(10),
                    Duration.ofMinutes(30), Duration.ofHours(1)),
            List.of(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(60)),
            Duration.ofHours(24));

    Duration backOff(int attempts) {
        return backOffs.get(Math.min(attempts, backOffs.size()) - 1);
    }

    Duration rest(int failures) {
        return rests.get(Math.min(failures, rests.size()) - 1);
    }

    Duration longestRest() {
        return rests.getLast();
    }
}
