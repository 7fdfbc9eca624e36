package dev.postrider.route;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;

/**
 * The relay's certificate.
 *
 * @param caCertificate    what clients trust, PEM
 * @param certificateChain the relay's certificate and the authority's, PEM
 * @param privateKey       its key, PKCS #8 in PEM
 */
public record RelayCertificate(String caCertificate, String certificateChain, String privateKey) {
    /** How long before its end a certificate is renewed: long enough for somebody to notice that it was not. */
    private static final Duration RENEW_BEFORE = Duration.ofDays(60);

    /** Whether it is time for another one: this one ends soon, or cannot be read. */
    public boolean isDue(InstantSource clock) {
        try {
            X509Certificate first = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(
                            new ByteArrayInputStream(certificateChain.getBytes(StandardCharsets.US_ASCII)));
            return first.getNotAfter().toInstant().isBefore(clock.instant().plus(RENEW_BEFORE));
        } catch (CertificateException e) {
            return true;
        }
    }

    @Override
    public String toString() {
        return "RelayCertificate[]";
    }
}
