package dev.postrider.cli;

import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.route.RelayConfiguration;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** What only this process knows of where the queue is. */
final class QueueOptions {
    @Option(names = "--queue-credentials", paramLabel = "DIR", defaultValue = "${env:POSTRIDER_QUEUE_CREDENTIALS}",
            showDefaultValue = Visibility.NEVER,
            description = "The directory with the login of queue.url: files username, password, and ca.crt for a "
                    + "CA of its own. Read again at each connection.")
    @Nullable
    Path credentials;

    // @formatter:on

    /** @throws ParameterException if the login is missing or the URL wrong; the message says what is allowed */
    QueueSettings settings(CommandLine command, RelayConfiguration.Queue queue) {
        return new QueueSettings(
                Optional.of(queue.url()).filter(url -> !url.isEmpty()).map(url -> location(command, url)),
                QueueLimits.of(queue), QueueSettings.LEASE);
    }

    private PostgresLocation location(CommandLine command, String url) {
        try {
            return new PostgresLocation(url,
                    Optional.ofNullable(credentials).filter(path -> !path.toString().isEmpty()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "queue.url: " + e.getMessage(), e);
        }
    }
}
