package dev.postrider.relay;

import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.route.RelayConfiguration;

/** Settings for tests, written as people write them: what a test does not name is the default. */
public final class TestSettings {
    private TestSettings() {}

    /**
     * How mail is delivered.
     *
     * @param delivery as {@code {retryAfter: [200ms], retryJitter: 0}}
     */
    public static DeliverySettings delivery(String delivery) {
        return new DeliverySettings("relay.test", RelayConfiguration.read("{delivery: " + delivery + "}").delivery());
    }

    /**
     * What is made of Received fields.
     *
     * @param received as {@code {most: 3}}
     */
    public static RelayConfiguration.Received received(String received) {
        return RelayConfiguration.read("{received: " + received + "}").received();
    }
}
