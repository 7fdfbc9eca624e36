package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.testing.TestCertificates;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("upstreams")
final class CertificateBundleTest {
    private static final String ONE = new TestCertificates("One").pem();
    private static final TestCertificates TWO = new TestCertificates("Two");
    private static final int LINES = (int) ONE.lines().count();

    @Test
    void severalCertificatesMayHaveCommentsBetween() throws InvalidPemException {
        assertThat(CertificateBundle.parse("# the first\n" + ONE + "\n\n  # the second\r\n"
                + TWO.pem().replace("\n", "\r\n"))).extracting(c -> c.getSubjectX500Principal().getName())
                .containsExactly("CN=One", "CN=Two");
    }

    static Stream<Arguments> bad() {
        String begin = "-----BEGIN CERTIFICATE-----\n";
        String end = "-----END CERTIFICATE-----\n";
        return Stream.of(Arguments.of("", "it holds no \"-----BEGIN CERTIFICATE-----\""),
                Arguments.of("# nothing\n", "it holds no"), Arguments.of("hello", "line 1 is neither part"),
                Arguments.of(ONE + "garbage\n" + TWO.pem(),
                        "line " + (LINES + 1) + " is neither part of a certificate nor a comment (#), after "
                                + "certificate 1"),
                Arguments.of(ONE.replace(end, "") + TWO.pem(),
                        "the certificate that begins in line 1 has no \"-----END CERTIFICATE-----\" before line "
                                + LINES),
                Arguments.of(ONE + TWO.pem().replace(end, ""),
                        "the certificate that begins in line " + (LINES + 1) + " has no"),
                Arguments.of(ONE + begin + "Zm9v\n" + end,
                        "certificate 2, which begins in line " + (LINES + 1) + ", cannot be read: it is no X.509"),
                Arguments.of(begin + "*foo*\n" + end, "certificate 1, which begins in line 1, cannot be read: it is no "
                        + "base64"),
                Arguments.of(ONE + TWO.privateKey(), "begins something else than a certificate: private key"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void whatIsWrongIsToldWithItsLine(String pem, String message) {
        assertThatThrownBy(() -> CertificateBundle.parse(pem)).isInstanceOf(InvalidPemException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aFingerprintMayBeWrittenInSeveralWays() {
        String canonical = CertificateBundle.fingerprint(TWO.x509());
        assertThat(canonical).matches("([0-9A-F]{2}:){31}[0-9A-F]{2}");
        assertThat(Stream.of(canonical, canonical.replace(":", ""), canonical.toLowerCase(Locale.ROOT)))
                .allSatisfy(form -> assertThat(CertificateBundle.canonical(form)).isEqualTo(canonical));
    }
}
