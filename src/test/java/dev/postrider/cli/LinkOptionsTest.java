package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.links.S3Location;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Tag("upstreams")
final class LinkOptionsTest {

    @Command
    static final class Some {
        @Mixin
        LinkOptions links;
    }

    private static Optional<LinkSettings> parse(boolean sharedQueue, String... arguments) {
        var some = new Some();
        var command = new CommandLine(some);
        command.parseArgs(arguments);
        return some.links.settings(command, sharedQueue);
    }

    @Test
    void nothingIsServedUnlessThatIsAskedFor() {
        assertThat(parse(true)).isEmpty();
        assertThat(parse(false, "--links-port=8443")).contains(new LinkSettings(8443, true, Optional.empty(),
                LinkSettings.ORGANIZATION_OCTETS, LinkSettings.MOST_DOWNLOADS, Optional.empty()));
    }

    @Test
    void eachCanBeChanged() {
        var settings = parse(true, "--links-port=0", "--links-tls=false", "--links-organization-size=1Mi",
                "--links-downloads=3", "--links-scanner=[::1]:3310", "--links-s3-endpoint=https://s3.example.com",
                "--links-s3-region=eu-west-1", "--links-s3-bucket=mail", "--links-s3-credentials=/keys").orElseThrow();
        assertThat(settings.scanner()).map(Object::toString).contains("clamd at [::1]:3310");
        assertThat(settings)
                .isEqualTo(new LinkSettings(0, false,
                        Optional.of(new S3Location(URI.create("https://s3.example.com"), "eu-west-1", "mail",
                                Path.of("/keys"))),
                        1 << 20, 3, settings.scanner()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            true  | --links-port=1                                          | --links-s3-endpoint is missing: with --queue-url
            false | --links-port=x                                          | is no number
            false | --links-port=65536                                      | is no TCP port
            false | --links-port=1 --links-scanner=clamd                    | "clamd" is no address of clamd
            false | --links-port=1 --links-downloads=0                      | must be at least 1
            false | --links-port=1 --links-s3-endpoint=https://s3           | needs --links-s3-bucket
            false | --links-port=1 --links-s3-endpoint=s3 --links-s3-bucket=mail --links-s3-credentials=k | must be a URL
            false | --links-port=1 --links-s3-endpoint=https://a:b@s3 --links-s3-bucket=mail --links-s3-credentials=k | without login
            false | --links-port=1 --links-s3-endpoint=https://s3 --links-s3-bucket=No --links-s3-credentials=k | "No" is no name of a bucket
            """)
    void saysWhatIsWrong(boolean sharedQueue, String arguments, String message) {
        assertThatThrownBy(() -> parse(sharedQueue, arguments.split(" ", -1))).hasMessageContaining(message);
    }
}
