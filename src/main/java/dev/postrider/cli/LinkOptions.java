package dev.postrider.cli;

import dev.postrider.relay.links.Clamd;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.links.S3Location;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** How attachments are kept and served for download. */
final class LinkOptions {
    @Option(names = "--links-port", paramLabel = "PORT", defaultValue = "${env:POSTRIDER_LINKS_PORT}",
            showDefaultValue = Visibility.NEVER,
            description = "The port of downloads, for organizations whose attachments become links (whenTooLarge: "
                    + "Link); 0 for one that the system chooses. Default: none, and such mail waits.")
    @Nullable
    String port;

    @Option(names = "--links-tls", arity = "0..1", fallbackValue = "true", paramLabel = "true|false",
            defaultValue = "${env:POSTRIDER_LINKS_TLS:-true}",
            description = "Whether that port speaks TLS, with the relay's certificate. Without it something in front "
                    + "of it must, for links are always https.")
    boolean tls;

    @Option(names = "--links-organization-size", paramLabel = "SIZE", converter = Octets.class,
            defaultValue = "${env:POSTRIDER_LINKS_ORGANIZATION_SIZE:-10Gi}",
            description = "Size of the attachments that an organization may have kept; mail with more waits.")
    long organizationSize;

    @Option(names = "--links-downloads", paramLabel = "N", defaultValue = "${env:POSTRIDER_LINKS_DOWNLOADS:-100}",
            description = "Downloads at a time; more are answered with 503.")
    int downloads;

    @Option(names = "--links-scanner", paramLabel = "ADDRESS", defaultValue = "${env:POSTRIDER_LINKS_SCANNER}",
            showDefaultValue = Visibility.NEVER,
            description = "A clamd that looks at attachments before there are links to them: host:port, or "
                    + "unix:/path. Default: none.")
    @Nullable
    String scanner;

    @Option(names = "--links-s3-endpoint", paramLabel = "URL", defaultValue = "${env:POSTRIDER_LINKS_S3_ENDPOINT}",
            showDefaultValue = Visibility.NEVER,
            description = "A server that speaks the API of Amazon S3, where attachments are kept. Needed with "
                    + "--queue-url. Default: the directory links in --data.")
    @Nullable
    String endpoint;

    @Option(names = "--links-s3-region", paramLabel = "REGION",
            defaultValue = "${env:POSTRIDER_LINKS_S3_REGION:-us-east-1}",
            description = "The region that its requests are signed for.")
    String region;

    @Option(names = "--links-s3-bucket", paramLabel = "NAME", defaultValue = "${env:POSTRIDER_LINKS_S3_BUCKET}",
            showDefaultValue = Visibility.NEVER, description = "Its bucket, which must be there.")
    @Nullable
    String bucket;

    @Option(names = "--links-s3-credentials", paramLabel = "DIR",
            defaultValue = "${env:POSTRIDER_LINKS_S3_CREDENTIALS}", showDefaultValue = Visibility.NEVER,
            description = "The directory with its keys: files access-key-id, secret-access-key, and ca.crt for a CA "
                    + "of its own. The keys are read again for each request.")
    @Nullable
    Path credentials;

    // @formatter:on

    /**
     * Empty if attachments are not served.
     *
     * @param sharedQueue whether several relays may share the queue
     * @throws ParameterException if an option is wrong; the message says what is allowed
     */
    Optional<LinkSettings> settings(CommandLine command, boolean sharedQueue) {
        Optional<String> wanted = OptionValue.given(port);
        if (wanted.isEmpty()) {
            return Optional.empty();
        }
        int number = number(command, wanted.get());
        Ports.check(command, "--links-port", number);
        Optional<S3Location> s3 = OptionValue.given(endpoint).map(url -> s3(command, url));
        if (sharedQueue && s3.isEmpty()) {
            throw new ParameterException(command, "--links-s3-endpoint is missing: with --queue-url relays share no "
                    + "volume, so attachments must be kept in S3");
        }
        try {
            return Optional.of(new LinkSettings(number, tls, s3, organizationSize, downloads,
                    OptionValue.given(scanner).map(Clamd::new)));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command,
                    "--links-organization-size, --links-downloads, --links-scanner: " + e.getMessage(), e);
        }
    }

    private static int number(CommandLine command, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new ParameterException(command, "--links-port: '" + text + "' is no number", e);
        }
    }

    private S3Location s3(CommandLine command, String url) {
        if (OptionValue.given(bucket).isEmpty() || credentials == null || credentials.toString().isEmpty()) {
            throw new ParameterException(command,
                    "--links-s3-endpoint needs --links-s3-bucket and --links-s3-credentials");
        }
        try {
            return new S3Location(URI.create(url), region, OptionValue.given(bucket).get(), credentials);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--links-s3-endpoint, --links-s3-bucket: " + e.getMessage(), e);
        }
    }
}
