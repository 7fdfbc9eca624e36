package dev.postrider.relay.admin;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import dev.postrider.relay.Exposure;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.Relay;
import dev.postrider.relay.RelaySettings;
import dev.postrider.relay.TestRoutes;
import dev.postrider.access.Decision;
import dev.postrider.access.Outcome;
import dev.postrider.relay.admin.Access.Verb;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.events.WebhookPolicy;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.RelayRoute;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The queue over HTTP: three messages of "orders" and one of "news", each tried once and deferred. */
@Tag("relay")
final class QueueApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private final HttpClient http = HttpClient.newHttpClient();
    private final List<String> asked = new ArrayList<>();
    private final Routes routes = new Routes();
    private Relay relay;
    private List<String> ids;

    @BeforeEach
    void start() throws Exception {
        ids = new ArrayList<>();
        // Ids sort by time, those of the same millisecond at random.
        InstantSource later = () -> Instant.now().plusMillis(ids.size());
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, later)) {
            for (String organization : List.of("news", "orders", "orders", "orders")) {
                try (Draft draft = queue.draft(key(organization))) {
                    draft.content().write("Subject: secret plan\r\n\r\nbody\r\n".getBytes(StandardCharsets.US_ASCII));
                    draft.commit(NewMessage.plain("a@b.example",
                            List.of("x" + ids.size() + "@y.example", "Z@y.example"), false, false,
                            InstantSource.system().instant()));
                    ids.add(draft.id());
                }
            }
        }
        upstreams.behave("mx", RecordingUpstreams.DEFERRED);
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 4));
        routes.put(organization("orders", State.OPEN));
        routes.put(organization("news", State.OPEN));
        routes.markComplete();
        relay = Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()),
                routes, upstreams, DeliverySettings.of("relay.test"),
                new Exposure(this::decide, 10, Tracing.OFF, WebhookPolicy.STRICT),
                InstantSource.system());
        await().untilAsserted(() -> assertThat(get("/queue?state=deferred").path("items")).hasSize(4));
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    /** "reader" may see all, "orders" may see and change that organization, "lost" cannot be asked about. */
    private Decision decide(String token, Verb verb, java.util.Optional<dev.postrider.route.ResourceKey> organization)
            throws IOException {
        asked.add(token);
        return switch (token) {
            case "reader" -> new Decision(verb == Verb.GET ? Outcome.ALLOWED : Outcome.FORBIDDEN, "Rita");
            case "orders" -> new Decision(
                    organization.equals(java.util.Optional.of(key("orders"))) ? Outcome.ALLOWED : Outcome.FORBIDDEN,
                    "Otto");
            case "lost" -> throw new IOException("the API server does not say who you are, try again");
            default -> new Decision(Outcome.UNKNOWN, "");
        };
    }

    private HttpResponse<String> ask(String method, String path, String token) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + relay.adminPort() + "/api/v1" + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode get(String path) throws Exception {
        var response = ask("GET", path, TestRoutes.ADMIN_TOKEN);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    private int post(String path) throws Exception {
        var response = ask("POST", path, TestRoutes.ADMIN_TOKEN);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body()).path("changed").asInt();
    }

    @Test
    void aMessageIsShownWithoutItsContent() throws Exception {
        JsonNode message = get("/queue/" + ids.get(1));

        assertThat(message.path("lastAttempt").isMissingNode()).isTrue();
        var shown = (ObjectNode) message.deepCopy();
        assertThat(shown.remove("received").asText()).endsWith("Z");
        shown.path("recipients").forEach(recipient -> {
            assertThat(((ObjectNode) recipient).remove("lastAttempt").asText()).endsWith("Z");
            assertThat(((ObjectNode) recipient).remove("nextAttempt").asText()).endsWith("Z");
        });
        assertThat(shown).isEqualTo(JSON.readTree("""
                {"id": "ID", "organization": "shop/orders", "sender": "a@b.example", "size": 30, "state": "deferred",
                 "recipients": [
                  {"address": "x1@y.example", "attempts": 1, "server": "mx.example.net:25",
                   "lastReply": "mailbox busy"},
                  {"address": "Z@y.example", "attempts": 1, "server": "mx.example.net:25",
                   "lastReply": "mailbox busy"}]}""".replace("ID", ids.get(1))));
    }

    /** Mail that is due, and that nobody holds. */
    @Tag("promises")
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            sendingEnabled is false      | sending is switched off for this organization (spec.sendingEnabled)
            the server is inactive       | no mail server is active for this organization
            no global server is active   | sending is switched off: no global mail server is active
            the server wants submitters  | all active mail servers of this organization want the login of whoever submits
            the organization is gone     | this organization is not there any more; its mail is removed once it has expired
            the server rests             | server shop/mx gets no mail for a while, since attempts failed (Connection)
            """)
    void whatIsNotTriedSaysWhatItWaitsFor(String state, String waiting) throws Exception {
        assertThat(get("/queue/" + ids.get(1)).has("waiting")).as("waits for its time").isFalse();
        switch (state) {
            case "sendingEnabled is false" -> routes.put(organization("orders", State.SUSPENDED));
            case "the server is inactive" -> routes.put(server("mx", true, false, 4));
            case "no global server is active" -> {
                RelayRoute now = routes.relay().orElseThrow();
                routes.put(new RelayRoute(true, now.certificate(), now.privateKey(), now.adminTokenSha256()));
                routes.put(server("mx", true, false, 4));
            }
            case "the server wants submitters" ->
                routes.put(TestRoutes.forSubmitters(server("mx", true, true, 4)));
            case "the organization is gone" -> routes.removeOrganization(key("orders"));
            case "the server rests" -> {
                upstreams.behave("mx", RecordingUpstreams.UNREACHABLE);
                post("/queue/retry?all=true");
                await().untilAsserted(() -> assertThat(get("/queue/" + ids.get(1)).toString())
                        .contains("connection refused"));
            }
            default -> throw new IllegalArgumentException(state);
        }
        post("/queue/retry?organization=shop/orders");

        await().untilAsserted(() -> assertThat(get("/queue/" + ids.get(1)).path("waiting").asText())
                .isEqualTo(waiting));
        JsonNode listed = get("/queue?organization=shop/orders").path("items").path(0);
        assertThat(listed.path("waiting").asText()).isEqualTo(waiting);
        assertThat(listed.has("waitingUntil")).isEqualTo(state.equals("the server rests"));
        assertThat(listed.path("state").asText()).isEqualTo("deferred");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            ''                                                          ; 0 1 2 3
            organization=shop/orders                                    ; 1 2 3
            organization=shop/nobody                                    ; ''
            server=mx.example.net:25&organization=shop/news             ; 0
            server=other.example.net:25                                 ; ''
            recipient=X2@Y.EXAMPLE                                      ; 2
            recipient=%22x2%22@y.example.                               ; 2
            recipient=z%40y.example                                     ; 0 1 2 3
            state=deferred&recipient=x3@y.example                       ; 3
            state=held                                                  ; ''
            """)
    void filtersAreAllApplied(String filter, String expected) throws Exception {
        assertThat(listed(get("/queue?" + filter))).isEqualTo(expected);
    }

    private String listed(JsonNode page) {
        List<String> found = new ArrayList<>();
        page.path("items").forEach(item -> found.add("" + ids.indexOf(item.path("id").asText())));
        return String.join(" ", found);
    }

    @Test
    void whatWasCountedIsShownByDay() throws Exception {
        JsonNode usage = get("/usage?organization=shop/orders");
        String day = usage.path("items").path(0).path("day").asText();

        assertThat(usage).isEqualTo(JSON.readTree("""
                {"organization": "shop/orders", "from": "FROM", "to": "TO", "items": [
                  {"day": "DAY", "accepted": 3, "recipients": 6, "delivered": 0, "deferred": 0, "bounced": 0,
                   "removed": 0, "refused": 0, "octets": 90},
                  {"day": "DAY", "server": "shop/mx", "accepted": 0, "recipients": 0, "delivered": 0, "deferred": 6,
                   "bounced": 0, "removed": 0, "refused": 0, "octets": 0}]}"""
                .replace("DAY", day)
                .replace("FROM", java.time.LocalDate.parse(day).minusDays(30).toString())
                .replace("TO", java.time.LocalDate.parse(day).plusDays(1).toString())));
    }

    /** What the operator asks for names all tenants: a token that may see a queue does not open it. */
    @ParameterizedTest
    @CsvSource({"/mail-rests", "/rests", "/limits", "/lost-reports", "/queue/shop/orders"})
    void whatTheOperatorAsksForIsForItAlone(String path) throws Exception {
        for (String token : List.of("of ann", "", TestRoutes.ADMIN_TOKEN)) {
            HttpResponse<String> answer = http.send(HttpRequest
                    .newBuilder(URI.create("http://127.0.0.1:" + relay.adminPort() + path))
                    .header("Authorization", "Bearer " + token)
                    .build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(token).isEqualTo(token.equals(TestRoutes.ADMIN_TOKEN) ? 200 : 401);
        }
    }

    @Test
    void pagesFollowEachOther() throws Exception {
        JsonNode first = get("/queue?limit=3");
        assertThat(listed(first)).isEqualTo("0 1 2");
        JsonNode second = get("/queue?limit=3&cursor=" + first.path("cursor").asText());
        assertThat(listed(second)).isEqualTo("3");
        assertThat(second.has("cursor")).isFalse();
    }

    @Test
    void messagesAreHeldReleasedTriedAndRemoved() throws Exception {
        assertThat(post("/queue/" + ids.get(1) + "/hold")).isEqualTo(1);
        assertThat(listed(get("/queue?state=held"))).isEqualTo("1");
        assertThat(get("/queue/" + ids.get(1)).path("recipients").path(0).has("nextAttempt")).isFalse();
        assertThat(ask("POST", "/queue/" + ids.get(1) + "/retry", TestRoutes.ADMIN_TOKEN).body())
                .contains("cannot be changed by retry: it is held");

        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
        assertThat(post("/queue/" + ids.get(2) + "/retry")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(listed(get("/queue"))).isEqualTo("0 1 3"));
        assertThat(post("/queue/" + ids.get(1) + "/release")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(listed(get("/queue"))).isEqualTo("0 3"));
        assertThat(post("/queue/remove?organization=shop/orders")).isEqualTo(1);
        assertThat(listed(get("/queue"))).isEqualTo("0");
        assertThat(post("/queue/remove?all=true")).isEqualTo(1);
        assertThat(relay.queued()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            GET  ; /queue?limit=0                   ; 400 ; limit: 0 is not a number from 1 to 1000
            GET  ; /queue?limit=1001                ; 400 ; limit: 1001 is not a number from 1 to 1000
            GET  ; /queue?status=held               ; 400 ; unknown parameter status; known are: organization, server
            GET  ; /queue?state=Held                ; 400 ; state: Held is none of queued, active, deferred, held
            GET  ; /queue?state=held&state=held     ; 400 ; parameter state is given twice
            GET  ; /queue?organization=orders       ; 400 ; organization: orders is not <namespace>/<name>
            GET  ; /queue?recipient=                ; 400 ; recipient is empty
            GET  ; /queue?cursor=AAAA               ; 400 ; cursor is not one that an earlier page gave
            GET  ; /queue?cursor=!                  ; 400 ; cursor is not one that an earlier page gave
            GET  ; /queue/0000000000000000          ; 404 ; no message 0000000000000000 is in the queue
            GET  ; /queue/0000000000000000/body     ; 404 ; a message can be changed by retry, hold, release, remove
            GET  ; /queue/a/b/c                     ; 404 ; /api/v1/openapi.json says what there is
            GET  ; /other                           ; 404 ; /api/v1/openapi.json says what there is
            POST ; /queue                           ; 405 ; only GET is answered here
            GET  ; /queue/retry                     ; 405 ; only POST is answered here
            POST ; /queue/remove                    ; 400 ; or all=true if that is meant
            POST ; /queue/remove?all=yes            ; 400 ; all: yes is neither true nor false
            POST ; /queue/remove?all=true&state=held; 400 ; all=true and a filter exclude each other
            GET  ; /usage                           ; 400 ; organization is missing: whose mail?
            GET  ; /usage?organization=orders       ; 400 ; organization: orders is not <namespace>/<name>
            GET  ; /usage?organization=a/b&from=1.3.; 400 ; from: 1.3. is not a date such as 2026-03-01
            GET  ; /usage?organization=a/b&to=%2B12026-03-01; 400 ; to: +12026-03-01 is not a date such as
            GET  ; /usage?organization=a/b&from=2026-03-01&to=2026-03-01; 400 ; are 0 days; 1 to 400 are possible
            GET  ; /usage?organization=a/b&from=2026-03-01&to=2027-04-06; 400 ; are 401 days; 1 to 400 are possible
            GET  ; /usage?organization=a/b&day=1    ; 400 ; unknown parameter day; known are: organization, from, to
            POST ; /usage?organization=a/b          ; 405 ; only GET is answered here
            POST ; /queue/0000000000000000/remove   ; 404 ; no message 0000000000000000 is in the queue
            """)
    void mistakesAreProblems(String method, String path, int status, String detail) throws Exception {
        var response = ask(method, path, TestRoutes.ADMIN_TOKEN);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(JSON.readTree(response.body()).path("detail").asText()).contains(detail);
        assertThat(relay.queued()).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            ''     ; GET  ; /queue                            ; 401
            wrong  ; GET  ; /queue                            ; 401
            wrong  ; GET  ; /queue/0000000000000000           ; 401
            lost   ; GET  ; /queue                            ; 503
            lost   ; POST ; /queue/remove?all=true            ; 503
            reader ; GET  ; /queue                            ; 200
            reader ; GET  ; /queue/ID                         ; 200
            reader ; POST ; /queue/ID/remove                  ; 404
            reader ; POST ; /queue/remove?all=true            ; 403
            orders ; GET  ; /queue                            ; 403
            orders ; GET  ; /queue?organization=shop/orders   ; 200
            orders ; GET  ; /queue?organization=shop/news     ; 403
            orders ; GET  ; /queue/ID                         ; 404
            orders ; POST ; /queue/hold?organization=shop/news; 403
            orders ; POST ; /queue/hold?organization=shop/orders; 200
            ''     ; GET  ; /openapi.json                     ; 200
            ''     ; GET  ; /usage?organization=shop/orders   ; 401
            lost   ; GET  ; /usage?organization=shop/orders   ; 503
            reader ; GET  ; /usage?organization=shop/news     ; 200
            orders ; GET  ; /usage?organization=shop/orders   ; 200
            orders ; GET  ; /usage?organization=shop/news     ; 403
            """)
    void onlyWhoMayIsAnswered(String token, String method, String path, int status) throws Exception {
        var response = ask(method, path.replace("ID", ids.getFirst()), token);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(relay.queued()).isEqualTo(4);
        if (status == 401) {
            assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        }
    }

    @Test
    void theInstallationsTokenIsShownToNobodyElse() throws Exception {
        get("/queue");
        assertThat(asked).doesNotContain(TestRoutes.ADMIN_TOKEN);
    }

    @Test
    void answersAreAsTheOpenApiDocumentSays() throws Exception {
        JsonNode document = JSON.readTree(ask("GET", "/openapi.json", "").body());
        assertThat(document.path("openapi").asText()).isEqualTo("3.1.0");
        Map<String, List<Integer>> seen = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                String method = operation.getKey().toUpperCase(java.util.Locale.ROOT);
                String name = method + " " + path.getKey();
                for (String query : List.of("", "?organization=shop/news", "?limit=2", "?nonsense=1")) {
                    for (String id : List.of(ids.get(1), "0000000000000000")) {
                        for (String token : List.of(TestRoutes.ADMIN_TOKEN, "reader", "lost", "")) {
                            var response = ask(method,
                                    path.getKey().substring("/api/v1".length()).replace("{id}", id) + query, token);
                            validate(document, name, operation.getValue().path("responses"), response);
                            seen.computeIfAbsent(name, key -> new ArrayList<>()).add(response.statusCode());
                        }
                    }
                }
                assertThat(ask(method.equals("GET") ? "POST" : "GET",
                        path.getKey().substring("/api/v1".length()).replace("{id}", ids.get(1)),
                        TestRoutes.ADMIN_TOKEN).statusCode()).as("other method at " + name).isEqualTo(405);
            }
        }
        assertThat(seen).hasSize(14)
                .allSatisfy((name, statuses) -> assertThat(statuses).as(name).containsAnyOf(200, 409));
    }

    private static void validate(JsonNode document, String name, JsonNode responses, HttpResponse<String> response)
            throws IOException {
        JsonNode described = responses.path("" + response.statusCode());
        if (described.has("$ref")) {
            described = document.at(described.path("$ref").asText().substring(1));
        }
        assertThat(described.isMissingNode()).as("%s answered %s: %s", name, response.statusCode(), response.body())
                .isFalse();
        String type = response.headers().firstValue("Content-Type").orElseThrow();
        JsonNode schema = described.path("content").path(type).path("schema");
        assertThat(schema.isMissingNode()).as("%s answered %s", name, type).isFalse();
        ObjectNode whole = schema.deepCopy();
        whole.set("components", document.path("components"));
        List<Error> errors = SchemaRegistry.withDialect(Dialects.getDraft202012())
                .getSchema(whole)
                .validate(JSON.readTree(response.body()));
        assertThat(errors).as("%s answered %s", name, response.body()).isEmpty();
    }
}
