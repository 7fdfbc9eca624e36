package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.RouteJson;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Durations and sizes of the configuration are read once, all of them, before any mail is delivered by them. */
@Tag("relay")
final class DeliverySettingsTest {
    private static DeliverySettings with(String setting, String json) {
        String all = RouteJson.write(RelayConfiguration.DEFAULT.delivery());
        String changed = all.replaceFirst("\"" + setting + "\":(\\[[^]]*]|\"[^\"]*\")",
                "\"" + setting + "\":" + json);
        assertThat(changed).isNotEqualTo(all);
        return new DeliverySettings("relay.test", RouteJson.read(changed, RelayConfiguration.Delivery.class));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            retryAfter        | ["1m", "1d"] | "1d" is no duration; write a whole number with ms, s, m or h, such as 15s
            retryAfter        | []           | retryAfter is empty; write one wait at least, such as 1m
            delayNoticeAfter  | "soon"       | "soon" is no duration; write a whole number with ms, s, m or h, such as 15s
            giveUpAfter       | "5d"         | "5d" is no duration; write a whole number with ms, s, m or h, such as 15s
            idleConnection    | "1d"         | "1d" is no duration; write a whole number with ms, s, m or h, such as 15s
            serverRest        | "1d"         | "1d" is no duration; write a whole number with ms, s, m or h, such as 15s
            longestServerRest | "1d"         | "1d" is no duration; write a whole number with ms, s, m or h, such as 15s
            longestServerRest | "29s"        | longestServerRest: 29s is shorter than serverRest, which is 30s
            returnedMessage   | "1Ei"        | '1Ei' is no size; allowed are octets, or Ki, Mi, Gi, Ti of them, as 500Mi
            """)
    void whatCannotBeReadIsRefusedBeforeItIsUsed(String setting, String json, String refusal) {
        String said;
        try {
            with(setting, json);
            said = "taken";
        } catch (IllegalArgumentException e) {
            said = e.getMessage();
        }
        assertThat(said).isEqualTo(refusal);
    }

    @ParameterizedTest
    @CsvSource({"1, 0.5, 60000", "2, 0.5, 300000", "5, 0.5, 3600000", "9, 0.5, 3600000", "1, 0, 48000", "1, 1, 72000"})
    void theLastWaitHoldsForAllThatFollow(int attempts, double random, long millis) {
        assertThat(DeliverySettings.of("relay.test").waitAfter(attempts, random))
                .isEqualTo(Duration.ofMillis(millis));
    }

    @Test
    void aSizeIsInOctets() {
        assertThat(with("returnedMessage", "\"64Ki\"").returnedMessage()).isEqualTo(65_536);
    }
}
