package dev.postrider.local;

import dev.postrider.route.RelayCertificate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/** The certificate of the local relay, kept across runs so that applications need not be told of another. */
final class RelayIdentity {
    static final String HOST = "localhost";
    private static final Duration RENEW_BEFORE = Duration.ofDays(30);

    private RelayIdentity() {}

    /** Reads the certificate, or makes one where there is none or it ends soon. */
    static RelayCertificate load(Path directory, InstantSource clock) throws IOException {
        Path authority = directory.resolve("ca.crt");
        Path chain = directory.resolve("tls.crt");
        Path key = directory.resolve("tls.key");
        if (Files.exists(authority) && Files.exists(chain) && Files.exists(key)) {
            RelayCertificate kept = new RelayCertificate(Files.readString(authority), Files.readString(chain),
                    Files.readString(key));
            if (isGood(kept, clock)) {
                return kept;
            }
        }
        RelayCertificate made = RelayCertificate.generate(List.of(HOST, "127.0.0.1"), clock);
        PrivateFiles.write(authority, made.caCertificate());
        PrivateFiles.write(chain, made.certificateChain());
        PrivateFiles.write(key, made.privateKey());
        return made;
    }

    private static boolean isGood(RelayCertificate certificate, InstantSource clock) {
        try {
            X509Certificate first = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(
                            certificate.certificateChain().getBytes(StandardCharsets.US_ASCII)));
            return first.getNotAfter().toInstant().isAfter(clock.instant().plus(RENEW_BEFORE));
        } catch (CertificateException e) {
            return false;
        }
    }
}
