package dev.postrider.relay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("relay")
final class LogLineTest {
    static String[][] values() {
        return new String[][]{{"plain", "plain"}, {"<a@b.example>", "<a@b.example>"}, {"<jürgen@b.example>",
                "<jürgen@b.example>"}, {"", "\"\""}, {"two words", "\"two words\""}, {"a=b", "\"a=b\""},
                {"said \"no\"", "\"said \\\"no\\\"\""}, {"back\\slash", "\"back\\\\slash\""},
                {"250 ok\r\nID accepted from=<x>", "\"250 ok\\r\\nID accepted from=<x>\""},
                {"tab\there", "\"tab\\there\""}, {"\u001b[31mred", "\"\\u{1b}[31mred\""},
                {"line\u2028end", "\"line\\u{2028}end\""}, {"turn\u202eed", "\"turn\\u{202e}ed\""},
                {"nel\u0085x", "\"nel\\u{85}x\""}};
    }

    @ParameterizedTest
    @MethodSource("values")
    void noValueLooksLikeAnotherFieldOrLine(String value, String written) {
        assertThat(LogLine.of("ID", "delivered").with("reply", value).with("next", 1))
                .hasToString("ID delivered reply=" + written + " next=1");
    }

    @Test
    void durationsAreSeconds() {
        assertThat(LogLine.of("ID", "accepted").with("duration", Duration.ofMillis(1_234)).address("from", ""))
                .hasToString("ID accepted duration=1.234 from=<>");
    }
}
