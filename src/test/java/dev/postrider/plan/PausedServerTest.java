package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that was a global one is paused, and its namespace is not trusted any more. */
@Tag("isolation")
final class PausedServerTest {
    @ParameterizedTest
    @CsvSource({"postrider-system, true, stays", "attacker, false, stays", "attacker, true, is no global one any more"})
    void aPausedServerIsGlobalOnlyWhereThatIsHonoured(String namespace, boolean global, String expected)
            throws IOException {
        var world = new GoldenWorld("""
                kind: World
                ---
                kind: MailServer
                metadata: {name: mx, namespace: %s, generation: 1, annotations: {postrider.dev/paused: "true"}}
                spec: {smtp: {host: mail.example.com}}
                """.formatted(namespace));
        var key = new ResourceKey(namespace, "mx");
        MailServer server = Objects.requireNonNull(world.servers.get(key));
        ServerRoute route = MailServerPlan.of(server, world, TestNews.none()).route().orElseThrow();
        world.serverRoutes.put(key, new ServerRoute(key, global, true, route.endpoint()));

        Optional<ServerRoute> made = MailServerPlan.paused(server, world);

        assertThat(made).isEqualTo(expected.equals("stays")
                ? Optional.empty()
                : Optional.of(new ServerRoute(key, false, true, route.endpoint())));
    }
}
