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
 */
public record WebhookPolicy(boolean plainHttp, boolean localAddresses) {
    /** HTTPS, to other machines. */
    public static final WebhookPolicy STRICT = new WebhookPolicy(false, false);

    /** Metadata services of clouds that are not link-local. */
    private static final Set<String> METADATA = Set.of("100.100.100.200", "fd00:ec2:0:0:0:0:0:254");

    /** @throws IOException if events may not go there, or nobody knows where it is */
    void check(URI url) throws IOException {
        boolean http = "http".equals(url.getScheme());
        if (!"https".equals(url.getScheme()) && !(http && plainHttp)) {
            throw new IOException(http ? "http is not allowed by the installation, use https" : "it is no https URL");
        }
        if (url.getHost() == null) {
            throw new IOException("it names no host");
        }
        if (localAddresses) {
            return;
        }
        try {
            // The client asks for the name again at once, and Java then still knows these addresses.
            for (InetAddress address : InetAddress.getAllByName(url.getHost())) {
                if (isLocal(address)) {
                    throw new IOException("the address " + address.getHostAddress()
                            + " is loopback, link-local, multicast or of a metadata service");
                }
            }
        } catch (UnknownHostException e) {
            throw new IOException("its host is not known", e);
        }
    }

    private static boolean isLocal(InetAddress address) {
        return address.isLoopbackAddress() || address.isLinkLocalAddress() || address.isAnyLocalAddress()
                || address.isMulticastAddress() || METADATA.contains(address.getHostAddress());
    }
}
