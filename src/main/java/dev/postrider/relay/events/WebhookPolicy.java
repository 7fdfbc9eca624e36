package dev.postrider.relay.events;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Set;

/**
 * Where events may go. Organizations choose the URL, the relay connects: it must not be a way to what only the relay
 * can reach.
 *
 * @param plainHttp      whether http will do
 * @param localAddresses whether loopback and link-local addresses, which serve cloud metadata, will do
 * @param names          says what addresses a host has
 */
public record WebhookPolicy(boolean plainHttp, boolean localAddresses, Names names) {
    /** HTTPS, to other machines. */
    public static final WebhookPolicy STRICT = new WebhookPolicy(false, false);

    /** Metadata services of clouds that are not link-local. */
    private static final Set<String> METADATA = Set.of("100.100.100.200", "fd00:ec2:0:0:0:0:0:254");

    /** Looks names up. */
    @FunctionalInterface
    public interface Names {
        /** All addresses of a host. */
        InetAddress[] of(String host) throws UnknownHostException;
    }

    /** With the names that this machine knows. */
    public WebhookPolicy(boolean plainHttp, boolean localAddresses) {
        this(plainHttp, localAddresses, InetAddress::getAllByName);
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
     * The addresses of a host, if events may go to all of them.
     *
     * @throws UnknownHostException if it has none, or one that is not allowed
     */
    InetAddress[] addresses(String host) throws UnknownHostException {
        InetAddress[] addresses;
        try {
            // A URL has brackets around IPv6.
            addresses = names.of(host.replaceAll("^\\[|\\]$", ""));
        } catch (UnknownHostException e) {
            throw (UnknownHostException) new UnknownHostException("its host is not known").initCause(e);
        }
        for (InetAddress address : addresses) {
            if (!localAddresses && isLocal(address)) {
                throw new UnknownHostException("the address " + address.getHostAddress()
                        + " is loopback, link-local, multicast or of a metadata service");
            }
        }
        return addresses;
    }

    private static boolean isLocal(InetAddress address) {
        return address.isLoopbackAddress() || address.isLinkLocalAddress() || address.isAnyLocalAddress()
                || address.isMulticastAddress() || METADATA.contains(address.getHostAddress());
    }
}
