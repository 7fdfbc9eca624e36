package dev.postrider.bench;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.util.stream.Stream;

/** Requests of an API server with texts in place of objects: what measures should cost little of what it measures. */
final class ApiRequests implements AutoCloseable {
    private final HttpClient http;
    private final URI server;
    private final String token;

    ApiRequests(Config config) throws IOException, GeneralSecurityException {
        http = HttpClient.newBuilder().sslContext(SSLUtils.sslContext(config)).build();
        server = URI.create(config.getMasterUrl());
        token = config.getAutoOAuthToken();
    }

    /** Server-side apply. */
    void apply(String path, String manifest) throws IOException, InterruptedException {
        var request = request(path + "?fieldManager=bench").header("Content-Type", "application/apply-patch+yaml")
                .method("PATCH", BodyPublishers.ofString(manifest))
                .build();
        var response = http.send(request, BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(response.statusCode() + " " + response.body());
        }
    }

    /** The lines of an answer, which for a watch have no end but that of this object. */
    Stream<String> lines(String path) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response = http.send(request(path).build(), BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new IOException(response.statusCode() + " " + path);
        }
        return response.body();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(server.resolve(path)).header("Authorization", "Bearer " + token);
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
