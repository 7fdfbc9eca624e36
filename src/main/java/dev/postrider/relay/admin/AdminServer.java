package dev.postrider.relay.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * What probes, Prometheus, the operator and people ask, over HTTP: {@code /healthz} and {@code /readyz} from the start;
 * {@code /metrics}, with the operator's token {@code /queue/{namespace}/{name}}, and {@link QueueApi} once there is a
 * queue.
 */
public final class AdminServer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Supplier<Optional<String>> problem;

    @FunctionalInterface
    private interface Page {
        Answer of(HttpExchange exchange);
    }

    /**
     * Opens the port and answers probes.
     *
     * @param address with port 0 for one that the system chooses
     * @param problem why the relay is not ready, for {@code /readyz}
     * @throws IOException if the address cannot be had
     */
    public AdminServer(InetSocketAddress address, Supplier<Optional<String>> problem) throws IOException {
        this.problem = problem;
        try {
            this.server = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
        serve("/healthz", reading(exchange -> Answer.text(200, "ok")));
        serve("/readyz", reading(exchange -> ready()));
        server.setExecutor(threads);
        server.start();
    }

    /**
     * Answers the rest from now on.
     *
     * @param waiting says why mail in the queue is not tried
     * @param access  who may see and change the queue besides who has the installation's token
     * @param metrics for {@code /metrics}, in the text format of Prometheus
     */
    public void open(Queue queue, Waiting waiting, Routes routes, Access access, Supplier<String> metrics) {
        var operator = new StaticToken(routes, access);
        serve("/metrics", reading(exchange -> new Answer(200, "text/plain; version=0.0.4; charset=utf-8",
                metrics.get(), Map.of())));
        serve("/queue/", reading(exchange -> queued(exchange, queue, routes, operator)));
        serve(QueueApi.PATH, new QueueApi(queue.view(), waiting, queue.counters(), operator)::answer);
    }

    /** The port it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    private Answer ready() {
        return problem.get().map(text -> Answer.text(503, text)).orElseGet(() -> Answer.text(200, "ok"));
    }

    /** Of the organization with the UID that the query may name: under its name another may be known here. */
    private static Answer queued(HttpExchange exchange, Queue queue, Routes routes, StaticToken operator) {
        if (QueueApi.bearer(exchange).filter(operator::matches).isEmpty()) {
            return Answer.text(401, "the operator's token is needed: Authorization: Bearer <token>");
        }
        try {
            String path = exchange.getRequestURI().getPath().substring("/queue/".length());
            ResourceKey organization = ResourceKey.parse(path);
            Optional<String> asked = Optional.ofNullable(exchange.getRequestURI().getQuery())
                    .filter(query -> query.startsWith("uid="))
                    .map(query -> query.substring("uid=".length()));
            Optional<String> known = routes.organization(organization).flatMap(OrganizationRoute::uid);
            if (asked.isPresent() && !asked.equals(known)) {
                return Answer.text(409, "the route of the organization with this UID is not known here yet");
            }
            return Answer.json("{\"queued\": " + queue.usage(organization).messages() + "}");
        } catch (IllegalArgumentException e) {
            return Answer.text(404, "the path is /queue/{namespace}/{name}");
        }
    }

    private static Page reading(Page page) {
        return exchange -> exchange.getRequestMethod().equals("GET")
                ? page.of(exchange)
                : Answer.text(405, "only GET is answered");
    }

    private void serve(String path, Page page) {
        server.createContext(path, exchange -> {
            try (exchange) {
                boolean exact = path.endsWith("/") || exchange.getRequestURI().getPath().equals(path);
                Answer answer = exact ? page.of(exchange) : Answer.text(404, "not found");
                byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
                answer.headers().forEach(exchange.getResponseHeaders()::set);
                exchange.getResponseHeaders().set("Content-Type", answer.type());
                exchange.sendResponseHeaders(answer.status(), body.length);
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
