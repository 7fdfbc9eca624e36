package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.testing.TestCertificates;
import java.io.IOException;
import java.io.StringWriter;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("upstreams")
final class ClientCertificateTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server OWN = CA.server("client");

    @Test
    void aKeyFitsItsCertificate() throws InvalidPemException {
        assertThat(new ClientCertificate(OWN.certificate() + CA.pem(), OWN.privateKey()).matches()).isTrue();
        assertThat(new ClientCertificate(CA.server("other").certificate(), OWN.privateKey()).matches()).isFalse();
        assertThat(new ClientCertificate(CA.pem() + OWN.certificate(), OWN.privateKey()).matches())
                .as("the first certificate counts")
                .isFalse();
    }

    /** PKCS #1 and SEC 1, as OpenSSL writes them by tradition, and cert-manager by default. */
    static Stream<Arguments> forms() throws Exception {
        KeyPair rsa = keys("RSA");
        KeyPair ec = keys("EC");
        return Stream.of(Arguments.of("BEGIN RSA PRIVATE KEY", pem(rsa.getPrivate()), "RSA"),
                Arguments.of("BEGIN EC PRIVATE KEY", sec1(ec), "EC"),
                Arguments.of("BEGIN PRIVATE KEY", pem(new JcaPKCS8Generator(rsa.getPrivate(), null)), "RSA"),
                Arguments.of("BEGIN EC PARAMETERS",
                        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                                + sec1(ec),
                        "EC"));
    }

    private static KeyPair keys(String algorithm) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(algorithm.equals("RSA") ? 2048 : 256);
        return generator.generateKeyPair();
    }

    /** As OpenSSL writes it, with the public key (RFC 5915). */
    private static String sec1(KeyPair ec) throws IOException {
        return pem(new PemObject("EC PRIVATE KEY",
                new ECPrivateKey(256, ((java.security.interfaces.ECPrivateKey) ec.getPrivate()).getS(),
                        SubjectPublicKeyInfo.getInstance(ec.getPublic().getEncoded()).getPublicKeyData(),
                        SECObjectIdentifiers.secp256r1).getEncoded()));
    }

    private static String pem(Object object) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void aKeyMayHaveAnyOfItsForms(String begin, String pem, String algorithm) throws InvalidPemException {
        assertThat(pem).contains(begin);
        assertThat(new ClientCertificate("", pem).key().getAlgorithm()).isIn(algorithm, "ECDSA");
    }

    static Stream<String> encrypted() throws IOException {
        return Stream.of(
                pem(new PemObject("ENCRYPTED PRIVATE KEY",
                        new EncryptedPrivateKeyInfo(new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBES2),
                                new byte[]{1, 2, 3}).getEncoded())),
                """
                        -----BEGIN RSA PRIVATE KEY-----
                        Proc-Type: 4,ENCRYPTED
                        DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF

                        AAAAAAAAAAAAAAAAAAAAAA==
                        -----END RSA PRIVATE KEY-----
                        """);
    }

    @ParameterizedTest
    @MethodSource("encrypted")
    void anEncryptedKeyIsSaidToBeOne(String pem) {
        assertThatThrownBy(() -> new ClientCertificate("", pem).key()).isInstanceOf(InvalidPemException.class)
                .hasMessageContaining("it is encrypted")
                .hasMessageContaining("openssl pkey");
    }

    @Test
    void whatIsNoKeyIsNotQuoted() {
        for (String junk : new String[]{"", "s3cret", OWN.certificate(),
                "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n",
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\ns3cret"}) {
            assertThatThrownBy(() -> new ClientCertificate("", junk).key()).as(junk)
                    .isInstanceOf(InvalidPemException.class)
                    .message()
                    .doesNotContain("s3cret", "czNjcmV0");
        }
        assertThat(new ClientCertificate(OWN.certificate(), OWN.privateKey())).asString().doesNotContain("BEGIN");
    }

    @Test
    void aRouteCarriesAllOfItAndShowsNoSecret() {
        Endpoint.Smtp smtp = new Endpoint.Smtp("mail.example.com", 465, Endpoint.Security.TLS,
                new TlsSettings("TLSv1.3", Optional.of("mx"), Optional.empty(),
                        Optional.of(new ClientCertificate(OWN.certificate(), OWN.privateKey())),
                        TlsSettings.Verification.FULL, List.of("AA:BB")),
                true,
                Optional.of(new Proxy(Proxy.Type.SOCKS5, "proxy", 1080,
                        Optional.of(new Login.Password("me", "proxy-secret")))),
                Optional.of("ehlo.example.com"), Duration.ofSeconds(1), Duration.ofSeconds(2),
                Duration.ofSeconds(3), Duration.ofSeconds(4), 5, Optional.empty());
        assertThat(RouteJson.read(RouteJson.write(smtp), Endpoint.class)).isEqualTo(smtp);
        assertThat(smtp.toString()).doesNotContain("proxy-secret", "PRIVATE");
    }

    /** A relay of this version may start while the routes are still those of the operator before it. */
    @Test
    void aRouteOfAnEarlierVersionIsRead() {
        String earlier = """
                {"protocol":"smtp","certificateAuthorities":null,"connectTimeout":"PT1M","host":"mail.example.com",
                "login":null,"maxConnections":10,"port":587,"replyTimeout":"PT5M","security":"STARTTLS"}""";
        Endpoint.Smtp read = (Endpoint.Smtp) RouteJson.read(earlier, Endpoint.class);
        assertThat(read.tls()).isEqualTo(TlsSettings.DEFAULT);
        assertThat(read.proxy()).isEmpty();
        assertThat(read.ehloName()).isEmpty();
    }
}
