package dev.postrider.route;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The relay's certificate.
 *
 * @param caCertificate    what clients trust, PEM; empty if it leads to an authority that systems know
 * @param certificateChain the relay's certificate and the authority's, PEM
 * @param privateKey       its key, PKCS #8 in PEM
 */
public record RelayCertificate(String caCertificate, String certificateChain, String privateKey) {
    /** How long before its end a certificate is renewed: long enough for somebody to notice that it was not. */
    private static final Duration RENEW_BEFORE = Duration.ofDays(60);

    /** Whether it is time for another one: this one ends soon, or cannot be read. */
    public boolean isDue(InstantSource clock) {
        try {
            return endsBefore(clock.instant().plus(RENEW_BEFORE));
        } catch (InvalidPemException e) {
            return true;
        }
    }

    /**
     * Whether it is valid no longer at a time.
     *
     * @throws InvalidPemException if it cannot be read
     */
    public boolean endsBefore(Instant time) throws InvalidPemException {
        return first().getNotAfter().toInstant().isBefore(time);
    }

    /**
     * Whether the host is among its subject alternative names, as {@link CertificateNames#contain} tells it.
     *
     * @throws InvalidPemException if it cannot be read
     */
    public boolean isFor(String host) throws InvalidPemException {
        try {
            return CertificateNames.of(first(), false).contain(host);
        } catch (CertificateParsingException e) {
            throw new InvalidPemException("its subject alternative names cannot be read: " + e.getMessage());
        }
    }

    private X509Certificate first() throws InvalidPemException {
        return CertificateBundle.parse(certificateChain).getFirst();
    }

    @Override
    public String toString() {
        return "RelayCertificate[]";
    }
}
