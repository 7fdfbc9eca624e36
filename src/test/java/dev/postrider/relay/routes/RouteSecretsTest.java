package dev.postrider.relay.routes;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.TestRoutes;
import dev.postrider.route.Endpoint;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteJson;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.TestCertificates;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
final class RouteSecretsTest {
    private static final String NAMESPACE = "postrider";

    KubernetesClient client;

    private final Routes routes = new Routes();
    private RouteSecrets watch;

    @BeforeEach
    void start() {
        put(RouteSecret.Kind.SERVER, key("mx"), RouteJson.write(server("mx", true, true, 2)), NAMESPACE);
        put(RouteSecret.Kind.RELAY, key("relay"), RouteJson.write(TestRoutes.relay()), NAMESPACE);
        watch = RouteSecrets.watch(client, NAMESPACE, routes);
        await().until(routes::isComplete);
    }

    @AfterEach
    void stop() {
        watch.close();
    }

    private Secret put(RouteSecret.Kind kind, ResourceKey source, String json, String namespace) {
        var secret = new SecretBuilder().withNewMetadata()
                .withName(kind.secretName(source))
                .withNamespace(namespace)
                .addToLabels(RouteSecret.LABEL, kind.labelValue())
                .endMetadata()
                .addToData(RouteSecret.DATA_KEY,
                        Base64.getEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8)))
                .build();
        return client.resource(secret).createOr(existing -> existing.update());
    }

    @Test
    void knowsAllThatIsThereOnceComplete() {
        assertThat(routes.server(key("mx"))).contains(server("mx", true, true, 2));
        assertThat(routes.relay()).contains(TestRoutes.relay());
    }

    @Test
    void followsChanges() {
        assertThat(routes.routing(key("orders"))).isEmpty();
        Secret secret = put(RouteSecret.Kind.ORGANIZATION, key("orders"),
                RouteJson.write(organization("orders", State.OPEN)), NAMESPACE);
        await().until(() -> routes.routing(key("orders")).filter(Routing.Through.class::isInstance).isPresent());
        put(RouteSecret.Kind.ORGANIZATION, key("orders"), RouteJson.write(organization("orders", State.SUSPENDED)),
                NAMESPACE);
        await().until(() -> routes.routing(key("orders")).filter(Routing.Nowhere.class::isInstance).isPresent());
        client.resource(secret).delete();
        await().until(() -> routes.organization(key("orders")).isEmpty());
    }

    /** The same object is still there, so it was not read again. */
    @Test
    void aRouteWhoseSecretHasOnlyOtherMetadataIsNotReadAgain() {
        Secret secret = put(RouteSecret.Kind.ORGANIZATION, key("orders"),
                RouteJson.write(organization("orders", State.OPEN)), NAMESPACE);
        await().until(() -> routes.organization(key("orders")).isPresent());
        OrganizationRoute read = routes.organization(key("orders")).orElseThrow();

        client.resource(secret)
                .edit(s -> new SecretBuilder(s).editMetadata()
                        .addToAnnotations(RouteSecret.SOURCE_ANNOTATION, "shop/orders")
                        .endMetadata()
                        .build());
        put(RouteSecret.Kind.SERVER, key("mx2"), RouteJson.write(server("mx2", true, true, 2)), NAMESPACE);
        await().until(() -> routes.server(key("mx2")).isPresent());
        assertThat(routes.organization(key("orders")).orElseThrow()).isSameAs(read);
    }

    @Test
    void keepsTheLastGoodRouteWhenASecretIsUnreadable() {
        put(RouteSecret.Kind.SERVER, key("mx"), "{\"password\":\"hunter2\"", NAMESPACE);
        put(RouteSecret.Kind.SERVER, key("mx2"), RouteJson.write(server("mx2", true, true, 2)), NAMESPACE);
        await().until(() -> routes.server(key("mx2")).isPresent());
        assertThat(routes.server(key("mx"))).isEqualTo(Optional.of(server("mx", true, true, 2)));
    }

    /** Whichever of them is told first: a route waits for its bundle, and one of another content is none. */
    @Test
    @Tag("isolation")
    void aRouteWaitsForTheBundleThatItNames() {
        String bundle = new TestCertificates("One CA").pem();
        ServerRoute wanted = new ServerRoute(key("own"), false, true,
                new Endpoint.Smtp("smtp.example", 587, Endpoint.Security.STARTTLS, Optional.of(bundle),
                        Duration.ofSeconds(1), Duration.ofSeconds(1), 1, Optional.empty()));
        RouteBundles.Detached detached = RouteBundles.detach(wanted);
        String digest = detached.bundles().keySet().iterator().next();
        put(RouteSecret.Kind.SERVER, key("own"), detached.json(), NAMESPACE);
        Secret other = bundle(digest, new TestCertificates("Another CA").pem());
        put(RouteSecret.Kind.SERVER, key("mx2"), RouteJson.write(server("mx2", true, true, 2)), NAMESPACE);
        await().until(() -> routes.server(key("mx2")).isPresent());
        assertThat(routes.server(key("own"))).isEmpty();
        client.resource(other).delete();
        bundle(digest, bundle);
        await().until(() -> routes.server(key("own")).equals(Optional.of(wanted)));
    }

    private Secret bundle(String digest, String content) {
        return client.resource(new SecretBuilder().withNewMetadata()
                .withName(RouteSecret.authoritiesName(digest))
                .withNamespace(NAMESPACE)
                .addToLabels(RouteSecret.LABEL, RouteSecret.AUTHORITIES)
                .endMetadata()
                .addToData(RouteSecret.AUTHORITIES_KEY,
                        Base64.getEncoder().encodeToString(content.getBytes(StandardCharsets.UTF_8)))
                .build()).create();
    }

    @Test
    void ignoresOtherNamespaces() {
        put(RouteSecret.Kind.SERVER, key("evil"), RouteJson.write(server("evil", true, true, 2)), "tenant");
        put(RouteSecret.Kind.SERVER, key("mx2"), RouteJson.write(server("mx2", true, true, 2)), NAMESPACE);
        await().until(() -> routes.server(key("mx2")).isPresent());
        assertThat(routes.server(key("evil"))).isEmpty();
    }
}
