package dev.postrider.operator;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the relay's admin port how many messages it holds of an organization. */
public final class RelayQueue {
    private static final Logger LOG = LoggerFactory.getLogger(RelayQueue.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final ObjectMapper json = new ObjectMapper();
    private final Supplier<String> address;
    private final String token;

    /**
     * A way to ask.
     *
     * @param address where the admin port is now, as {@code http://host:port}
     * @param token   that the relay knows the digest of
     */
    public RelayQueue(Supplier<String> address, String token) {
        this.address = address;
        this.token = token;
    }

    /** How many; empty when the relay does not answer. */
    OptionalLong queued(ResourceKey organization) {
        URI uri = URI.create(address.get() + "/queue/" + organization.namespace() + "/" + organization.name());
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(TIMEOUT)
                .header("Authorization", "Bearer " + token)
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() == 200) {
                return OptionalLong.of(json.readTree(response.body()).path("queued").asLong());
            }
            LOG.warn("the relay answered {} when asked for the queue of {}", response.statusCode(), organization);
        } catch (IOException e) {
            LOG.warn("the relay cannot be asked for the queue of {}: {}", organization, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return OptionalLong.empty();
    }
}
