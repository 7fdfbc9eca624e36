package dev.postrider.relay.events;

import dev.postrider.transport.EgressPolicy;
import dev.postrider.transport.NameLookup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Where events may go. Organizations choose the URL, the relay connects: it must not be a way to what only the relay
 * can reach.
 *
 * @param plainHttp whether http will do
 * @param addresses which addresses will do
 * @param names     says what addresses a host has
 */
public record WebhookPolicy(boolean plainHttp, EgressPolicy addresses, Names names) {
    /** HTTPS, to other machines. */
    public static final WebhookPolicy STRICT = new WebhookPolicy(false,
            EgressPolicy.of(List.of(), List.of(), List::of));

    /** Looks names up. */
    @FunctionalInterface
    public interface Names {
        /** All addresses of a host. */
        InetAddress[] of(String host) throws UnknownHostException;
    }

    /** With the names that this machine knows. */
    public WebhookPolicy(boolean plainHttp, EgressPolicy addresses) {
        this(plainHttp, addresses, host -> NameLookup.addresses(host).toArray(InetAddress[]::new));
    }

    /** @throws IOException if events may not go there, whatever addresses it has */
    void check(URI url) throws IOException {
        boolean http = "http".equals(url.getScheme());
        if (!"https".equals(url.getScheme()) && !(http && plainHttp)) {
            throw new IOException(http ? "http is not allowed by the installation, use https" : "it is no https URL");
        }
        if (url.getHost() == null) {
            throw new IOException("it names no host");
        }
    }

    /**
     * The addresses of a host that events may go to.
     *
     * @throws UnknownHostException if it has none, or none that is allowed
     */
    InetAddress[] addresses(String host) throws UnknownHostException {
        List<InetAddress> found;
        try {
            // A URL has brackets around IPv6.
            found = List.of(names.of(host.replaceAll("^\\[|\\]$", "")));
        } catch (UnknownHostException e) {
            throw (UnknownHostException) new UnknownHostException("its host is not known").initCause(e);
        }
        return addresses.permitted(found).toArray(InetAddress[]::new);
    }
}
