package dev.postrider.operator;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Writes down each request of a client that changes something, as {@code PATCH secrets acme-mail} or
 * {@code PATCH mailservers/status global}, and each that reads one Secret past the caches. Leases, which say only who
 * leads, and reviews of permissions, which store nothing, are left out.
 */
final class WriteRecorder implements Interceptor {
    private static final Pattern PATH = Pattern.compile(
            "/apis?/.*?namespaces/(?<namespace>[^/]+)/(?<resource>[^/]+)(/(?<name>[^/]+))?(/(?<subresource>[^/]+))?");

    /** The port for TCP's "discard": nobody listens there. */
    private static final URI NOWHERE = URI.create("http://127.0.0.1:9/");

    private volatile String lost = "";
    private final AtomicInteger passing = new AtomicInteger();
    private final List<Write> writes = new CopyOnWriteArrayList<>();
    private final List<String> secretReads = new CopyOnWriteArrayList<>();

    /**
     * A write.
     *
     * @param nanoTime  when it was sent
     * @param namespace whose it is: that of the resource which a route is of, else that where it is
     * @param request   as {@code PATCH secrets acme-mail}
     */
    record Write(long nanoTime, String namespace, String request) {}

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
        writes.add(new Write(System.nanoTime(), source(request.bodyString())
                .orElseGet(() -> path.matches() ? path.group("namespace") : ""), write));
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
        return writes.stream().map(Write::request).toList();
    }

    /** The same, and when and of which namespace they were. */
    List<Write> each() {
        return List.copyOf(writes);
    }

    /** The namespace of the resource that a route was made from. */
    private static Optional<String> source(@Nullable String body) {
        return body == null || !body.contains(RouteSecret.SOURCE_ANNOTATION)
                ? Optional.empty()
                : Optional.ofNullable(Serialization.unmarshal(body, Secret.class).getMetadata().getAnnotations())
                        .map(annotations -> annotations.get(RouteSecret.SOURCE_ANNOTATION))
                        .map(source -> ResourceKey.parse(source).namespace());
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
