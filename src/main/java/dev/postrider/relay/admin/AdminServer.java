package dev.postrider.relay.admin;

import dev.postrider.access.MetricsPage;
import dev.postrider.http.HttpHandler;
import dev.postrider.http.HttpLimits;
import dev.postrider.http.HttpPages;
import dev.postrider.http.HttpPort;
import dev.postrider.http.HttpRequest;
import dev.postrider.http.HttpResponse;
import dev.postrider.http.Probes;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.Quotas.Use;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.Quota.WhenExceeded;
import dev.postrider.route.Quota;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.ServerRest;
import dev.postrider.route.UsedLimit;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What probes, Prometheus, the operator and people ask, over HTTP: {@code /healthz} and {@code /readyz} from the start;
 * {@code /metrics}, with the operator's token {@code /queue/{namespace}/{name}}, {@code /limits}, {@code /rests},
 * {@value #MAIL_RESTS} and {@value #LOST_REPORTS}, and {@link QueueApi} once there is a queue. Probes have a port of their own besides, which nobody else need reach.
 */
public final class AdminServer implements AutoCloseable {
    private static final String LOST_REPORTS = "/lost-reports";
    private static final String MAIL_RESTS = "/mail-rests";
    private static final HttpResponse TOKEN_WANTED = HttpResponse.text(401,
            "the operator's token is needed: Authorization: Bearer <token>");

    private final HttpPages pages;
    private final HttpPort port;
    private final Optional<HttpPort> probes;

    /**
     * Opens the ports and answers probes.
     *
     * @param bind    the address of both ports
     * @param port    0 for one that the system chooses
     * @param probes  the port for probes alone; 0 for one that the system chooses
     * @param problem why the relay is not ready, for {@code /readyz}
     * @throws IOException if a port cannot be had
     */
    public AdminServer(InetAddress bind, int port, OptionalInt probes, MeterRegistry meters,
            Supplier<Optional<String>> problem) throws IOException {
        this.pages = Probes.pages(problem);
        this.port = HttpPort.open("admin", new InetSocketAddress(bind, port), Optional.empty(), HttpLimits.ADMIN,
                meters, pages);
        try {
            this.probes = probes.isEmpty()
                    ? Optional.empty()
                    : Optional.of(HttpPort.open("health", new InetSocketAddress(bind, probes.getAsInt()),
                            Optional.empty(), HttpLimits.PROBES, meters, Probes.pages(problem)));
        } catch (IOException e) {
            this.port.close();
            throw e;
        }
    }

    /**
     * Answers the rest from now on.
     *
     * @param waiting says why mail in the queue is not tried
     * @param rests   servers that take no mail now
     * @param mailRests organizations whose own mail rests
     * @param access  who may see and change the queue besides who has the installation's token
     * @param metrics for {@code /metrics}, in the text format of Prometheus
     */
    public void open(Queue queue, Waiting waiting, Supplier<List<ServerRest>> rests,
            Supplier<List<MailRest>> mailRests, Routes routes, Access access, Supplier<String> metrics) {
        var operator = new StaticToken(routes, access);
        pages.add(MetricsPage.PATH, HttpPages.reading(new MetricsPage(operator::metrics, metrics)))
                .add(LOST_REPORTS, toOperator(operator, _ -> lostReports(queue)))
                .add("/queue/", toOperator(operator, request -> queued(request, queue, routes)))
                .add("/limits", toOperator(operator, _ -> limits(queue, routes)))
                .add("/rests", toOperator(operator, _ -> QueueApi.json(RouteJson.write(rests.get()))))
                .add(MAIL_RESTS, toOperator(operator, _ -> QueueApi.json(RouteJson.write(mailRests.get()))))
                .add(QueueApi.PATH, new QueueApi(queue.view(), waiting, queue.counters(), operator));
    }

    /** The port it listens on. */
    public int port() {
        return port.port();
    }

    /** The port for probes, if there is one. */
    public OptionalInt healthPort() {
        return probes.map(own -> OptionalInt.of(own.port())).orElseGet(OptionalInt::empty);
    }

    private static HttpHandler toOperator(StaticToken operator, HttpHandler handler) {
        return HttpPages.reading(request -> request.bearer().filter(operator::matches).isEmpty()
                ? TOKEN_WANTED
                : handler.answer(request));
    }

    /** Of the organization with the UID that the query may name: under its name another may be known here. */
    private static HttpResponse queued(HttpRequest request, Queue queue, Routes routes) {
        try {
            ResourceKey organization = ResourceKey.parse(request.path().substring("/queue/".length()));
            Optional<String> asked = request.query()
                    .filter(query -> query.startsWith("uid="))
                    .map(query -> query.substring("uid=".length()));
            Optional<String> known = routes.organization(organization).flatMap(OrganizationRoute::uid);
            if (asked.isPresent() && !asked.equals(known)) {
                return HttpResponse.text(409, "the route of the organization with this UID is not known here yet");
            }
            return QueueApi.json("{\"queued\": " + queue.usage(organization).messages() + "}");
        } catch (IllegalArgumentException e) {
            return HttpResponse.text(404, "the path is /queue/{namespace}/{name}");
        }
    }

    /** Of organizations that have used up most of a limit. */
    private static HttpResponse limits(Queue queue, Routes routes) {
        Map<ResourceKey, UsedLimit> reached = new TreeMap<>();
        try {
            for (Map.Entry<ResourceKey, Quota> limited : routes.quotas().entrySet()) {
                Quota quota = limited.getValue();
                ZoneId zone = routes.organization(limited.getKey())
                        .flatMap(OrganizationRoute::reportZone)
                        .orElse(ZoneOffset.UTC);
                queue.quotas()
                        .used(limited.getKey(), quota, zone)
                        .stream()
                        .filter(use -> use.level() > 0)
                        .max(Comparator.comparingInt(Use::level).thenComparing(Use::until))
                        .ifPresent(use -> reached.put(limited.getKey(), new UsedLimit(use.level(),
                                use.limit().text(), use.until(), quota.whenExceeded() == WhenExceeded.HOLD)));
            }
        } catch (QueueException e) {
            return HttpResponse.text(503, "the queue cannot be read");
        }
        return QueueApi.json(UsedLimit.write(reached).toString());
    }

    private static HttpResponse lostReports(Queue queue) {
        try {
            return QueueApi.json(LostReports.write(queue.lostReports()).toString());
        } catch (QueueException e) {
            return HttpResponse.text(503, "the queue cannot be read");
        }
    }

    @Override
    public void close() {
        port.close();
        probes.ifPresent(HttpPort::close);
    }
}
