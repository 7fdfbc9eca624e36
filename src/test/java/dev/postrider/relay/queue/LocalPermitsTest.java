package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.ResourceKey;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("relay")
final class LocalPermitsTest {
    private static final ResourceKey SERVER = new ResourceKey("shop", "mx");

    @Test
    void grantsAsManyAsTheLimitForEachServer() {
        var permits = new LocalPermits();
        var first = permits.tryTake(SERVER, 2).orElseThrow();
        assertThat(permits.tryTake(SERVER, 2)).isPresent();
        assertThat(permits.tryTake(SERVER, 2)).isEmpty();
        assertThat(permits.tryTake(new ResourceKey("shop", "other"), 2)).isPresent();
        assertThat(first.isHeld()).isTrue();
        first.close();
        first.close();
        assertThat(first.isHeld()).isFalse();
        assertThat(permits.tryTake(SERVER, 2)).isPresent();
        assertThat(permits.tryTake(SERVER, 2)).isEmpty();
        assertThat(permits.tryTake(SERVER, 3)).isPresent();
    }
}
