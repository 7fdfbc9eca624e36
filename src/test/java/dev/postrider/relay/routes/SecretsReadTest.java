package dev.postrider.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How many Secrets are read, of ten thousand. */
final class SecretsReadTest {
    private static final int SECRETS = 10_000;

    private final List<String> read = new ArrayList<>();
    private final List<String> removed = new ArrayList<>();
    private final SecretsRead store = new SecretsRead("postrider", secret -> read.add(secret.getMetadata().getName()),
            (name, label) -> removed.add(label + " " + name));

    private static Secret secret(int number, int version, String content) {
        return secret(number, version, "organization", content);
    }

    private static Secret secret(int number, int version, String label, String content) {
        return new SecretBuilder().withNewMetadata()
                .withNamespace("postrider")
                .withName("route-" + number)
                .withResourceVersion(Integer.toString(version))
                .addToLabels(RouteSecret.LABEL, label)
                .addToAnnotations("postrider.dev/version", Integer.toString(version))
                .endMetadata()
                .addToData(RouteSecret.DATA_KEY, content)
                .build();
    }

    private void list(int version, int changed) {
        for (int i = 0; i < SECRETS; i++) {
            Secret secret = secret(i, version, i == changed ? "other" : "same");
            store.put(store.getKey(secret), secret);
        }
    }

    @Test
    void onlyWhatHasSomethingElseInItIsReadAgain() {
        list(1, -1);
        assertThat(read).hasSize(SECRETS);
        read.clear();

        list(1, -1);
        assertThat(read).as("listed once more").isEmpty();
        list(2, -1);
        assertThat(read).as("other metadata").isEmpty();
        list(3, 4711);
        assertThat(read).as("other content").containsExactly("route-4711");
        read.clear();

        store.put("route-1", secret(1, 4, "server", "same"));
        assertThat(read).as("another kind").containsExactly("route-1");
    }

    @Test
    void whatGoesIsToldByItsLastLabelAndIsReadWhenItComesAgain() {
        store.put("route-1", secret(1, 1, "organization", "same"));
        store.put("route-1", secret(1, 2, "server", "same"));

        assertThat(store.remove("route-1")).isNotNull();
        assertThat(store.remove("route-1")).isNull();
        assertThat(removed).containsExactly("server route-1");
        store.put("route-1", secret(1, 3, "server", "same"));
        assertThat(read).hasSize(3);
    }

    @Test
    void whatIsInThemIsNotKept() {
        store.put("route-1", secret(1, 1, "password"));

        assertThat(store.values()).singleElement().satisfies(kept -> {
            assertThat(kept.getData()).isNullOrEmpty();
            assertThat(kept.getMetadata().getAnnotations()).isNullOrEmpty();
            assertThat(kept.getMetadata().getName()).isEqualTo("route-1");
            assertThat(kept.getMetadata().getNamespace()).isEqualTo("postrider");
            assertThat(kept.getMetadata().getResourceVersion()).isEqualTo("1");
        });
    }
}
