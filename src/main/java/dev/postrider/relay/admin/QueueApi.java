package dev.postrider.relay.admin;

import dev.postrider.access.Decision;
import dev.postrider.access.Outcome;
import dev.postrider.http.HttpHandler;
import dev.postrider.http.HttpRequest;
import dev.postrider.http.HttpResponse;
import dev.postrider.relay.admin.Access.Verb;
import dev.postrider.relay.queue.Counters;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueueView;
import dev.postrider.relay.queue.QueueView.Change;
import dev.postrider.relay.queue.QueueView.Entry;
import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.route.CountedMail;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.UsageJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The queue and what was counted of it over HTTP, as {@code openapi.json} describes it. */
final class QueueApi implements HttpHandler {
    static final String PATH = "/api/v1/";

    private static final Logger LOG = LoggerFactory.getLogger(QueueApi.class);

    private final QueueView queue;
    private final QueueJson json;
    private final Counters counters;
    private final Access access;
    private final String openApi;

    QueueApi(QueueView queue, Waiting waiting, Counters counters, Access access) {
        this.queue = queue;
        this.json = new QueueJson(waiting);
        this.counters = counters;
        this.access = access;
        this.openApi = openApi();
    }

    private static String openApi() {
        try (InputStream resource = QueueApi.class.getResourceAsStream("openapi.json")) {
            if (resource == null) {
                throw new IllegalStateException("openapi.json is not in the jar");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public HttpResponse answer(HttpRequest request) {
        try {
            return route(request);
        } catch (Problem e) {
            return e.answer();
        } catch (QueueException e) {
            LOG.error("the queue could not be read or changed: {}", e.getMessage());
            return Problem.unavailable("the queue could not be read or changed, try again").answer();
        }
    }

    private HttpResponse route(HttpRequest request) throws Problem, QueueException {
        String path = request.path().substring(PATH.length());
        if (path.equals("openapi.json")) {
            expect(request, "GET");
            return json(openApi);
        }
        if (path.equals("usage")) {
            expect(request, "GET");
            return usage(token(request), UsageQuery.of(request.query().orElse(null)));
        }
        List<String> parts = List.of(path.split("/", -1));
        if (!parts.getFirst().equals("queue") || parts.size() > 3) {
            throw Problem.notFound("there is nothing here; " + PATH + "openapi.json says what there is");
        }
        @Nullable
        String query = request.query().orElse(null);
        String token = token(request);
        if (parts.size() == 1) {
            expect(request, "GET");
            return list(token, QueueQuery.ofList(query));
        }
        Optional<Change> ofMany = change(parts.get(1));
        if (parts.size() == 2 && ofMany.isPresent()) {
            expect(request, "POST");
            return change(token, ofMany.get(), QueueQuery.ofChange(query));
        }
        if (parts.size() == 2) {
            expect(request, "GET");
            QueueQuery.none(query);
            return json(json.message(find(token, Verb.GET, parts.get(1)).entry).toString());
        }
        Change change = change(parts.get(2)).orElseThrow(() -> Problem.notFound("a message can be changed by "
                + String.join(", ", Arrays.stream(Change.values()).map(QueueQuery::name).toList())));
        expect(request, "POST");
        QueueQuery.none(query);
        return change(token, change, parts.get(1));
    }

    static HttpResponse json(String text) {
        return HttpResponse.of(200, "application/json", text + "\n");
    }

    private static void expect(HttpRequest request, String method) throws Problem {
        if (!request.method().equals(method)) {
            throw Problem.notAllowed(method);
        }
    }

    private static Optional<Change> change(String name) {
        return Arrays.stream(Change.values()).filter(change -> QueueQuery.name(change).equals(name)).findFirst();
    }

    private static String token(HttpRequest request) throws Problem {
        return request.bearer()
                .orElseThrow(() -> Problem
                        .unauthorized(
                                "a token is needed: Authorization: Bearer <token of the relay or of Kubernetes>"));
    }

    private Decision decide(String token, Verb verb, Optional<ResourceKey> organization) throws Problem {
        try {
            Decision decision = access.decide(token, verb, organization);
            if (decision.outcome() == Outcome.UNKNOWN) {
                throw Problem.unauthorized("the token is not known here, or no longer");
            }
            return decision;
        } catch (IOException e) {
            throw Problem.unavailable(String.valueOf(e.getMessage()));
        }
    }

    private Decision require(String token, Verb verb, Optional<ResourceKey> organization) throws Problem {
        Decision decision = decide(token, verb, organization);
        if (decision.outcome() != Outcome.ALLOWED) {
            throw Problem.forbidden("%s may not %s queues.postrider.dev %s".formatted(decision.who(),
                    QueueQuery.name(verb),
                    organization.map(key -> "\"" + key.name() + "\" in namespace " + key.namespace())
                            .orElse("in all namespaces; with the parameter organization,"
                                    + " that is needed in its namespace only")));
        }
        return decision;
    }

    private HttpResponse usage(String token, UsageQuery query) throws Problem, QueueException {
        require(token, Verb.GET, Optional.of(query.organization()));
        LocalDate to = query.to().orElseGet(() -> counters.today(query.organization()).plusDays(1));
        LocalDate from = query.from(to);
        return json(UsageJson
                .write(new CountedMail(query.organization(), from, to,
                        counters.read(query.organization(), from, to)))
                .toString());
    }

    private HttpResponse list(String token, QueueQuery query) throws Problem, QueueException {
        Filter filter = query.filter();
        require(token, Verb.GET, filter.organization());
        int limit = query.limit();
        return json(json.page(queue.list(filter, query.after(), limit), limit).toString());
    }

    private record Found(Entry entry, String who) {}

    /** What somebody may not see is not there for him. */
    private Found find(String token, Verb verb, String id) throws Problem, QueueException {
        Optional<Entry> entry = queue.find(id);
        Decision decision = decide(token, verb, entry.map(Entry::organization));
        if (entry.isEmpty() || decision.outcome() != Outcome.ALLOWED) {
            throw Problem.notFound("no message " + id + " is in the queue, or " + decision.who() + " may not "
                    + QueueQuery.name(verb) + " queues.postrider.dev in the namespace of its organization");
        }
        return new Found(entry.get(), decision.who());
    }

    private HttpResponse change(String token, Change change, String id) throws Problem, QueueException {
        Found found = find(token, Verb.UPDATE, id);
        if (!queue.change(change, id)) {
            throw Problem.conflict("message " + id + " cannot be changed by " + QueueQuery.name(change) + ": "
                    + queue.find(id).map(entry -> "it is " + QueueQuery.name(entry.state())).orElse("it is gone"));
        }
        LOG.info("{} {} organization={} by={}", id, QueueQuery.name(change), found.entry.organization(), found.who);
        return json(QueueJson.changed(1).toString());
    }

    private HttpResponse change(String token, Change change, QueueQuery query) throws Problem, QueueException {
        Filter filter = query.filter();
        Decision decision = require(token, Verb.UPDATE, filter.organization());
        int changed = queue.change(change, filter, OptionalInt.empty());
        LOG.info("queue {} messages={} {} by={}", QueueQuery.name(change), changed, query, decision.who());
        return json(QueueJson.changed(changed).toString());
    }
}
