package dev.postrider.transport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.route.Durations;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TokenSource;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * Asks token endpoints (RFC 6749 section 3.2). They are https, answers are at most 64 KiB, redirects are not followed,
 * and however slowly an answer comes, it has a time in which it must be complete.
 */
final class TokenEndpoint {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int MAX_ANSWER = 64 * 1024;
    private static final int MAX_TOLD = 500;
    private static final long DEFAULT_LIFETIME_SECONDS = 300;
    private static final String TLS = "spec.smtp.authentication.oauth2.tls";
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final HttpClient http;
    private final InstantSource clock;
    private final Duration timeout;
    private final boolean plainLoopback;

    TokenEndpoint(InstantSource clock, Duration timeout, boolean plainLoopback) {
        this.http = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timeout)
                .build();
        this.clock = clock;
        this.timeout = timeout;
        this.plainLoopback = plainLoopback;
    }

    /**
     * What an endpoint granted.
     *
     * @param lifetimeSeconds 0 to a day
     * @param refreshToken    to use from now on, if another one came
     */
    record Grant(String accessToken, long lifetimeSeconds, Optional<String> refreshToken) {
        @Override
        public String toString() {
            return "Grant[lifetimeSeconds=" + lifetimeSeconds + "]";
        }
    }

    /**
     * Asks for a token.
     *
     * @throws RefusedException with Authentication; the message tells what the endpoint said
     */
    Grant ask(TokenSource source) throws RefusedException {
        URI uri = uri(source);
        TokenRequest form;
        try {
            form = TokenRequest.of(source, clock.instant());
        } catch (IllegalArgumentException e) {
            throw failed(source, Secrets.none(), "was not asked: the Secret " + e.getMessage(), "correct the Secret");
        }
        HttpRequest request = HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(form.form()))
                .build();
        if (source.tls().isPresent() || source.proxy().isPresent()) {
            return askAsDeclared(source, uri, form);
        }
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(request,
                BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER));
        try {
            HttpResponse<byte[]> told = answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return read(source, form.secrets(), told.statusCode(), told.body());
        } catch (ExecutionException e) {
            throw failed(source, form.secrets(), "cannot be asked: " + causeOf(e),
                    e.getCause() instanceof SSLException
                            ? "if its certificate is of a private authority, name that in " + TLS + ".caSecretRef"
                            : "check the URL and that Postrider can reach it");
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw failed(source, form.secrets(), "took longer than " + Durations.write(timeout),
                    "check that Postrider can reach it");
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw failed(source, form.secrets(), "was not waited for", "it will be tried again");
        }
    }

    /** Through a proxy, or with authorities of its own. */
    private Grant askAsDeclared(TokenSource source, URI uri, TokenRequest form) throws RefusedException {
        HttpExchange exchange = new HttpExchange(source.proxy(), source.tls().orElse(TlsSettings.DEFAULT),
                timeout.dividedBy(3));
        try {
            HttpExchange.Answer answer = send(source, exchange, uri, form);
            return read(source, form.secrets(), answer.status(), answer.body());
        } catch (IOException e) {
            Optional<String> certificate = CertificateRefusedException.in(e);
            throw failed(source, form.secrets(),
                    certificate.map(why -> "is not asked: its certificate is refused: " + why)
                            .orElseGet(() -> "cannot be asked: " + e.getMessage())
                            .replace("spec.smtp.tls", TLS),
                    certificate.isPresent()
                            ? "correct " + TLS + ", or the certificate"
                            : "check the URL and that Postrider can reach it");
        }
    }

    private static HttpExchange.Answer send(TokenSource source, HttpExchange exchange, URI uri, TokenRequest form)
            throws IOException, RefusedException {
        try {
            return exchange.send(uri,
                    Map.of("Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json"),
                    Optional.of(form.form().getBytes(StandardCharsets.UTF_8)), MAX_ANSWER);
        } catch (RefusedException e) {
            throw failed(source, form.secrets(), "cannot be asked: " + e.verdict()
                    .message()
                    .replaceFirst("^[A-Za-z]+: ", "")
                    .replaceFirst("; check .*", ""), "check the URL, and that Postrider or the proxy can reach it");
        }
    }

    private static String causeOf(ExecutionException failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause instanceof IOException && cause.getMessage() != null
                ? cause.getMessage()
                : cause.getClass().getSimpleName();
    }

    private URI uri(TokenSource source) throws RefusedException {
        try {
            URI uri = new URI(source.endpoint());
            boolean plain = plainLoopback && "http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null
                    && LOOPBACK.contains(uri.getHost());
            if (uri.getHost() != null && uri.getUserInfo() == null
                    && ("https".equalsIgnoreCase(uri.getScheme()) || plain)) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Told below.
        }
        throw failed(source, Secrets.none(), "is not an https URL", "correct it");
    }

    private static Grant read(TokenSource source, Secrets secrets, int status, byte[] body) throws RefusedException {
        if (status / 100 == 3) {
            throw failed(source, secrets, "answered with a redirect (HTTP " + status + "), which is not followed",
                    "use the URL that it leads to");
        }
        JsonNode json = json(body);
        if (!json.isObject()) {
            throw failed(source, secrets, "answered HTTP " + status + " without JSON",
                    "check that the URL is a token endpoint");
        }
        if (status != 200 || json.hasNonNull("error")) {
            String code = json.path("error").asText("no error code");
            String description = json.path("error_description").asText("");
            throw failed(source, secrets, "refused (HTTP " + status + "): " + code
                    + (description.isEmpty() ? "" : ", " + description),
                    TokenRefusal.nextStep(code, description, source.grant()));
        }
        String token = json.path("access_token").asText("");
        // b64token of RFC 6750; anything else could end a field of the SASL message.
        if (!token.matches("[!-~]{1,16384}")
                || !"bearer".equals(json.path("token_type").asText("Bearer").toLowerCase(Locale.ROOT))) {
            throw failed(source, secrets, "answered without a bearer token", "check that the URL is a token endpoint");
        }
        return new Grant(token, Math.clamp(json.path("expires_in").asLong(DEFAULT_LIFETIME_SECONDS), 0, 86_400),
                Optional.of(json.path("refresh_token").asText("")).filter(text -> !text.isEmpty()));
    }

    private static JsonNode json(byte[] body) {
        try {
            return JSON.readTree(new String(body, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    private static RefusedException failed(TokenSource source, Secrets secrets, String what, String next) {
        String told = secrets.redact(what).replaceAll("[^ -~]+", " ");
        return new RefusedException(Step.Authentication, "the token endpoint \"" + source.endpoint() + "\" "
                + told.substring(0, Math.min(told.length(), MAX_TOLD)) + "; " + next);
    }
}
