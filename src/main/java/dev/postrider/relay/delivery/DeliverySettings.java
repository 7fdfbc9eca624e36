package dev.postrider.relay.delivery;

import dev.postrider.route.Durations;
import dev.postrider.route.RelayConfiguration;
import java.time.Duration;

/**
 * How mail is delivered.
 *
 * @param hostName of the relay, for bounces
 * @param delivery what the configuration says of it
 */
public record DeliverySettings(String hostName, RelayConfiguration.Delivery delivery) {

    /** As the relay delivers where nothing else is said. */
    public static DeliverySettings of(String hostName) {
        return new DeliverySettings(hostName, RelayConfiguration.DEFAULT.delivery());
    }

    /**
     * How long to wait.
     *
     * @param attempts that have failed, at least 1
     * @param random   0 to 1
     */
    Duration waitAfter(int attempts, double random) {
        int last = delivery.retryAfter().size();
        Duration base = Durations.read(delivery.retryAfter().get(Math.min(attempts, last) - 1));
        return base.plusMillis(Math.round(base.toMillis() * (delivery.retryJitter() / 100.0) * (2 * random - 1)));
    }
}
