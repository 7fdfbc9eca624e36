package dev.postrider.relay.queue;

import dev.postrider.relay.queue.LockedRows.Changed;
import dev.postrider.route.RateLimits;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Rates as rows of a table, one for each server. */
final class SqlSendingRates implements SendingRates {
    private final LockedRows servers;

    SqlSendingRates(LockedRows servers) {
        this.servers = servers;
    }

    @Override
    public Grant take(ResourceKey server, RateLimits limits, int most, int owed) throws QueueException {
        return servers.change(server, (_, text, now) -> {
            SentLately sent = SentLately.parse(text);
            Grant grant = sent.take(limits, most, owed, ChronoUnit.MICROS.between(Instant.EPOCH, now));
            return new Changed<>(sent.toString(), grant);
        });
    }
}
