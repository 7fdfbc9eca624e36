package dev.postrider.transport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.route.Durations;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TokenSource;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Asks token endpoints (RFC 6749 section 3.2). They are https, answers are at most 64 KiB, redirects are not followed,
 * and however slowly an answer comes, it has a time in which it must be complete.
 */
final class TokenEndpoint {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int MAX_ANSWER = 64 * 1024;
    private static final int MAX_TOLD = 500;
    private static final long DEFAULT_LIFETIME_SECONDS = 300;
    private static final Map<String, String> HEADERS = Map.of("Content-Type", "application/x-www-form-urlencoded",
            "Accept", "application/json");
    private static final String TLS = "spec.smtp.authentication.oauth2.tls";
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final InstantSource clock;
    private final Duration timeout;
    private final boolean plainLoopback;

    TokenEndpoint(InstantSource clock, Duration timeout, boolean plainLoopback) {
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
     * @param egress by what it is asked
     * @throws RefusedException with Authentication; the message tells what the endpoint said
     */
    Grant ask(TokenSource source, EgressPolicy egress) throws RefusedException {
        URI uri = uri(source);
        TokenRequest form;
        try {
            form = TokenRequest.of(source, clock.instant());
        } catch (IllegalArgumentException e) {
            throw failed(source, Secrets.none(), "was not asked: the Secret " + e.getMessage(), "correct the Secret");
        }
        HttpExchange exchange = new HttpExchange(egress, source.proxy(), source.tls().orElse(TlsSettings.DEFAULT),
                timeout);
        Answer answer;
        try {
            answer = exchange.post(uri, HEADERS, form.form().getBytes(StandardCharsets.UTF_8),
                    (status, body) -> new Answer(status, bounded(body)));
        } catch (HttpExchange.SlowAnswerException e) {
            throw failed(source, form.secrets(), "took longer than " + Durations.write(timeout),
                    "check that Postrider can reach it");
        } catch (IOException e) {
            boolean certificate = CertificateRefusedException.in(e).isPresent();
            throw failed(source, form.secrets(),
                    ((certificate ? "is not asked: " : "cannot be asked: ") + HttpExchange.reason(e))
                            .replace("spec.smtp.tls", TLS),
                    certificate
                            ? "correct " + TLS + ", or the certificate"
                            : source.proxy().isPresent()
                                    ? "check the URL, and that Postrider or the proxy can reach it"
                                    : "check the URL and that Postrider can reach it");
        }
        return read(source, form.secrets(), answer);
    }

    private static String bounded(InputStream body) throws IOException {
        byte[] octets = body.readNBytes(MAX_ANSWER + 1);
        if (octets.length > MAX_ANSWER) {
            throw new IOException("the answer is longer than " + MAX_ANSWER + " octets");
        }
        return new String(octets, StandardCharsets.UTF_8);
    }

    private record Answer(int status, String body) {}

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

    private static Grant read(TokenSource source, Secrets secrets, Answer answer) throws RefusedException {
        int status = answer.status();
        if (status / 100 == 3) {
            throw failed(source, secrets, "answered with a redirect, which is not followed",
                    "use the URL that it leads to");
        }
        JsonNode json = json(answer.body());
        // What answers there is told only where it is a token endpoint (RFC 6749 sections 5.1 and 5.2).
        if (!json.isObject() || status != 200 && !json.path("error").isTextual()) {
            throw failed(source, secrets, "answered as no token endpoint does",
                    "check that the URL is a token endpoint");
        }
        if (status != 200 || json.hasNonNull("error")) {
            String code = json.path("error").asText();
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

    private static JsonNode json(String body) {
        try {
            return JSON.readTree(body);
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
