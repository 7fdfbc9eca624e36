package dev.postrider.relay.delivery;

import dev.postrider.route.Durations;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.Sizes;
import java.time.Duration;
import java.util.List;

/** How mail is delivered: the configuration, with what is a text in it read once. */
public final class DeliverySettings {
    private final String hostName;
    private final RelayConfiguration.Delivery delivery;
    private final List<Duration> retryAfter;
    private final Duration delayNoticeAfter;
    private final Duration giveUpAfter;
    private final Duration idleConnection;
    private final Duration serverRest;
    private final Duration longestServerRest;
    private final long returnedMessage;

    /**
     * As a configuration has it.
     *
     * @param hostName of the relay, for bounces
     * @throws IllegalArgumentException if a duration or a size cannot be read, there is no wait before the second attempt,
     *                                  or longestServerRest is shorter than serverRest
     */
    public DeliverySettings(String hostName, RelayConfiguration.Delivery delivery) {
        this.hostName = hostName;
        this.delivery = delivery;
        this.retryAfter = delivery.retryAfter().stream().map(Durations::read).toList();
        this.delayNoticeAfter = Durations.read(delivery.delayNoticeAfter());
        this.giveUpAfter = Durations.read(delivery.giveUpAfter());
        this.idleConnection = Durations.read(delivery.idleConnection());
        this.serverRest = Durations.read(delivery.serverRest());
        this.longestServerRest = Durations.read(delivery.longestServerRest());
        this.returnedMessage = Sizes.read(delivery.returnedMessage());
        if (retryAfter.isEmpty()) {
            throw new IllegalArgumentException("retryAfter is empty; write one wait at least, such as 1m");
        }
        if (longestServerRest.compareTo(serverRest) < 0) {
            throw new IllegalArgumentException("longestServerRest: %s is shorter than serverRest, which is %s"
                    .formatted(delivery.longestServerRest(), delivery.serverRest()));
        }
    }

    /** As the relay delivers where nothing else is said. */
    public static DeliverySettings of(String hostName) {
        return new DeliverySettings(hostName, RelayConfiguration.DEFAULT.delivery());
    }

    String hostName() {
        return hostName;
    }

    /** What is a number in the configuration. */
    RelayConfiguration.Delivery delivery() {
        return delivery;
    }

    Duration delayNoticeAfter() {
        return delayNoticeAfter;
    }

    Duration giveUpAfter() {
        return giveUpAfter;
    }

    Duration idleConnection() {
        return idleConnection;
    }

    Duration serverRest() {
        return serverRest;
    }

    Duration longestServerRest() {
        return longestServerRest;
    }

    /** In octets. */
    long returnedMessage() {
        return returnedMessage;
    }

    /**
     * How long to wait.
     *
     * @param attempts that have failed, at least 1
     * @param random   0 to 1
     */
    Duration waitAfter(int attempts, double random) {
        Duration base = retryAfter.get(Math.min(attempts, retryAfter.size()) - 1);
        return base.plusMillis(Math.round(base.toMillis() * (delivery.retryJitter() / 100.0) * (2 * random - 1)));
    }
}
