package dev.postrider.operator.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.route.RelayCertificate;
import dev.postrider.testing.TestCertificates;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GivenCertificateTest {
    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
    private static final TestCertificates AUTHORITY = new TestCertificates("Test authority");
    private static final TestCertificates.Server SERVER = server("mail.example.com");
    private static final TestCertificates.Server OTHER = server("other.example.com");

    private static TestCertificates.Server server(String name) {
        return AUTHORITY.server(NOW.minus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(90)), name);
    }

    @Test
    void isTakenWithItsAuthorityWhereTheSecretHasOne() {
        assertThat(GivenCertificate.of(secret(SERVER.certificate(), SERVER.privateKey(), AUTHORITY.pem()),
                "mail.example.com", InstantSource.fixed(NOW)))
                .isEqualTo(new RelayCertificate(AUTHORITY.pem(), SERVER.certificate(), SERVER.privateKey()));
        assertThat(GivenCertificate.of(secret(SERVER.certificate(), SERVER.privateKey(), ""), "mail.example.com",
                InstantSource.fixed(NOW)).caCertificate()).isEmpty();
    }

    @Test
    void mayBeForAllHostsOfADomain() {
        TestCertificates.Server wildcard = server("*.example.com");

        assertThat(GivenCertificate.of(secret(wildcard.certificate(), wildcard.privateKey(), ""), "mail.example.com",
                InstantSource.fixed(NOW)).certificateChain()).isEqualTo(wildcard.certificate());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            none    | none  | it has no key "tls.crt"; it has no key "tls.key"
            server  | none  | it has no key "tls.key"
            garbage | key   | tls.crt: it holds no "-----BEGIN CERTIFICATE-----"
            server  | garbage | tls.key: it is no private key in PEM (BEGIN PRIVATE KEY, BEGIN RSA PRIVATE KEY or BEGIN EC PRIVATE KEY)
            server  | other | tls.key is not the key of the first certificate in tls.crt
            old     | key   | its certificate is not valid any more; tls.key is not the key of the first certificate in tls.crt
            other   | other | its certificate is not for mail.example.com, which applications call the relay by (relay.bindingHost)
            """)
    void tellsAllThatIsWrong(String chain, String key, String problems) {
        Secret secret = secret(switch (chain) {
            case "server" -> SERVER.certificate();
            case "other" -> OTHER.certificate();
            case "old" -> AUTHORITY.server(NOW.minus(Duration.ofDays(9)), NOW.minus(Duration.ofDays(1)),
                    "mail.example.com").certificate();
            case "garbage" -> "hello";
            default -> "";
        }, switch (key) {
            case "key" -> SERVER.privateKey();
            case "other" -> OTHER.privateKey();
            case "garbage" -> "hello";
            default -> "";
        }, AUTHORITY.pem());

        assertThatThrownBy(() -> GivenCertificate.of(secret, "mail.example.com", InstantSource.fixed(NOW)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(problems);
    }

    private static Secret secret(String chain, String key, String authority) {
        Map<String, String> data = new TreeMap<>();
        put(data, "tls.crt", chain);
        put(data, "tls.key", key);
        put(data, "ca.crt", authority);
        return new SecretBuilder().withNewMetadata().withName("relay-tls").endMetadata().withData(data).build();
    }

    private static void put(Map<String, String> data, String key, String value) {
        if (!value.isEmpty()) {
            data.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.US_ASCII)));
        }
    }
}
