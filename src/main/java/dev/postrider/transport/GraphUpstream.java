package dev.postrider.transport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TokenSource;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.InternetHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A way to a mailbox of Microsoft Graph, by {@code sendMail} with a MIME message (Microsoft Graph REST API, "user:
 * sendMail"). Graph has no envelope: the recipients are those of the header, so a message whose envelope has others is
 * refused rather than sent to the wrong people.
 */
final class GraphUpstream implements Upstream {
    /** A request may have about 4 MB, and Base64 takes four octets for three. */
    private static final long MAX_MESSAGE = 3L * 1024 * 1024;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(30))
            .build();

    private final Endpoint.Graph endpoint;
    private final Service service;
    private final AccessTokens tokens;

    /**
     * Where Graph and its token endpoint are.
     *
     * @param graph without a slash at the end
     * @param login likewise
     */
    record Service(String graph, String login) {
        static final Service WORLDWIDE = new Service("https://graph.microsoft.com",
                "https://login.microsoftonline.com");
    }

    GraphUpstream(Endpoint.Graph endpoint, Service service, AccessTokens tokens) {
        this.endpoint = endpoint;
        this.service = service;
        this.tokens = tokens;
    }

    @Override
    public Attempt send(Envelope envelope, MessageContent message) {
        long start = System.nanoTime();
        Verdict verdict;
        try {
            verdict = deliver(envelope, message);
        } catch (RefusedException e) {
            verdict = e.verdict();
        }
        Map<String, Verdict> verdicts = new LinkedHashMap<>();
        for (String recipient : envelope.recipients()) {
            verdicts.put(recipient, verdict);
        }
        return new Attempt(verdicts, endpoint.display(), Optional.empty(), Duration.ofNanos(System.nanoTime() - start),
                "");
    }

    private Verdict deliver(Envelope envelope, MessageContent message) throws RefusedException {
        if (message.size() > MAX_MESSAGE) {
            throw permanently(Step.MessageRejected,
                    "5.3.4 the message has %d octets, and Microsoft Graph takes %d in one request".formatted(
                            message.size(), MAX_MESSAGE));
        }
        byte[] body;
        try (InputStream content = message.open()) {
            body = content.readAllBytes();
            checkRecipients(envelope, message);
        } catch (IOException e) {
            throw new RefusedException(Step.MessageRejected, "the message cannot be read: " + e.getMessage());
        }
        TokenSource source = new TokenSource(
                service.login() + "/" + encoded(endpoint.tenantId()) + "/oauth2/v2.0/token",
                Optional.of(service.graph() + "/.default"),
                new TokenSource.ClientSecret(endpoint.clientId(), endpoint.clientSecret()));
        String token = tokens.token(source);
        HttpResponse<String> answer = post(token, body);
        if (answer.statusCode() == 401) {
            // It may have been revoked before its time.
            tokens.forget(source, token);
            answer = post(tokens.token(source), body);
        }
        return verdict(answer);
    }

    private static void checkRecipients(Envelope envelope, MessageContent message)
            throws IOException, RefusedException {
        Set<String> named = new HashSet<>();
        try (InputStream content = message.open()) {
            InternetHeaders headers = new InternetHeaders(content, true);
            for (String field : List.of("To", "Cc", "Bcc")) {
                String value = headers.getHeader(field, ",");
                if (value != null) {
                    for (InternetAddress address : InternetAddress.parseHeader(value, false)) {
                        named.add(String.valueOf(address.getAddress()).toLowerCase(Locale.ROOT));
                    }
                }
            }
        } catch (MessagingException e) {
            throw permanently(Step.MessageRejected, "5.6.0 the header's recipients cannot be read: " + e.getMessage());
        }
        Set<String> wanted = new HashSet<>();
        envelope.recipients().forEach(r -> wanted.add(r.toLowerCase(Locale.ROOT)));
        if (!named.equals(wanted)) {
            throw permanently(Step.RecipientRejected,
                    "5.1.3 Microsoft Graph sends to those whom the header names (To, Cc, Bcc), and these are not the "
                            + "recipients of the envelope; name all of them there, or send through an SMTP server");
        }
    }

    private HttpResponse<String> post(String token, byte[] message) throws RefusedException {
        URI uri = URI.create(service.graph() + "/v1.0/users/" + encoded(endpoint.mailbox()) + "/sendMail");
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(TIMEOUT)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString(Base64.getEncoder().encodeToString(message)))
                .build();
        try {
            return HTTP.send(request, HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofString(), 65_536));
        } catch (HttpTimeoutException e) {
            throw new RefusedException(Step.Timeout,
                    "Microsoft Graph did not answer within " + Durations.write(TIMEOUT));
        } catch (IOException e) {
            throw new RefusedException(Step.Connection,
                    "Microsoft Graph at %s cannot be reached: %s; check that Postrider may connect to it".formatted(
                            uri.getHost(), e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedException(Step.Connection, "the attempt was broken off; it will be made again");
        }
    }

    /** Graph's error codes are in "Microsoft Graph error responses and resource types". */
    private Verdict verdict(HttpResponse<String> answer) {
        int status = answer.statusCode();
        String text = status + " " + said(answer.body());
        Reply reply = new Reply(status, Optional.empty(), text.strip());
        String mailbox = "\"" + endpoint.mailbox() + "\"";
        return switch (status) {
            case 202 -> new Verdict.Accepted(new Reply(202, Optional.empty(), "202 Accepted"), false);
            case 400, 413, 415, 422 -> refused(Step.MessageRejected, true, reply, "the message was refused");
            case 401 -> refused(Step.Authentication, false, reply,
                    "the token was refused; check client-id, client-secret and spec.microsoftGraph.tenantId");
            case 403 -> refused(Step.SenderRejected, false, reply, "the application may not send as " + mailbox
                    + "; grant it the application permission Mail.Send, and check the application access policy");
            case 404 -> refused(Step.SenderRejected, false, reply,
                    "there is no mailbox " + mailbox + "; correct spec.microsoftGraph.mailbox");
            default -> refused(Step.MessageRejected, false, reply, "Microsoft Graph cannot take the message now");
        };
    }

    private static Verdict refused(Step step, boolean permanent, Reply reply, String message) {
        return new Verdict.Refused(step, permanent, Optional.of(reply), step + ": " + message + ": " + reply.text());
    }

    private static RefusedException permanently(Step step, String message) {
        return new RefusedException(new Verdict.Refused(step, true, Optional.empty(), step + ": " + message));
    }

    private static String said(String body) {
        try {
            JsonNode error = JSON.readTree(body).path("error");
            String told = (error.path("code").asText() + " " + error.path("message").asText()).replaceAll("[^ -~]",
                    " ");
            return told.substring(0, Math.min(told.length(), 500));
        } catch (JsonProcessingException e) {
            return "";
        }
    }

    private static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Requests stand alone; there is nothing to keep open. */
    @Override
    public boolean isOpen() {
        return false;
    }

    @Override
    public void close() {}
}
