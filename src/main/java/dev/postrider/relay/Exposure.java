package dev.postrider.relay;

import dev.postrider.relay.admin.Access;
import dev.postrider.relay.events.WebhookPolicy;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;

/**
 * How the relay is seen from outside.
 *
 * @param access         who may see and change the queue besides who has the installation's token
 * @param namedInMetrics how many organizations, and how many servers, metrics name; the rest share a name
 * @param tracing        where traces go; closed with the relay
 * @param webhooks       where events may go
 */
public record Exposure(Access access, int namedInMetrics, Tracing tracing, WebhookPolicy webhooks) {
    /** Nobody else sees anything. */
    public static final Exposure DEFAULT = new Exposure(Access.NOBODY,
            RelayMeters.DEFAULT_NAMED, Tracing.OFF, WebhookPolicy.STRICT);
}
