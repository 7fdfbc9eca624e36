package dev.postrider.relay.admin;

import com.sun.net.httpserver.HttpExchange;
import dev.postrider.relay.admin.Access.Decision;
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
final class QueueApi {
    static final String PATH = "/api/v1/";

    private static final Logger LOG = LoggerFactory.getLogger(QueueApi.class);
    private static final String BEARER = "Bearer ";

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

    Answer answer(HttpExchange exchange) {
        try {
            return route(exchange);
        } catch (Problem e) {
            return e.answer();
        } catch (QueueException e) {
            LOG.error("the queue could not be read or changed: {}", e.getMessage());
            return Problem.unavailable("the queue could not be read or changed, try again").answer();
        }
    }

    private Answer route(HttpExchange exchange) throws Problem, QueueException {
        String path = exchange.getRequestURI().getPath().substring(PATH.length());
        if (path.equals("openapi.json")) {
            expect(exchange, "GET");
            return Answer.json(openApi);
        }
        if (path.equals("usage")) {
            expect(exchange, "GET");
            return usage(token(exchange), UsageQuery.of(exchange.getRequestURI().getRawQuery()));
        }
        List<String> parts = List.of(path.split("/", -1));
        if (!parts.getFirst().equals("queue") || parts.size() > 3) {
            throw Problem.notFound("there is nothing here; " + PATH + "openapi.json says what there is");
        }
        String query = exchange.getRequestURI().getRawQuery();
        String token = token(exchange);
        if (parts.size() == 1) {
            expect(exchange, "GET");
            return list(token, QueueQuery.ofList(query));
        }
        Optional<Change> ofMany = change(parts.get(1));
        if (parts.size() == 2 && ofMany.isPresent()) {
            expect(exchange, "POST");
            return change(token, ofMany.get(), QueueQuery.ofChange(query));
        }
        if (parts.size() == 2) {
            expect(exchange, "GET");
            QueueQuery.none(query);
            return Answer.json(json.message(find(token, Verb.GET, parts.get(1)).entry).toString());
        }
        Change change = change(parts.get(2)).orElseThrow(() -> Problem.notFound("a message can be changed by "
                + String.join(", ", Arrays.stream(Change.values()).map(QueueQuery::name).toList())));
        expect(exchange, "POST");
        QueueQuery.none(query);
        return change(token, change, parts.get(1));
    }

    private static void expect(HttpExchange exchange, String method) throws Problem {
        if (!exchange.getRequestMethod().equals(method)) {
            throw Problem.notAllowed(method);
        }
    }

    private static Optional<Change> change(String name) {
        return Arrays.stream(Change.values()).filter(change -> QueueQuery.name(change).equals(name)).findFirst();
    }

    private static String token(HttpExchange exchange) throws Problem {
        return bearer(exchange).orElseThrow(() -> Problem
                .unauthorized("a token is needed: Authorization: Bearer <token of the relay or of Kubernetes>"));
    }

    /** The token of a request, if it brings one (RFC 6750 section 2.1). */
    static Optional<String> bearer(HttpExchange exchange) {
        @Nullable
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        return Optional.ofNullable(header)
                .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(value -> value.substring(BEARER.length()).strip())
                .filter(value -> !value.isEmpty());
    }

    private Decision decide(String token, Verb verb, Optional<ResourceKey> organization) throws Problem {
        try {
            Decision decision = access.decide(token, verb, organization);
            if (decision.outcome() == Access.Outcome.UNKNOWN) {
                throw Problem.unauthorized("the token is not known here, or no longer");
            }
            return decision;
        } catch (IOException e) {
            throw Problem.unavailable(String.valueOf(e.getMessage()));
        }
    }

    private Decision require(String token, Verb verb, Optional<ResourceKey> organization) throws Problem {
        Decision decision = decide(token, verb, organization);
        if (decision.outcome() != Access.Outcome.ALLOWED) {
            throw Problem.forbidden("%s may not %s queues.postrider.dev %s".formatted(decision.who(),
                    QueueQuery.name(verb),
                    organization.map(key -> "\"" + key.name() + "\" in namespace " + key.namespace())
                            .orElse("in all namespaces; with the parameter organization,"
                                    + " that is needed in its namespace only")));
        }
        return decision;
    }

    private Answer usage(String token, UsageQuery query) throws Problem, QueueException {
        require(token, Verb.GET, Optional.of(query.organization()));
        LocalDate to = query.to().orElseGet(() -> counters.today(query.organization()).plusDays(1));
        LocalDate from = query.from(to);
        return Answer.json(UsageJson
                .write(new CountedMail(query.organization(), from, to,
                        counters.read(query.organization(), from, to)))
                .toString());
    }

    private Answer list(String token, QueueQuery query) throws Problem, QueueException {
        Filter filter = query.filter();
        require(token, Verb.GET, filter.organization());
        int limit = query.limit();
        return Answer.json(json.page(queue.list(filter, query.after(), limit), limit).toString());
    }

    private record Found(Entry entry, String who) {}

    /** What somebody may not see is not there for him. */
    private Found find(String token, Verb verb, String id) throws Problem, QueueException {
        Optional<Entry> entry = queue.find(id);
        Decision decision = decide(token, verb, entry.map(Entry::organization));
        if (entry.isEmpty() || decision.outcome() != Access.Outcome.ALLOWED) {
            throw Problem.notFound("no message " + id + " is in the queue, or " + decision.who() + " may not "
                    + QueueQuery.name(verb) + " queues.postrider.dev in the namespace of its organization");
        }
        return new Found(entry.get(), decision.who());
    }

    private Answer change(String token, Change change, String id) throws Problem, QueueException {
        Found found = find(token, Verb.UPDATE, id);
        if (!queue.change(change, id)) {
            throw Problem.conflict("message " + id + " cannot be changed by " + QueueQuery.name(change) + ": "
                    + queue.find(id).map(entry -> "it is " + QueueQuery.name(entry.state())).orElse("it is gone"));
        }
        LOG.info("{} {} organization={} by={}", id, QueueQuery.name(change), found.entry.organization(), found.who);
        return Answer.json(QueueJson.changed(1).toString());
    }

    private Answer change(String token, Change change, QueueQuery query) throws Problem, QueueException {
        Filter filter = query.filter();
        Decision decision = require(token, Verb.UPDATE, filter.organization());
        int changed = queue.change(change, filter, OptionalInt.empty());
        LOG.info("queue {} messages={} {} by={}", QueueQuery.name(change), changed, query, decision.who());
        return Answer.json(QueueJson.changed(changed).toString());
    }
}
