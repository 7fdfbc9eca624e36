package dev.postrider.transport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.reply.Reply;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TokenSource;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Requests to the mailbox of a {@link Endpoint.Graph}, with a token that is fetched anew once where one is refused.
 * Redirects are not followed, answers are at most 64 KiB, and a request takes at most two minutes.
 */
final class GraphRequests {
    static final JsonMapper JSON = new JsonMapper();

    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final int MOST_TOLD = 500;
    private static final long LONGEST_WAIT_SECONDS = Duration.ofDays(1).toSeconds();
    /** No tenant chooses the hosts: they are Microsoft's, or those that the installation names. */
    private static final EgressPolicy EGRESS = EgressPolicy.OPEN;

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(30))
            .build();

    private final Endpoint.Graph endpoint;
    private final GraphEndpoints endpoints;
    private final AccessTokens tokens;
    private final List<String> dialogue = new ArrayList<>();

    GraphRequests(Endpoint.Graph endpoint, GraphEndpoints endpoints, AccessTokens tokens) {
        this.endpoint = endpoint;
        this.endpoints = endpoints;
        this.tokens = tokens;
    }

    /**
     * What Graph answered.
     *
     * @param code       of the error, as {@code ErrorAccessDenied}; empty if there is none
     * @param told       status, code and message in one line of ASCII, without what is secret
     * @param json       the answer; missing if it is none
     * @param requestId  by which Microsoft finds the request
     * @param retryAfter how long it wants to be left alone
     */
    record Answer(int status, String code, String told, JsonNode json, Optional<String> requestId,
            Optional<Duration> retryAfter) {
        boolean positive() {
            return status / 100 == 2;
        }

        Reply reply() {
            return new Reply(status, Optional.empty(),
                    told + requestId.map(id -> " (request-id " + id + ")").orElse(""), false);
        }
    }

    /** Forgets what was said before. */
    void begin() {
        dialogue.clear();
    }

    /** The requests since {@link #begin} and what came of each, a line each. */
    String dialogue() {
        return String.join("\n", dialogue);
    }

    /**
     * Makes a request.
     *
     * @param path      below the mailbox, as {@code /sendMail}
     * @param requestId a UUID, the same each time that the same is asked for
     * @throws RefusedException if there is no token, or no answer
     */
    Answer send(String method, String path, String requestId, String contentType, byte[] body)
            throws RefusedException {
        TokenSource source = source();
        String token = tokens.token(source, EGRESS);
        Answer answer = send(method, path, requestId, contentType, body, token);
        if (answer.status() == 401) {
            // It may have been revoked before its time.
            tokens.forget(source, token);
            answer = send(method, path, requestId, contentType, body, tokens.token(source, EGRESS));
        }
        return answer;
    }

    private Answer send(String method, String path, String requestId, String contentType, byte[] body, String token)
            throws RefusedException {
        URI uri = URI.create(
                endpoints.graph(endpoint.cloud()) + "/v1.0/users/" + encoded(endpoint.mailbox()) + path);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", contentType)
                .header("Prefer", "IdType=\"ImmutableId\"")
                .header("client-request-id", requestId)
                .header("return-client-request-id", "true");
        return exchange(request, method, path, body, Secrets.of(token));
    }

    /**
     * Uploads octets to a URL that needs no token, since it has one in it.
     *
     * @param range as {@code bytes 0-9/100}
     */
    Answer upload(URI uri, String range, byte[] octets) throws RefusedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/octet-stream")
                .header("Content-Range", range);
        return exchange(request, "PUT", "(upload session) " + range, octets, Secrets.of(uri.toString()));
    }

    private Answer exchange(HttpRequest.Builder request, String method, String shown, byte[] body, Secrets secrets)
            throws RefusedException {
        BodyPublisher publisher = body.length == 0
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofByteArray(body);
        HttpRequest built = request.timeout(TIMEOUT).method(method, publisher).build();
        String host = built.uri().getHost();
        try {
            HttpResponse<String> response = HTTP.send(built,
                    HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofString(), 65_536));
            Answer answer = read(response, secrets);
            dialogue.add(method + " " + shown + " -> " + answer.reply().text());
            return answer;
        } catch (HttpTimeoutException e) {
            dialogue.add(method + " " + shown + " -> no answer");
            throw new RefusedException(Step.Timeout,
                    "Microsoft Graph at " + host + " did not answer within " + Durations.write(TIMEOUT)
                            + "; it will be tried again");
        } catch (IOException e) {
            dialogue.add(method + " " + shown + " -> no answer");
            throw new RefusedException(Step.Connection,
                    "Microsoft Graph at %s cannot be reached: %s; check that Postrider may connect to it".formatted(
                            host, secrets.redact(e.getMessage() == null
                                    ? e.getClass().getSimpleName()
                                    : e.getMessage())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedException(Step.Connection, "the attempt was broken off; it will be made again");
        }
    }

    private static Answer read(HttpResponse<String> response, Secrets secrets) {
        JsonNode json = json(response.body());
        String code = json.path("error").path("code").asText();
        String told = (response.statusCode() + " " + code + " " + json.path("error").path("message").asText())
                .replaceAll("[^ -~]", " ")
                .strip();
        String redacted = secrets.redact(told);
        return new Answer(response.statusCode(), code, redacted.substring(0, Math.min(redacted.length(), MOST_TOLD)),
                json, response.headers().firstValue("request-id").filter(id -> id.matches("[0-9A-Za-z-]{1,64}")),
                retryAfter(response.headers().firstValue("Retry-After").orElse(null)));
    }

    private static JsonNode json(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    /** RFC 9110 section 10.2.3: seconds, or a date. No longer than a day, whatever it says. */
    private static Optional<Duration> retryAfter(@Nullable String value) {
        if (value == null) {
            return Optional.empty();
        }
        try {
            long seconds = value.strip().matches("[0-9]{1,9}")
                    ? Long.parseLong(value.strip())
                    : Duration
                            .between(Instant.now(),
                                    ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME))
                            .toSeconds() + 1;
            return Optional.of(Duration.ofSeconds(Math.clamp(seconds, 1, LONGEST_WAIT_SECONDS)));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** Tokens of the mailbox's directory, for Graph as a whole. */
    private TokenSource source() {
        return new TokenSource(
                endpoints.login(endpoint.cloud()) + "/" + encoded(endpoint.tenantId()) + "/oauth2/v2.0/token",
                Optional.of(endpoints.graph(endpoint.cloud()) + "/.default"), endpoint.application());
    }

    static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
