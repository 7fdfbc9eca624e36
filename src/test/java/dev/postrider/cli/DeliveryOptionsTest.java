package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.relay.delivery.DeliverySettings;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Tag("relay")
final class DeliveryOptionsTest {

    @Command
    static final class Some {
        @Mixin
        DeliveryOptions delivery;
    }

    private static DeliverySettings parse(String... arguments) {
        var some = new Some();
        var command = new CommandLine(some);
        command.parseArgs(arguments);
        return some.delivery.settings(command, "relay.test");
    }

    @Test
    void theDefaultsAreThoseOfTheCode() {
        assertThat(parse()).isEqualTo(DeliverySettings.of("relay.test"));
    }

    @Test
    void eachCanBeChanged() {
        assertThat(parse("--retry-after=10s,1h", "--retry-jitter=0", "--delay-notice-after=1h", "--give-up-after=48h",
                "--idle-connection=5s", "--messages-per-connection=20", "--server-rest=1m",
                "--longest-server-rest=1h", "--returned-message=10Ki"))
                .isEqualTo(new DeliverySettings("relay.test", List.of(Duration.ofSeconds(10), Duration.ofHours(1)), 0,
                        Duration.ofHours(1), Duration.ofHours(48), Duration.ofSeconds(5), 20, Duration.ofMinutes(1),
                        Duration.ofHours(1), 10 * 1024));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --give-up-after=5d            | "5d" is no duration
            --returned-message=1MB        | is no size
            --retry-jitter=101            | jitter is 0 to 1
            --messages-per-connection=0   | messagesPerConnection at least 1
            --longest-server-rest=1s      | is shorter than serverRest
            """)
    void saysWhatIsWrong(String argument, String message) {
        assertThatThrownBy(() -> parse(argument)).hasMessageContaining(message);
    }
}
