package dev.postrider.relay.submitter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.ResourceKey;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sessions that wait for a tenant's own server, which never answers. */
@Tag("isolation")
final class RunningChecksTest {
    @Test
    void areBoundedByOrganizationAndByNamespace() {
        var running = new RunningChecks();
        var one = new ResourceKey("evil", "one");
        var two = new ResourceKey("evil", "two");
        for (int i = 0; i < 100; i++) {
            assertThat(running.begin(one)).isEmpty();
        }
        assertThat(running.begin(one))
                .hasValue("too many logins of this organization are being checked, try again later");
        for (int i = 0; i < 50; i++) {
            assertThat(running.begin(two)).isEmpty();
        }
        assertThat(running.begin(two))
                .hasValue("too many logins of this namespace are being checked, try again later");
        assertThat(running.begin(new ResourceKey("shop", "orders"))).isEmpty();
        running.end(one);
        assertThat(running.begin(two)).isEmpty();
        assertThat(running.begin(one)).isPresent();
    }
}
