package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("isolation")
final class EventLimitsTest {

    @Test
    void eventsOfAnObjectAreBounded() {
        var limits = new EventLimits();
        Instant start = Instant.parse("2027-01-01T00:00:00Z");
        for (int i = 0; i < 25; i++) {
            assertThat(limits.admits("object", start)).isTrue();
        }
        assertThat(limits.admits("object", start)).isFalse();
        assertThat(limits.admits("another", start)).isTrue();
        assertThat(limits.admits("object", start.plusSeconds(299))).isFalse();
        assertThat(limits.admits("object", start.plusSeconds(300))).isTrue();
        assertThat(limits.admits("object", start.plusSeconds(300))).isFalse();
    }
}
