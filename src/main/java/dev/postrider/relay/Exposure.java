package dev.postrider.relay;

import dev.postrider.relay.admin.Access;
import dev.postrider.relay.events.WebhookPolicy;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import java.util.OptionalInt;

/**
 * How the relay is seen from outside.
 *
 * @param access         who may see and change the queue besides who has the installation's token
 * @param namedInMetrics how many organizations, and how many servers, metrics name; the rest share a name
 * @param tracing        where traces go; closed with the relay
 * @param webhooks       where events may go
 * @param healthPort     a port for probes alone, if there is to be one; 0 for one that the system chooses
 */
public record Exposure(Access access, int namedInMetrics, Tracing tracing, WebhookPolicy webhooks,
        OptionalInt healthPort) {
    /** Nobody else sees anything. */
    public static final Exposure DEFAULT = new Exposure(Access.NOBODY,
            RelayMeters.DEFAULT_NAMED, Tracing.OFF, WebhookPolicy.STRICT);

    /** Probes ask at the admin port. */
    public Exposure(Access access, int namedInMetrics, Tracing tracing, WebhookPolicy webhooks) {
        this(access, namedInMetrics, tracing, webhooks, OptionalInt.empty());
    }
}
