package dev.postrider.cli;

import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.queue.Usage;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Where the queue is and how much it takes. */
final class QueueOptions {
    @Option(names = "--queue-url", paramLabel = "URL", defaultValue = "${env:POSTRIDER_QUEUE_URL}",
            showDefaultValue = Visibility.NEVER,
            description = "A database for the queue that several relays may share: "
                    + "postgresql://host:port/database, with TLS unless it says ?sslmode=disable. Never with a login. "
                    + "Several hosts have commas between them; the primary is used. "
                    + "Default: a file in --data, for one relay.")
    @Nullable
    String url;

    @Option(names = "--queue-credentials", paramLabel = "DIR", defaultValue = "${env:POSTRIDER_QUEUE_CREDENTIALS}",
            showDefaultValue = Visibility.NEVER,
            description = "The directory with the login of --queue-url: files username, password, and ca.crt for a "
                    + "CA of its own. Read again at each connection.")
    @Nullable
    Path credentials;

    @Option(names = "--queue-messages", paramLabel = "N",
            defaultValue = "${env:POSTRIDER_QUEUE_MESSAGES:-2000000}",
            description = "How many messages are queued at most; more are refused with 452.")
    long messages;

    @Option(names = "--queue-size", paramLabel = "SIZE", defaultValue = "${env:POSTRIDER_QUEUE_SIZE:-50Gi}",
            converter = Octets.class, description = "Their size at most, as 500Mi or 50Gi, and never more than the volume "
                    + "has room for.")
    long size;

    @Option(names = "--queue-organization-messages", paramLabel = "N",
            defaultValue = "${env:POSTRIDER_QUEUE_ORGANIZATION_MESSAGES:-500000}",
            description = "How many messages of an organization are queued at most.")
    long organizationMessages;

    @Option(names = "--queue-organization-size", paramLabel = "SIZE",
            defaultValue = "${env:POSTRIDER_QUEUE_ORGANIZATION_SIZE:-10Gi}", converter = Octets.class,
            description = "Their size at most.")
    long organizationSize;

    // @formatter:on

    /** @throws ParameterException if an option is wrong; the message says what is allowed */
    QueueSettings settings(CommandLine command) {
        var limits = new QueueLimits(new Usage(messages, size), new Usage(organizationMessages, organizationSize));
        return new QueueSettings(OptionValue.given(url).map(some -> location(command, some)), limits,
                QueueSettings.LEASE);
    }

    private PostgresLocation location(CommandLine command, String some) {
        try {
            return new PostgresLocation(some,
                    Optional.ofNullable(credentials).filter(path -> !path.toString().isEmpty()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--queue-url: " + e.getMessage(), e);
        }
    }
}
