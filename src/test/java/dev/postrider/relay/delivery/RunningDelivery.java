package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.TestSettings;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.MailClass;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.Preference;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** A queue and its delivery to real servers on this machine, by the real clock. */
final class RunningDelivery implements AutoCloseable {
    private static final byte[] CONTENT = "Subject: it\r\n\r\ntext\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Routes routes = new Routes();
    private final SqlQueue queue;
    private final Delivery delivery;

    RunningDelivery(Path directory) throws Exception {
        this(directory, DeliverySettings.of("relay.test"));
    }

    /** One where a server that fails rests for so long, and twice that in the end. */
    RunningDelivery(Path directory, Duration rest) throws Exception {
        this(directory,
                TestSettings.delivery("{retryAfter: [1m], retryJitter: 0, serverRest: %dms, longestServerRest: %dms}"
                        .formatted(rest.toMillis(), 2 * rest.toMillis())));
    }

    private RunningDelivery(Path directory, DeliverySettings settings) throws Exception {
        queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system());
        routes.put(TestRoutes.relay());
        routes.markComplete();
        delivery = new Delivery(queue, routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
                settings, InstantSource.system(),
                new RelayMeters(new SimpleMeterRegistry(), 10, InstantSource.system()), Tracing.OFF);
    }

    Delivery delivery() {
        return delivery;
    }

    SqlQueue queue() {
        return queue;
    }

    void server(String name, int port, boolean global, boolean active, int maxConnections) {
        routes.put(new ServerRoute(key(name), global, active,
                new Endpoint.Smtp("127.0.0.1", port, Endpoint.Security.NONE, Optional.empty(), Duration.ofSeconds(2),
                        Duration.ofSeconds(2), maxConnections, Optional.empty())));
    }

    void global(String name, int port, Preference preference) {
        routes.put(TestRoutes.local(name, port, 4).preferred(preference));
    }

    void organization(OrganizationRoute route) {
        routes.put(route);
    }

    void server(ServerRoute route) {
        routes.put(route);
    }

    void organization(String name, String... servers) {
        routes.put(TestRoutes.organization(name, State.OPEN, servers));
    }

    /** An organization of any namespace, whose mail goes by the global servers. */
    void organization(ResourceKey organization) {
        routes.put(new OrganizationRoute(organization, Sha256.of(TestRoutes.PASSWORD), State.OPEN, List.of(),
                new Address("a@b.example", Optional.empty()), "bounces@b.example", Optional.empty(),
                Optional.empty()));
    }

    void submit(String organization, String recipient) throws IOException {
        submit(key(organization), recipient);
    }

    void submit(ResourceKey organization, String recipient) throws IOException {
        try (Draft draft = queue.draft(organization)) {
            draft.content().write(CONTENT);
            draft.commit(NewMessage.plain("a@b.example", List.of(recipient), false, false,
                    InstantSource.system().instant()));
        }
    }

    void submit(ResourceKey organization, String recipient, MailClass mailClass) throws IOException {
        try (Draft draft = queue.draft(organization)) {
            draft.content().write(CONTENT);
            draft.commit(NewMessage.plain("a@b.example", List.of(recipient), false, false,
                    InstantSource.system().instant()).of(Optional.of(mailClass)));
        }
    }

    /** Submits from many threads, as the listener's sessions do. */
    void submit(String organization, int messages) throws InterruptedException {
        Thread[] sessions = new Thread[16];
        for (int i = 0; i < sessions.length; i++) {
            int first = i;
            sessions[i] = Thread.ofVirtual().start(() -> {
                for (int number = first; number < messages; number += sessions.length) {
                    try {
                        submit(organization, organization + "-" + number + "@y.example");
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                }
            });
        }
        for (Thread session : sessions) {
            session.join();
        }
    }

    /** Why some of an organization's mail waits. */
    String reason(ResourceKey organization) throws QueueException {
        return delivery.waiting()
                .of(queue.view()
                        .list(new Filter(Optional.of(organization), Optional.empty(), Optional.empty(),
                                Optional.empty()), Optional.empty(), 100))
                .values()
                .stream()
                .map(Waiting.Reason::text)
                .findFirst()
                .orElse("");
    }

    void awaitEmpty(String organization, Duration atMost) {
        await().atMost(atMost).until(() -> queue.usage(key(organization)).messages() == 0);
    }

    @Override
    public void close() {
        delivery.close();
        queue.close();
    }
}
