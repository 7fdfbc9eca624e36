package dev.postrider.bench;

import dev.postrider.relay.TestRoutes;
import dev.postrider.route.Address;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Routes as the operator writes them: Secrets of a namespace. Of each ten organizations one has a server of its own,
 * and each hundred share a namespace.
 */
final class WrittenRoutes {
    /** Whose mail is measured. */
    static final ResourceKey SENDER = TestRoutes.key("orders");
    private static final int WRITERS = 16;
    private static final int OF_A_NAMESPACE = 100;
    private static final int WITH_A_SERVER = 10;

    private final KubernetesClient client;
    private final String namespace;
    private final int organizations;

    private WrittenRoutes(KubernetesClient client, String namespace, int organizations) {
        this.client = client;
        this.namespace = namespace;
        this.organizations = organizations;
    }

    /**
     * Writes a relay's route, a global server on this machine, the sender, and so many other organizations.
     *
     * @param namespace which is made
     * @param server    the port of the global server
     */
    static WrittenRoutes write(KubernetesClient client, String namespace, int server, int organizations)
            throws Exception {
        client.resource(new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build()).create();
        var routes = new WrittenRoutes(client, namespace, organizations);
        routes.create(RouteSecret.Kind.RELAY, TestRoutes.key("relay"), TestRoutes.relay());
        ServerRoute global = TestRoutes.of(TestRoutes.local("mx", server, 20), uid("mx"));
        routes.create(RouteSecret.Kind.SERVER, global.key(), global);
        routes.create(RouteSecret.Kind.ORGANIZATION, SENDER, sender(State.OPEN));
        try (var threads = Executors.newFixedThreadPool(WRITERS, Thread.ofVirtual().factory())) {
            List<Future<?>> written = new ArrayList<>();
            for (int i = 0; i < organizations; i++) {
                int number = i;
                written.add(threads.submit(() -> routes.create(number)));
            }
            for (Future<?> one : written) {
                one.get();
            }
        }
        return routes;
    }

    private void create(int number) {
        if (number % WITH_A_SERVER == 0) {
            create(RouteSecret.Kind.SERVER, key(number), server(number, 0));
        }
        create(RouteSecret.Kind.ORGANIZATION, key(number), organization(number, 0));
    }

    /**
     * Makes the change of that number: of ten changes one is of a server, one takes an organization away, which the next
     * time around comes back, and the others are of an organization's sender.
     *
     * @return how many Secrets were written
     */
    int change(int number) {
        // Far from those that changed just before.
        int organization = (int) (number * 7919L % organizations);
        ResourceKey key = key(organization);
        if (organization % WITH_A_SERVER == 0) {
            patch(RouteSecret.Kind.SERVER, key, server(organization, number));
            return 1;
        }
        if (organization % WITH_A_SERVER == 1) {
            client.secrets().inNamespace(namespace).withName(RouteSecret.Kind.ORGANIZATION.secretName(key)).delete();
            create(RouteSecret.Kind.ORGANIZATION, key, organization(organization, number));
            return 2;
        }
        patch(RouteSecret.Kind.ORGANIZATION, key, organization(organization, number));
        return 1;
    }

    /** Lets the sender send, or not. */
    void sender(boolean open) {
        patch(RouteSecret.Kind.ORGANIZATION, SENDER, sender(open ? State.OPEN : State.SUSPENDED));
    }

    private static OrganizationRoute sender(State state) {
        return TestRoutes.organization(SENDER.name(), state).of(Optional.of(uid(SENDER.name())));
    }

    private static ResourceKey key(int number) {
        return new ResourceKey("tenants-" + number / OF_A_NAMESPACE, "organization-" + number);
    }

    private static OrganizationRoute organization(int number, int version) {
        ResourceKey key = key(number);
        return new OrganizationRoute(key, Sha256.of("password " + number), State.OPEN,
                number % WITH_A_SERVER == 0 ? List.of(key) : List.of(),
                new Address("noreply@" + key.name() + ".example", Optional.of("Organization, version " + version)),
                "bounces@" + key.name() + ".example", Optional.empty(), Optional.empty())
                .of(Optional.of(uid(key.name())));
    }

    private static ServerRoute server(int number, int version) {
        ServerRoute like = TestRoutes.local("like", 25, 2 + version % 5);
        return new ServerRoute(key(number), false, true, like.endpoint()).of(Optional.of(uid("server-" + number)));
    }

    private static String uid(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private void create(RouteSecret.Kind kind, ResourceKey source, Object route) {
        Secret secret = new SecretBuilder().withNewMetadata()
                .withNamespace(namespace)
                .withName(kind.secretName(source))
                .addToLabels(RouteSecret.LABEL, kind.labelValue())
                .addToAnnotations(RouteSecret.SOURCE_ANNOTATION, source.toString())
                .endMetadata()
                .addToData(RouteSecret.DATA_KEY, base64(route))
                .build();
        client.resource(secret).create();
    }

    private void patch(RouteSecret.Kind kind, ResourceKey source, Object route) {
        client.secrets()
                .inNamespace(namespace)
                .withName(kind.secretName(source))
                .patch(PatchContext.of(PatchType.JSON_MERGE),
                        "{\"data\":{\"%s\":\"%s\"}}".formatted(RouteSecret.DATA_KEY, base64(route)));
    }

    private static String base64(Object route) {
        return Base64.getEncoder().encodeToString(RouteJson.write(route).getBytes(StandardCharsets.UTF_8));
    }
}
