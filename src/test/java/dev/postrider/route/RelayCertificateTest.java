package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RelayCertificateTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void makesACertificateThatItsAuthorityVouchesFor() throws Exception {
        var made = RelayCertificate.generate(List.of("relay.mail.svc", "127.0.0.1", "::1"), InstantSource.fixed(NOW));
        X509Certificate authority = certificates(made.caCertificate()).getFirst();
        List<X509Certificate> chain = certificates(made.certificateChain());
        assertThat(chain).hasSize(2).last().isEqualTo(authority);
        X509Certificate server = chain.getFirst();
        server.verify(authority.getPublicKey());
        assertThat(server.getSubjectAlternativeNames()).extracting(name -> (Object) name.get(1))
                .containsExactly("relay.mail.svc", "127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(server.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(server.getBasicConstraints()).isEqualTo(-1);
        assertThat(authority.getBasicConstraints()).isZero();
        assertThat(server.getNotAfter()).isEqualTo(Date.from(NOW.plus(Duration.ofDays(365))));
        assertThat(authority.getNotAfter()).isEqualTo(Date.from(NOW.plus(Duration.ofDays(3650))));
        assertThat(made.privateKey()).startsWith("-----BEGIN PRIVATE KEY-----\n");
        assertThat(made.toString()).doesNotContain("PRIVATE KEY");
    }

    private static List<X509Certificate> certificates(String pem) throws Exception {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
                .stream()
                .map(X509Certificate.class::cast)
                .toList();
    }
}
