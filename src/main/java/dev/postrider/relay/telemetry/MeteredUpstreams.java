package dev.postrider.relay.telemetry;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.telemetry.RelayMeters.Outcome;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.Opening;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import dev.postrider.transport.Verdict;
import java.time.Duration;

/** Ways to servers that count what goes over them. */
public final class MeteredUpstreams implements Upstreams {
    private final Upstreams upstreams;
    private final RelayMeters meters;

    public MeteredUpstreams(Upstreams upstreams, RelayMeters meters) {
        this.upstreams = upstreams;
        this.meters = meters;
    }

    @Override
    public Upstream to(ServerRoute server) {
        return new Metered(server.key(), upstreams.to(server));
    }

    private final class Metered implements Upstream {
        private final ResourceKey server;
        private final Upstream upstream;
        private boolean counted;

        Metered(ResourceKey server, Upstream upstream) {
            this.server = server;
            this.upstream = upstream;
        }

        @Override
        public Attempt send(Envelope envelope, MessageContent message) {
            long start = System.nanoTime();
            Outcome outcome = Outcome.DEFERRED;
            try {
                Attempt attempt = upstream.send(envelope, message);
                outcome = outcome(attempt);
                return attempt;
            } finally {
                meters.attempt(server, outcome, Duration.ofNanos(System.nanoTime() - start));
                count(upstream.isOpen());
            }
        }

        @Override
        public Opening open() {
            try {
                return upstream.open();
            } finally {
                count(upstream.isOpen());
            }
        }

        private static Outcome outcome(Attempt attempt) {
            if (attempt.verdicts().values().stream().anyMatch(Verdict.Accepted.class::isInstance)) {
                return Outcome.DELIVERED;
            }
            return attempt.verdicts()
                    .values()
                    .stream()
                    .allMatch(verdict -> verdict instanceof Verdict.Refused refused && refused.permanent())
                            ? Outcome.BOUNCED
                            : Outcome.DEFERRED;
        }

        private void count(boolean open) {
            if (open != counted) {
                counted = open;
                meters.connection(server, open ? 1 : -1);
            }
        }

        @Override
        public boolean isOpen() {
            return upstream.isOpen();
        }

        @Override
        public void close() {
            upstream.close();
            count(false);
        }
    }
}
