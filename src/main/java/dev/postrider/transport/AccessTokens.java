package dev.postrider.transport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.route.Durations;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Access tokens by the client credentials grant (RFC 6749 section 4.4), kept until a minute before they expire. However
 * many need one at the same time, it is fetched once. Endpoints are https, answers are at most 64 KiB, redirects are
 * not followed, and a fetch takes at most 30 seconds.
 */
final class AccessTokens {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int MAX_ANSWER = 64 * 1024;
    private static final long DEFAULT_LIFETIME_SECONDS = 300;
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final HttpClient http;
    private final InstantSource clock;
    private final Duration timeout;
    private final boolean plainLoopback;
    private final Map<Grant, CompletableFuture<Token>> tokens = new ConcurrentHashMap<>();

    AccessTokens() {
        this(InstantSource.system(), Duration.ofSeconds(30), false);
    }

    /**
     * For tests.
     *
     * @param plainLoopback whether http is allowed to this machine
     */
    AccessTokens(InstantSource clock, Duration timeout, boolean plainLoopback) {
        this.http = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timeout)
                .build();
        this.clock = clock;
        this.timeout = timeout;
        this.plainLoopback = plainLoopback;
    }

    /** What a token is granted for. The secret is part of it: who does not know it gets nobody else's token. */
    private record Grant(String endpoint, String clientId, String clientSecret, String scopes) {
        static Grant of(Login.OAuth2 login) {
            return new Grant(login.tokenEndpoint(), login.clientId(), login.clientSecret(), login.scopes());
        }

        @Override
        public String toString() {
            return "Grant[" + endpoint + ", " + clientId + "]";
        }
    }

    private record Token(String value, Instant renewal) {
        @Override
        public String toString() {
            return "Token[renewal=" + renewal + "]";
        }
    }

    /**
     * A token that is good now.
     *
     * @throws RefusedException with Authentication; the message tells what the endpoint said
     */
    String token(Login.OAuth2 login) throws RefusedException {
        tokens.values().removeIf(this::isOver);
        CompletableFuture<Token> mine = new CompletableFuture<>();
        CompletableFuture<Token> present = tokens.putIfAbsent(Grant.of(login), mine);
        if (present == null) {
            try {
                mine.complete(fetch(login));
            } catch (RefusedException | RuntimeException e) {
                mine.completeExceptionally(e);
            }
        }
        try {
            return (present == null ? mine : present).join().value();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RefusedException refused) {
                throw refused;
            }
            throw e;
        }
    }

    /** Does not give out this token again. */
    void forget(Login.OAuth2 login, String token) {
        tokens.computeIfPresent(Grant.of(login),
                (_, present) -> present.isDone() && !present.isCompletedExceptionally()
                        && present.join().value().equals(token) ? null : present);
    }

    private boolean isOver(CompletableFuture<Token> token) {
        return token.isDone()
                && (token.isCompletedExceptionally() || !token.join().renewal().isAfter(clock.instant()));
    }

    private Token fetch(Login.OAuth2 login) throws RefusedException {
        HttpRequest request = HttpRequest.newBuilder(endpoint(login))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(form(login)))
                .build();
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(request,
                BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER));
        try {
            return read(login, answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException e) {
            throw failed(login, "cannot be asked: " + causeOf(e), "check the URL and that Postrider can reach it");
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw failed(login, "took longer than " + Durations.write(timeout), "check that Postrider can reach it");
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw failed(login, "was not waited for", "it will be tried again");
        }
    }

    private static String causeOf(ExecutionException failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause instanceof IOException && cause.getMessage() != null
                ? cause.getMessage()
                : cause.getClass().getSimpleName();
    }

    private URI endpoint(Login.OAuth2 login) throws RefusedException {
        try {
            URI uri = new URI(login.tokenEndpoint());
            boolean plain = plainLoopback && "http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null
                    && LOOPBACK.contains(uri.getHost());
            if (uri.getHost() != null && uri.getUserInfo() == null
                    && ("https".equalsIgnoreCase(uri.getScheme()) || plain)) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Told below.
        }
        throw failed(login, "is not an https URL", "correct it");
    }

    private static String form(Login.OAuth2 login) {
        return Map.of("grant_type", "client_credentials", "client_id", login.clientId(), "client_secret",
                login.clientSecret(), "scope", login.scopes())
                .entrySet()
                .stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    private Token read(Login.OAuth2 login, HttpResponse<byte[]> answer) throws RefusedException {
        int status = answer.statusCode();
        if (status / 100 == 3) {
            throw failed(login, "answered with a redirect (HTTP " + status + "), which is not followed",
                    "use the URL that it leads to");
        }
        JsonNode json = json(answer.body());
        if (!json.isObject()) {
            throw failed(login, "answered HTTP " + status + " without JSON", "check that the URL is a token endpoint");
        }
        if (status != 200 || json.hasNonNull("error")) {
            String description = json.path("error_description").asText("");
            throw failed(login, "refused (HTTP " + status + "): " + json.path("error").asText("no error code")
                    + (description.isEmpty() ? "" : ", " + description),
                    "check client-id and client-secret in the Secret, and scopes");
        }
        String token = json.path("access_token").asText("");
        // b64token of RFC 6750; anything else could end a field of the XOAUTH2 answer.
        if (!token.matches("[!-~]{1,16384}")
                || !"bearer".equals(json.path("token_type").asText("Bearer").toLowerCase(Locale.ROOT))) {
            throw failed(login, "answered without a bearer token", "check that the URL is a token endpoint");
        }
        long lifetime = Math.clamp(json.path("expires_in").asLong(DEFAULT_LIFETIME_SECONDS), 0, 86_400);
        return new Token(token, clock.instant().plusSeconds(lifetime - Math.min(60, lifetime / 2)));
    }

    private static JsonNode json(byte[] body) {
        try {
            return JSON.readTree(new String(body, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    private static RefusedException failed(Login.OAuth2 login, String what, String next) {
        Secrets secrets = Secrets.of(login.clientId(), login.clientSecret());
        String told = secrets.redact(what).replaceAll("[^ -~]", " ");
        return new RefusedException(Step.Authentication, "the token endpoint \"" + login.tokenEndpoint() + "\" "
                + told.substring(0, Math.min(told.length(), 500)) + "; " + next);
    }
}
