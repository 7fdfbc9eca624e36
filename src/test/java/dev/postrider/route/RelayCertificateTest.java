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
        var made = CertificateAuthority.generate(InstantSource.fixed(NOW))
                .issue(List.of("relay.mail.svc", "127.0.0.1", "::1"), InstantSource.fixed(NOW));
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

    @Test
    void isRenewedInTimeByTheSameAuthority() throws Exception {
        var authority = CertificateAuthority.generate(InstantSource.fixed(NOW));
        var first = authority.issue(List.of("relay.mail.svc"), InstantSource.fixed(NOW));
        Instant later = NOW.plus(Duration.ofDays(306));

        assertThat(first.isDue(InstantSource.fixed(NOW.plus(Duration.ofDays(304))))).isFalse();
        assertThat(first.isDue(InstantSource.fixed(later))).isTrue();
        var second = authority.issue(List.of("relay.mail.svc"), InstantSource.fixed(later));
        assertThat(second.caCertificate()).isEqualTo(first.caCertificate());
        assertThat(second.isDue(InstantSource.fixed(later))).isFalse();
        certificates(second.certificateChain()).getFirst()
                .verify(certificates(first.caCertificate()).getFirst().getPublicKey());
    }

    private static List<X509Certificate> certificates(String pem) throws Exception {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
                .stream()
                .map(X509Certificate.class::cast)
                .toList();
    }
}
