package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TestRequestTest {
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00.5Z");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            you@example.com                           | you@example.com
            you@example.com 2027-01-12T09:00:00.500Z  | you@example.com
            you@example.com again                     | you@example.com
            "first last"@example.com                  | "first last"@example.com
            "first last"@example.com again            | "first last"@example.com
            jürgen@example.com 2                      | jürgen@example.com
            2027-01-12T09:00:00.500Z                  |
            please test again                         |
            a@example.com b@example.com               | a@example.com
            """, quoteCharacter = '\'')
    void aRequestMayNameARecipient(String request, String recipient) {
        assertThat(TestRequest.recipient(request)).isEqualTo(Optional.ofNullable(recipient));
    }

    @Test
    void aRequestOfTheSameAddressIsAnotherOneLater() {
        String first = TestRequest.write(Optional.of("you@example.com"), NOW);
        String second = TestRequest.write(Optional.of("you@example.com"), NOW.plusMillis(1));

        assertThat(first).isEqualTo("you@example.com 2027-01-12T09:00:00.500Z").isNotEqualTo(second);
        assertThat(TestRequest.recipient(second)).contains("you@example.com");
        assertThat(TestRequest.write(Optional.empty(), NOW)).isEqualTo("2027-01-12T09:00:00.500Z");
    }

    @Test
    void whatIsNoAddressIsNotAskedFor() {
        assertThatThrownBy(() -> TestRequest.write(Optional.of("you"), NOW))
                .hasMessage("\"you\" is no mail address; write it as name@example.com");
    }
}
