package dev.postrider.plan;

import java.util.Optional;
import java.util.Set;

/**
 * What the plan must know of the installation.
 *
 * @param trustedNamespaces    where a global server is honoured: the operator's namespace and those it was told to trust
 * @param globalServerRequired whether nobody sends while no global server is active
 * @param relay                where applications reach the relay; empty until its certificate is made
 * @param servesLinks          whether the relay serves attachments for download
 * @param sharedLinkHosts      names of hosts at which organizations of all namespaces may have links
 * @param support              who helps organizations
 * @param fingerprintKey       keys the fingerprints in status, so that they tell nothing of a password
 */
public record Installation(Set<String> trustedNamespaces, boolean globalServerRequired, Optional<RelayAddress> relay,
        boolean servesLinks, Set<String> sharedLinkHosts, SupportSettings support,
        Optional<SenderDomains> senderDomains, String fingerprintKey) {

    /** Without hosts that namespaces share, where all senders belong to one person. */
    public Installation(Set<String> trustedNamespaces, boolean globalServerRequired, Optional<RelayAddress> relay,
            boolean servesLinks, SupportSettings support, String fingerprintKey) {
        this(trustedNamespaces, globalServerRequired, relay, servesLinks, Set.of(), support, Optional.empty(),
                fingerprintKey);
    }

    /** What ties the domains of mail that leaves through global servers to namespaces. */
    public enum SenderDomains {
        /** Nothing does. */
        OPEN("Open"),
        /** The grants of global servers. */
        GRANTED("Granted"),
        /** The grants of global servers, and records in DNS of the domains. */
        VERIFIED("Verified");

        private final String text;

        SenderDomains(String text) {
            this.text = text;
        }

        /** As the settings have it. */
        public String text() {
            return text;
        }
    }

    /**
     * Who helps organizations.
     *
     * @param address         of those who help all of them
     * @param allowOwnAddress whether an organization may name others
     */
    public record SupportSettings(Optional<String> address, boolean allowOwnAddress) {
        /** Nobody, unless an organization names somebody. */
        public static final SupportSettings OWN = new SupportSettings(Optional.empty(), true);
    }

    /**
     * Where applications reach the relay.
     *
     * @param host          a name that its certificate carries
     * @param port          message submission with STARTTLS (RFC 6409)
     * @param caCertificate the authority that its certificate leads to, PEM; empty if that is one that systems know
     */
    public record RelayAddress(String host, int port, Optional<String> caCertificate) {}

    @Override
    public String toString() {
        return "Installation[trustedNamespaces=" + trustedNamespaces + ", relay=" + relay + "]";
    }
}
