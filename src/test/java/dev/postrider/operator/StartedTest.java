package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.postrider.route.ResourceKey;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is not there yet is not taken for missing. */
final class StartedTest {
    private static final ResourceKey KEY = new ResourceKey("acme", "main");

    @Test
    void itIsThereFromTheStartOn() {
        var routes = new Started<String>("routes");
        assertThatIllegalStateException().isThrownBy(routes::get)
                .withMessage("routes are asked for before their controller has started");
        routes.set("these");
        assertThat(routes.get()).isEqualTo("these");
    }

    static Consumer<Caches>[] questions() {
        @SuppressWarnings("unchecked")
        Consumer<Caches>[] all = new Consumer[]{(Consumer<Caches>) Caches::globalServers,
                (Consumer<Caches>) Caches::organizations, (Consumer<Caches>) Caches::hasActiveServer,
                (Consumer<Caches>) Caches::relayDeployment, (Consumer<Caches>) Caches::routeSecrets,
                (Consumer<Caches>) caches -> caches.mailServer(KEY),
                (Consumer<Caches>) caches -> caches.organization(KEY),
                (Consumer<Caches>) caches -> caches.credentials(KEY),
                (Consumer<Caches>) caches -> caches.certificateAuthorities(KEY),
                (Consumer<Caches>) caches -> caches.binding(KEY),
                (Consumer<Caches>) caches -> caches.licenses(KEY),
                (Consumer<Caches>) caches -> caches.serverRoute(KEY),
                (Consumer<Caches>) caches -> caches.organizationRoute(KEY),
                (Consumer<Caches>) caches -> caches.authorities("digest"),
                (Consumer<Caches>) caches -> caches.declaredIn("acme")};
        return all;
    }

    @ParameterizedTest
    @MethodSource("questions")
    void noCacheAnswersBeforeItsController(Consumer<Caches> question) {
        assertThatIllegalStateException().isThrownBy(() -> question.accept(new Caches("postrider-system")))
                .withMessageEndingWith("are asked for before their controller has started");
    }
}
