package dev.postrider.relay.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * What probes, Prometheus and the operator ask, over HTTP: {@code /healthz}, {@code /readyz}, {@code /metrics}, and
 * with the operator's token {@code /queue/{namespace}/{name}}.
 */
public final class AdminServer implements AutoCloseable {
    private static final String BEARER = "Bearer ";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Queue queue;
    private final Routes routes;
    private final Supplier<Optional<String>> problem;

    private record Answer(int status, String type, String body) {
        static Answer text(int status, String body) {
            return new Answer(status, "text/plain; charset=utf-8", body + "\n");
        }
    }

    @FunctionalInterface
    private interface Page {
        Answer of(HttpExchange exchange);
    }

    /**
     * Opens the port and answers.
     *
     * @param address with port 0 for one that the system chooses
     * @param problem why the relay is not ready, for {@code /readyz}
     * @throws IOException if the address cannot be had
     */
    public AdminServer(InetSocketAddress address, Queue queue, Routes routes, PrometheusMeterRegistry meters,
            Supplier<Optional<String>> problem) throws IOException {
        this.queue = queue;
        this.routes = routes;
        this.problem = problem;
        try {
            this.server = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
        serve("/healthz", exchange -> Answer.text(200, "ok"));
        serve("/readyz", exchange -> ready());
        serve("/metrics", exchange -> new Answer(200, "text/plain; version=0.0.4; charset=utf-8", meters.scrape()));
        serve("/queue/", this::queued);
        server.setExecutor(threads);
        server.start();
    }

    /** The port it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    private Answer ready() {
        return problem.get().map(text -> Answer.text(503, text)).orElseGet(() -> Answer.text(200, "ok"));
    }

    private Answer queued(HttpExchange exchange) {
        if (!isOperator(exchange)) {
            return Answer.text(401, "the operator's token is needed: Authorization: Bearer <token>");
        }
        try {
            String path = exchange.getRequestURI().getPath().substring("/queue/".length());
            ResourceKey organization = ResourceKey.parse(path);
            return new Answer(200, "application/json", "{\"queued\": " + queue.usage(organization).messages() + "}\n");
        } catch (IllegalArgumentException e) {
            return Answer.text(404, "the path is /queue/{namespace}/{name}");
        }
    }

    private boolean isOperator(HttpExchange exchange) {
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        Optional<String> digest = routes.relay().map(RelayRoute::adminTokenSha256).filter(hex -> !hex.isEmpty());
        return header != null && header.startsWith(BEARER) && digest.isPresent()
                && Sha256.matches(header.substring(BEARER.length()), digest.get());
    }

    private void serve(String path, Page page) {
        server.createContext(path, exchange -> {
            try (exchange) {
                boolean exact = path.endsWith("/") || exchange.getRequestURI().getPath().equals(path);
                Answer answer = !exact
                        ? Answer.text(404, "not found")
                        : exchange.getRequestMethod().equals("GET")
                                ? page.of(exchange)
                                : Answer.text(405, "only GET is answered");
                byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", answer.type);
                exchange.sendResponseHeaders(answer.status, body.length);
                exchange.getResponseBody().write(body);
            }
        });
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdown();
    }
}
