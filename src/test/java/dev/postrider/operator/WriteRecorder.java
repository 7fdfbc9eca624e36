package dev.postrider.operator;

import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * Writes down each request of a client that changes something, as {@code PATCH secrets acme-mail} or
 * {@code PATCH mailservers/status global}, and each that reads one Secret past the caches. Leases, which say only who
 * leads, and reviews of permissions, which store nothing, are left out.
 */
final class WriteRecorder implements Interceptor {
    private static final Pattern PATH = Pattern.compile(
            "/apis?/.*?namespaces/[^/]+/(?<resource>[^/]+)(/(?<name>[^/]+))?(/(?<subresource>[^/]+))?");

    /** The port for TCP's "discard": nobody listens there. */
    private static final URI NOWHERE = URI.create("http://127.0.0.1:9/");

    private volatile String lost = "";
    private final AtomicInteger passing = new AtomicInteger();
    private final List<String> writes = new CopyOnWriteArrayList<>();
    private final List<String> secretReads = new CopyOnWriteArrayList<>();

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        var path = PATH.matcher(request.uri().getPath());
        if (request.method().equals("GET") && path.matches() && path.group("resource").equals("secrets")
                && path.group("name") != null) {
            secretReads.add(path.group("name"));
        }
        if (request.method().equals("GET") || request.uri().getPath().endsWith("reviews")
                || path.matches() && path.group("resource").equals("leases")) {
            return;
        }
        String write = request.method() + " " + (path.matches()
                ? path.group("resource") + (path.group("subresource") == null ? "" : "/" + path.group("subresource"))
                        + (path.group("name") == null ? "" : " " + path.group("name"))
                : request.uri().getPath());
        writes.add(write);
        if (write.equals(lost) && passing.decrementAndGet() < 0) {
            builder.uri(NOWHERE);
        }
    }

    /** From now on so many writes of this form arrive, and those after them do not. */
    void lose(String write, int after) {
        passing.set(after);
        lost = write;
    }

    /** All since the last {@link #forget}, in their order. */
    List<String> all() {
        return List.copyOf(writes);
    }

    /** The Secrets that were read past the caches since then, by name. */
    List<String> secretReads() {
        return List.copyOf(secretReads);
    }

    void forget() {
        secretReads.clear();
        writes.clear();
    }
}
