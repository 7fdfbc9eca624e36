package dev.postrider.cli;

import dev.postrider.relay.links.Clamd;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.links.S3Location;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.Sizes;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** What only this process knows of how attachments are kept and served for download. */
final class LinkOptions {
    @Option(names = "--links-port", paramLabel = "PORT", defaultValue = "${env:POSTRIDER_LINKS_PORT:-8443}",
            description = "The port of downloads, where the configuration has links.enabled; 0 for one that the system "
                    + "chooses.")
    int port;

    @Option(names = "--links-s3-credentials", paramLabel = "DIR",
            defaultValue = "${env:POSTRIDER_LINKS_S3_CREDENTIALS}", showDefaultValue = Visibility.NEVER,
            description = "The directory with the keys of links.s3: files access-key-id, secret-access-key, and ca.crt for a CA "
                    + "of its own. The keys are read again for each request.")
    @Nullable
    Path credentials;

    // @formatter:on

    /**
     * Empty if attachments are not served.
     *
     * @throws ParameterException if an option is wrong or missing; the message says what is allowed
     */
    Optional<LinkSettings> settings(CommandLine command, RelayConfiguration.Links links) {
        Ports.check(command, "--links-port", port);
        if (!links.enabled()) {
            return Optional.empty();
        }
        Optional<Clamd> scanner = Optional.of(links.scanner()).filter(address -> !address.isEmpty()).map(Clamd::new);
        return Optional.of(new LinkSettings(port, links.tls(), links.bucket().map(bucket -> s3(command, bucket)),
                Sizes.read(links.organizationSize()), links.downloads(), scanner));
    }

    private S3Location s3(CommandLine command, RelayConfiguration.S3 bucket) {
        if (credentials == null || credentials.toString().isEmpty()) {
            throw new ParameterException(command, "--links-s3-credentials is missing: the directory with the keys of "
                    + "links.s3");
        }
        try {
            return new S3Location(URI.create(bucket.endpoint()), bucket.region(), bucket.bucket(), credentials);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "links.s3: " + e.getMessage(), e);
        }
    }
}
