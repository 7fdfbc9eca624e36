package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.operator.installation.InstallationSecrets;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.SubmitterKey;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@UsesApiServer
@Tag("upstreams")
final class SubmitterKeysIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @Test
    void theAnnotationNamesTheKeyThatEncryptsAndOthersDecryptUntilTheyAreRemoved(ApiServer api) throws Exception {
        Instant start = Instant.now();
        var clock = new AtomicReference<>(start);
        try (var operator = RunningOperator.withClock(api, clock::get)) {
            await().atMost(SOON).untilAsserted(() -> assertThat(names(operator)).containsExactly("1"));
            SubmitterKey first = keys(operator).getFirst();
            assertThat(first.wellFormed()).isTrue();

            operator.kubectl("annotate", "configmap", "postrider-settings", "-n", "$OPERATOR",
                    "postrider.dev/submitter-key=2026-12");
            await().atMost(SOON).untilAsserted(() -> assertThat(names(operator)).containsExactly("2026-12", "1"));
            assertThat(keys(operator).get(1)).isEqualTo(first);
            assertThat(keys(operator).getFirst().wellFormed()).isTrue();
            assertThat(keys(operator).getFirst().key()).isNotEqualTo(first.key());

            operator.kubectl("patch", "secret", InstallationSecrets.SUBMITTER_KEYS, "-n", "$OPERATOR", "--type=json",
                    "-p", "[{\"op\":\"remove\",\"path\":\"/data/1\"}]");
            clock.set(start.plus(Duration.ofHours(2)));
            // In place of an hour's wait: it looks again when its settings change.
            operator.kubectl("annotate", "configmap", "postrider-settings", "-n", "$OPERATOR", "looked=again");
            await().atMost(SOON).untilAsserted(() -> assertThat(names(operator)).containsExactly("2026-12"));

            operator.kubectl("annotate", "--overwrite", "configmap", "postrider-settings", "-n", "$OPERATOR",
                    "postrider.dev/submitter-key=no name");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(operator.kubectl("get", "events", "-n", "$OPERATOR", "-o",
                            "jsonpath={range .items[*]}{.reason}: {.message}{\"\\n\"}{end}"))
                            .contains(
                                    "InvalidSettings: annotation postrider.dev/submitter-key names a key, of letters"));
            assertThat(names(operator)).containsExactly("2026-12");
        }
    }

    private static List<String> names(RunningOperator operator) {
        return keys(operator).stream().map(SubmitterKey::id).toList();
    }

    /** As the relay gets them. */
    private static List<SubmitterKey> keys(RunningOperator operator) {
        Secret route = operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withName(RouteSecret.Kind.RELAY
                        .secretName(new ResourceKey(operator.namespace(), "postrider-settings")))
                .get();
        return route == null
                ? List.of()
                : RouteJson.read(new String(Base64.getDecoder().decode(route.getData().get(RouteSecret.DATA_KEY)),
                        StandardCharsets.UTF_8), RelayRoute.class).submitterKeys();
    }
}
