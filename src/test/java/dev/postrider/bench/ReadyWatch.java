package dev.postrider.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Counts the resources of a kind that have become Ready. */
final class ReadyWatch implements AutoCloseable {
    /** As an API server writes it: keys in the order of the alphabet, no spaces. */
    private static final String READY = "\"status\":\"True\",\"type\":\"Ready\"";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Set<String> ready = ConcurrentHashMap.newKeySet();
    private final CountDownLatch left;
    private final Thread reader;
    private volatile @Nullable String lastNotReady;

    /**
     * Begins to count resources of Postrider's.
     *
     * @param plural of the kind
     * @param expected how many there will be
     */
    ReadyWatch(ApiRequests api, String plural, int expected) {
        this("/apis/postrider.dev/v1alpha1/" + plural, api, expected);
    }

    private ReadyWatch(String path, ApiRequests api, int expected) {
        left = new CountDownLatch(expected);
        reader = Thread.ofVirtual().start(() -> read(api, path + "?watch=true"));
    }

    /**
     * Counts resources of any kind.
     *
     * @param path     of all of them
     * @param expected how many there will be
     */
    static ReadyWatch at(ApiRequests api, String path, int expected) {
        return new ReadyWatch(path, api, expected);
    }

    /** An API server ends a watch that it is too busy for; the next one begins with all that is there. */
    private void read(ApiRequests api, String path) {
        try {
            while (left.getCount() > 0) {
                try (Stream<String> events = api.lines(path)) {
                    events.forEach(this::received);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            lastNotReady = "the watch ended: " + e.getMessage();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Only an event that may be news is parsed. */
    private void received(String event) {
        if (!event.contains(READY)) {
            lastNotReady = event;
            return;
        }
        try {
            JsonNode metadata = JSON.readTree(event).path("object").path("metadata");
            if (ready.add(metadata.path("namespace").asText() + "/" + metadata.path("name").asText())) {
                left.countDown();
            }
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    int count() {
        return ready.size();
    }

    /** Waits that long; whether all are Ready. */
    boolean await(long milliseconds) throws InterruptedException {
        return left.await(milliseconds, TimeUnit.MILLISECONDS);
    }

    /** The last event that told of one that was not Ready. */
    @Nullable
    String lastNotReady() {
        return lastNotReady;
    }

    @Override
    public void close() {
        reader.interrupt();
    }
}
