package dev.postrider.operator;

import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

/**
 * Writes down each request of a client that changes something, as {@code PATCH secrets acme-mail} or
 * {@code PATCH mailservers/status global}, and each that reads one Secret past the caches. Leases, which say only who
 * leads, and reviews of permissions, which store nothing, are left out.
 */
final class WriteRecorder implements Interceptor {
    private static final Pattern PATH = Pattern.compile(
            "/apis?/.*?namespaces/[^/]+/(?<resource>[^/]+)(/(?<name>[^/]+))?(/(?<subresource>[^/]+))?");

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
        writes.add(request.method() + " " + (path.matches()
                ? path.group("resource") + (path.group("subresource") == null ? "" : "/" + path.group("subresource"))
                        + (path.group("name") == null ? "" : " " + path.group("name"))
                : request.uri().getPath()));
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
