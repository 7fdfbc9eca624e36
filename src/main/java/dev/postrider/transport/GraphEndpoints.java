package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import java.net.URI;
import java.util.Optional;
import java.util.Set;

/**
 * Where Microsoft Graph and its token endpoints are, if not where Microsoft documents them: for runs against a stand-in.
 *
 * @param graph in place of {@code https://graph.microsoft.com} and the national clouds' hosts
 * @param login in place of {@code https://login.microsoftonline.com} and theirs
 */
public record GraphEndpoints(Optional<URI> graph, Optional<URI> login) {
    /** Those of Microsoft, by the cloud that a mailbox is in. */
    public static final GraphEndpoints MICROSOFT = new GraphEndpoints(Optional.empty(), Optional.empty());

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    /**
     * Checks both.
     *
     * @throws IllegalArgumentException if one is neither https nor http of this machine, or has more than a host, a port
     *                                  and a path
     */
    public GraphEndpoints {
        graph.ifPresent(GraphEndpoints::check);
        login.ifPresent(GraphEndpoints::check);
    }

    private static void check(URI uri) {
        boolean bare = uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null
                && uri.getFragment() == null;
        if (!bare || !("https".equalsIgnoreCase(uri.getScheme()) || isPlainLoopback(uri))) {
            throw new IllegalArgumentException("\"" + uri + "\" is not the URL of an endpoint; allowed is "
                    + "https://host[:port][/path], and http for localhost, 127.0.0.1 and [::1]");
        }
    }

    static boolean isPlainLoopback(URI uri) {
        return "http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null && LOOPBACK.contains(uri.getHost());
    }

    /** Whether tokens are asked for without TLS, of this machine. */
    boolean plainLogin() {
        return login.filter(GraphEndpoints::isPlainLoopback).isPresent();
    }

    /** Whether an upload may go to this URL, which the answer of a Graph named. */
    boolean trusts(URI upload) {
        return upload.getHost() != null && ("https".equalsIgnoreCase(upload.getScheme())
                || graph.filter(GraphEndpoints::isPlainLoopback).isPresent() && isPlainLoopback(upload));
    }

    /** Graph itself, without a slash at the end. */
    String graph(Endpoint.Graph.Cloud cloud) {
        return withoutSlash(graph.map(URI::toString).orElse("https://" + cloud.graphHost()));
    }

    /** What a tenant and the path of its token endpoint follow, without a slash at the end. */
    String login(Endpoint.Graph.Cloud cloud) {
        return withoutSlash(login.map(URI::toString).orElse("https://" + cloud.loginHost()));
    }

    private static String withoutSlash(String url) {
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }
}
