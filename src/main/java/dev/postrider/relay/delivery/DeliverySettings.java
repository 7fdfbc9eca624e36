package dev.postrider.relay.delivery;

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

    /**
     * 1, 5, 15, 30, 60 minutes, then hourly, for five days (RFC 5321 section 4.5.4.1); a notice after four hours.
     */
    public static DeliverySettings of(String hostName) {
        return new DeliverySettings(hostName,
                List.of(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(15), Duration.ofMinutes(30),
                        Duration.ofMinutes(60)),
                0.2, Duration.ofHours(4), Duration.ofDays(5), Duration.ofSeconds(30), 100, Duration.ofSeconds(30),
                Duration.ofMinutes(10), 1 << 20);
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
