package dev.postrider.relay.delivery;

import dev.postrider.route.Durations;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.Sizes;
import java.time.Duration;
import java.util.List;

/**
 * How mail is delivered.
 *
 * @param hostName              of the relay, for bounces
 * @param backOff               how long to wait after the first failed attempt, the second and so on; the last holds
 *                              for all that follow. At least one
 * @param jitter                by which part a wait is made longer or shorter at random, 0 to 1
 * @param delayNotice           after which the sender is told that a message is still not delivered
 * @param expiry                after which a message that is still refused for the time being is given up
 * @param idleConnection        how long a connection is kept without mail
 * @param messagesPerConnection at least 1
 * @param serverRest            how long a server that failed three times in a row gets no mail
 * @param longestServerRest     to which that grows, doubled each time that the server fails again
 * @param returnedMessage       octets of a message that a report returns as a whole, where its sender asks for that
 */
public record DeliverySettings(String hostName, List<Duration> backOff, double jitter, Duration delayNotice,
        Duration expiry, Duration idleConnection, int messagesPerConnection, Duration serverRest,
        Duration longestServerRest, long returnedMessage) {

    public DeliverySettings {
        backOff = List.copyOf(backOff);
        if (backOff.isEmpty() || jitter < 0 || jitter > 1 || messagesPerConnection < 1) {
            throw new IllegalArgumentException("backOff needs a wait, jitter is 0 to 1, messagesPerConnection at least "
                    + "1, but are " + backOff + ", " + jitter + ", " + messagesPerConnection);
        }
        if (longestServerRest.compareTo(serverRest) < 0) {
            throw new IllegalArgumentException(
                    "longestServerRest " + longestServerRest + " is shorter than serverRest " + serverRest);
        }
    }

    /** As the relay delivers where nothing else is said. */
    public static DeliverySettings of(String hostName) {
        return of(hostName, RelayConfiguration.DEFAULT.delivery());
    }

    /** As a configuration has it. */
    public static DeliverySettings of(String hostName, RelayConfiguration.Delivery delivery) {
        return new DeliverySettings(hostName, delivery.retryAfter().stream().map(Durations::read).toList(),
                delivery.retryJitter() / 100.0, Durations.read(delivery.delayNoticeAfter()),
                Durations.read(delivery.giveUpAfter()), Durations.read(delivery.idleConnection()),
                delivery.messagesPerConnection(), Durations.read(delivery.serverRest()),
                Durations.read(delivery.longestServerRest()), Sizes.read(delivery.returnedMessage()));
    }

    /**
     * How long to wait.
     *
     * @param attempts that have failed, at least 1
     * @param random   0 to 1
     */
    Duration waitAfter(int attempts, double random) {
        Duration base = backOff.get(Math.min(attempts, backOff.size()) - 1);
        return base.plusMillis(Math.round(base.toMillis() * jitter * (2 * random - 1)));
    }
}
