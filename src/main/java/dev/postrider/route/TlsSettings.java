package dev.postrider.route;

import java.util.List;
import java.util.Optional;

/**
 * How connections to a server are encrypted, and what is asked of its certificate.
 *
 * @param minimumVersion         the oldest version that is spoken: {@code TLSv1.2} or {@code TLSv1.3}
 * @param serverName             the name that is asked for and checked in place of the host
 * @param certificateAuthorities certificates in PEM that the server's must lead to; empty for the system's
 * @param clientCertificate      what is shown when the server asks for it
 * @param verification           what of the server's certificate is checked
 * @param pinnedCertificates     SHA-256 of the only certificates that are taken, as {@link CertificateBundle#fingerprint}
 *                               writes them, in place of authorities; empty for no such list
 */
public record TlsSettings(String minimumVersion, Optional<String> serverName, Optional<String> certificateAuthorities,
        Optional<ClientCertificate> clientCertificate, Verification verification, List<String> pinnedCertificates) {
    public static final TlsSettings DEFAULT = new TlsSettings("TLSv1.2", Optional.empty(), Optional.empty(),
            Optional.empty(), Verification.FULL, List.of());

    /** With authorities of its own, if there are any, and all else by default. */
    public static TlsSettings trusting(Optional<String> certificateAuthorities) {
        return new TlsSettings(DEFAULT.minimumVersion, DEFAULT.serverName, certificateAuthorities,
                DEFAULT.clientCertificate, DEFAULT.verification, DEFAULT.pinnedCertificates);
    }

    /** Certificates are not shown: they are long. */
    @Override
    public String toString() {
        return equals(DEFAULT)
                ? "default"
                : "TlsSettings[minimumVersion=" + minimumVersion + ", serverName=" + serverName.orElse("the host")
                        + ", certificateAuthorities=" + (certificateAuthorities.isPresent() ? "own" : "system")
                        + ", clientCertificate=" + clientCertificate.isPresent() + ", " + verification
                        + ", pinnedCertificates=" + pinnedCertificates + "]";
    }

    /**
     * Which checks are made of a server's certificate.
     *
     * @param commonNameFallback whether the common name counts where there are no subject alternative names
     * @param softFail           whether a certificate counts as not revoked when nobody can be asked
     */
    public record Verification(boolean validity, boolean hostName, boolean commonNameFallback, boolean keyUsage,
            boolean chain, boolean revocation, boolean softFail) {
        /** All of them but revocation. */
        public static final Verification FULL = new Verification(true, true, false, true, true, false, false);
    }
}
