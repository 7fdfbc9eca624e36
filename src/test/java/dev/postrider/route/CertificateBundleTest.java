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

    @Test
    void textMayStandBetweenAsInTheBundleOfCurl() throws InvalidPemException {
        assertThat(CertificateBundle.parse("""
                ##
                ## Bundle of CA Root Certificates
                ##

                GlobalSign Root CA
                ==================
                """ + ONE + """

                Certificate:
                    Data:
                        Serial Number: 6a:6f:ea
                        Issuer: CN=Two
                """ + TWO.pem() + "That was all.\n")).extracting(c -> c.getSubjectX500Principal().getName())
                .containsExactly("CN=One", "CN=Two");
    }

    static Stream<Arguments> bad() {
        String begin = "-----BEGIN CERTIFICATE-----\n";
        String end = "-----END CERTIFICATE-----\n";
        return Stream.of(Arguments.of("", "it holds no \"-----BEGIN CERTIFICATE-----\""),
                Arguments.of("# nothing\n", "it holds no"), Arguments.of("hello", "it holds no"),
                Arguments.of(ONE + end + TWO.pem(), "line " + (LINES + 1) + " is a marker that does not belong to "
                        + "another: \"-----END CERTIFICATE-----\", after certificate 1"),
                Arguments.of(ONE + TWO.pem().replace("-----BEGIN", "---- BEGIN"),
                        "line " + (LINES + 1) + " is a marker that does not belong to another: \"---- BEGIN"),
                Arguments.of(ONE + TWO.pem().replace(begin, ""),
                        "line " + (LINES + 1) + " looks like part of a certificate that has no \"-----BEGIN"),
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
