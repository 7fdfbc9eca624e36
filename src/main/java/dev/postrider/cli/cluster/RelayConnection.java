package dev.postrider.cli.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** The HTTP API of one relay. */
public final class RelayConnection implements AutoCloseable {
    /** What is to be closed with it. */
    @FunctionalInterface
    interface Way {
        void close() throws IOException;
    }

    private static final Duration CONNECT = Duration.ofSeconds(10);
    /** A change of a big queue takes its time. */
    private static final Duration ANSWER = Duration.ofMinutes(10);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI relay;
    private final String token;
    private final Way way;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();

    RelayConnection(URI relay, String token, Way way) {
        this.relay = relay;
        this.token = token;
        this.way = way;
    }

    public static RelayConnection to(URI relay, String token) {
        return new RelayConnection(relay, token, () -> {});
    }

    /**
     * What there is at a path below {@code /api/v1}.
     *
     * @throws IOException what the relay says against it, or why it cannot be asked
     */
    public JsonNode get(String path) throws IOException, InterruptedException {
        return ask("GET", path);
    }

    /**
     * Changes something, and tells what was changed.
     *
     * @throws IOException as {@link #get}
     */
    public JsonNode post(String path) throws IOException, InterruptedException {
        return ask("POST", path);
    }

    private JsonNode ask(String method, String path) throws IOException, InterruptedException {
        HttpRequest request;
        try {
            request = HttpRequest.newBuilder(relay.resolve("/api/v1" + path))
                    .method(method, HttpRequest.BodyPublishers.noBody())
                    .header("Authorization", "Bearer " + token)
                    .timeout(ANSWER)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new IOException("The token is none: it holds what no HTTP header may hold", e);
        }
        HttpResponse<String> response;
        try {
            response = http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException("No relay answers at " + relay + " (" + e.getClass().getSimpleName()
                    + "). Is it running?", e);
        }
        JsonNode answer = json(response);
        if (response.statusCode() == 200) {
            return answer;
        }
        String detail = answer.path("detail").asText("the relay answers " + response.statusCode());
        throw new IOException(response.statusCode() == 401
                ? "The relay does not know you: " + detail + ". Bring another token: --token-file, --service-account"
                : detail);
    }

    private JsonNode json(HttpResponse<String> response) throws IOException {
        try {
            return JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new IOException("What answers at " + relay + " is no relay: " + response.statusCode()
                    + " without JSON", e);
        }
    }

    @Override
    public void close() throws IOException {
        http.shutdownNow();
        way.close();
    }
}
