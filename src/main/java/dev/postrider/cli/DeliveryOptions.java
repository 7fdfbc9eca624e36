package dev.postrider.cli;

import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.route.Durations;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** How mail is delivered, tried again and given up. */
final class DeliveryOptions {
    @Option(names = "--retry-after", paramLabel = "TIME", split = ",", converter = Time.class,
            defaultValue = "${env:POSTRIDER_RETRY_AFTER:-1m,5m,15m,30m,60m}",
            description = "How long to wait after the first failed attempt, the second and so on; the last holds for "
                    + "all that follow.")
    List<Duration> retryAfter;

    @Option(names = "--retry-jitter", paramLabel = "PERCENT", defaultValue = "${env:POSTRIDER_RETRY_JITTER:-20}",
            description = "By which part such a wait is made longer or shorter at random, 0 to 100.")
    int retryJitter;

    @Option(names = "--delay-notice-after", paramLabel = "TIME", converter = Time.class,
            defaultValue = "${env:POSTRIDER_DELAY_NOTICE_AFTER:-4h}",
            description = "When a sender is told that his mail is not delivered yet.")
    Duration delayNoticeAfter;

    @Option(names = "--give-up-after", paramLabel = "TIME", converter = Time.class,
            defaultValue = "${env:POSTRIDER_GIVE_UP_AFTER:-120h}",
            description = "When mail that still fails is given up, and reported as failed.")
    Duration giveUpAfter;

    @Option(names = "--idle-connection", paramLabel = "TIME", converter = Time.class,
            defaultValue = "${env:POSTRIDER_IDLE_CONNECTION:-30s}",
            description = "How long a connection to a server is kept without mail.")
    Duration idleConnection;

    @Option(names = "--messages-per-connection", paramLabel = "N",
            defaultValue = "${env:POSTRIDER_MESSAGES_PER_CONNECTION:-100}",
            description = "How many messages go over a connection to a server at most.")
    int messagesPerConnection;

    @Option(names = "--server-rest", paramLabel = "TIME", converter = Time.class,
            defaultValue = "${env:POSTRIDER_SERVER_REST:-30s}",
            description = "How long a server that failed three times in a row gets no mail.")
    Duration serverRest;

    @Option(names = "--longest-server-rest", paramLabel = "TIME", converter = Time.class,
            defaultValue = "${env:POSTRIDER_LONGEST_SERVER_REST:-10m}",
            description = "To which that grows, doubled each time that the server fails again.")
    Duration longestServerRest;

    @Option(names = "--returned-message", paramLabel = "SIZE", converter = Octets.class,
            defaultValue = "${env:POSTRIDER_RETURNED_MESSAGE:-1Mi}",
            description = "Up to which size a report of failure returns the whole message to a sender who asked for "
                    + "that (RET=FULL).")
    long returnedMessage;

    // @formatter:on

    /** @throws ParameterException if the options do not fit together; the message says what is allowed */
    DeliverySettings settings(CommandLine command, String hostName) {
        try {
            return new DeliverySettings(hostName, retryAfter, retryJitter / 100.0, delayNoticeAfter, giveUpAfter,
                    idleConnection, messagesPerConnection, serverRest, longestServerRest, returnedMessage);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--retry-after, --retry-jitter, --messages-per-connection, "
                    + "--server-rest, --longest-server-rest: " + e.getMessage(), e);
        }
    }

    /** Reads a duration as resources write them: 30s, 5m, 4h. */
    static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Durations.read(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
