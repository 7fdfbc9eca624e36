package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A Mailpit, which developers catch mail with; it keeps it in memory. */
public final class MailpitServer implements ReceivingServer {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final int port = FreePort.find();
    private final int apiPort = FreePort.find();
    private final BoundProcess process;

    private MailpitServer(Path program, Path directory) {
        this.process = BoundProcess.start("mailpit", directory,
                List.of(program.toString(), "--smtp", "127.0.0.1:" + port, "--listen", "127.0.0.1:" + apiPort,
                        "--database", directory.resolve("mailpit.db").toString(), "--disable-version-check",
                        "--smtp-disable-rdns", "--quiet"));
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (!process.isRunning()) {
                throw new IllegalStateException(process.lastWords());
            }
            return answers();
        });
    }

    /** Starts one, if it was built before or Go is here to build it. */
    public static Optional<MailpitServer> start(Path directory) {
        return GoPrograms.cached("mailpit", "mailpit").map(program -> new MailpitServer(program, directory));
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public List<ScriptedSmtpServer.Received> messages() {
        try {
            List<ScriptedSmtpServer.Received> all = new ArrayList<>();
            for (JsonNode message : JSON.readTree(get("messages?limit=1000")).path("messages")) {
                List<String> recipients = new ArrayList<>();
                // Recipients of the envelope that are not in the header are in Bcc.
                for (String field : List.of("To", "Cc", "Bcc")) {
                    message.path(field).forEach(recipient -> recipients.add(recipient.path("Address").asText()));
                }
                all.add(new ScriptedSmtpServer.Received("", recipients,
                        get("message/" + message.path("ID").asText() + "/raw"), false, ""));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean answers() {
        try {
            get("info");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String get(String path) throws IOException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:%d/api/v1/%s".formatted(apiPort, path))).build(),
                    BodyHandlers.ofString(StandardCharsets.ISO_8859_1)).body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
