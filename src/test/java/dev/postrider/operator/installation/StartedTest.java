package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.postrider.operator.kit.Started;
import dev.postrider.route.ResourceKey;
import java.util.function.Consumer;
import java.util.stream.Stream;
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

    static Stream<Consumer<Caches>> questions() {
        return Stream.of(Caches::globalServers, Caches::organizations, Caches::hasActiveServer,
                Caches::relayDeployment, caches -> caches.mailServer(KEY),
                caches -> caches.organization(KEY), caches -> caches.credentials(KEY),
                caches -> caches.certificateAuthorities(KEY), caches -> caches.binding(KEY),
                caches -> caches.licenses(KEY), caches -> caches.serverRoute(KEY),
                caches -> caches.organizationRoute(KEY), caches -> caches.authorities("digest"),
                caches -> caches.declaredIn("acme"));
    }

    @ParameterizedTest
    @MethodSource("questions")
    void noCacheAnswersBeforeItsController(Consumer<Caches> question) {
        assertThatIllegalStateException().isThrownBy(() -> question.accept(new Caches("postrider-system")))
                .withMessageEndingWith("are asked for before their controller has started");
    }
}
