package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.SignedJWT;
import dev.postrider.route.TokenSource;
import dev.postrider.route.TokenSource.ClientCertificate;
import dev.postrider.route.TokenSource.RefreshToken;
import dev.postrider.route.TokenSource.ServiceAccount;
import dev.postrider.testing.ScriptedTokenEndpoint;
import dev.postrider.testing.TestCertificates;
import java.security.MessageDigest;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each grant sends to a stand-in for the token endpoint, held against what Microsoft and Google document. */
@Tag("upstreams")
final class TokenGrantsTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server RSA = CA.rsa("client");
    private static final TestCertificates.Server CURVE = CA.server("client");

    private Instant now = NOW;
    private final AccessTokens tokens = new AccessTokens(() -> now, Duration.ofSeconds(5), true);
    private final ScriptedTokenEndpoint endpoint = ScriptedTokenEndpoint.start();

    @AfterEach
    void stop() {
        endpoint.close();
    }

    private TokenSource source(String scopes, TokenSource.Grant grant) {
        return new TokenSource(endpoint.url(), Optional.of(scopes).filter(s -> !s.isEmpty()), grant);
    }

    @ParameterizedTest
    @CsvSource({"true, PS256", "false, ES256"})
    void aCertificateSignsTheAssertionThatMicrosoftDocuments(boolean rsa, String algorithm) throws Exception {
        TestCertificates.Server client = rsa ? RSA : CURVE;
        String token = tokens.token(source("https://outlook.office365.com/.default",
                new ClientCertificate("client-1", client.certificate() + CA.pem(), client.privateKey())),
                LoopbackUpstreams.POLICY);

        assertThat(token).isEqualTo("t1");
        Map<String, String> form = endpoint.requests().getFirst();
        assertThat(form).containsEntry("grant_type", "client_credentials")
                .containsEntry("client_id", "client-1")
                .containsEntry("scope", "https://outlook.office365.com/.default")
                .containsEntry("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .hasSize(5);
        SignedJWT jwt = SignedJWT.parse(form.get("client_assertion"));
        assertThat(jwt.verify(verifier(client))).isTrue();
        assertThat(jwt.getHeader().toJSONObject()).isEqualTo(Map.of("alg", algorithm, "typ", "JWT", "x5t#S256",
                Base64URL.encode(MessageDigest.getInstance("SHA-256").digest(client.x509().getEncoded()))
                        .toString()));
        assertThat(jwt.getJWTClaimsSet().toJSONObject()).containsEntry("aud", endpoint.url())
                .containsEntry("iss", "client-1")
                .containsEntry("sub", "client-1")
                .containsEntry("iat", NOW.getEpochSecond())
                .containsEntry("nbf", NOW.getEpochSecond())
                .containsEntry("exp", NOW.getEpochSecond() + 600)
                .containsKey("jti")
                .hasSize(7);
    }

    private static JWSVerifier verifier(TestCertificates.Server client) throws Exception {
        return switch (client.x509().getPublicKey()) {
            case RSAPublicKey key -> new RSASSAVerifier(key);
            case ECPublicKey key -> new ECDSAVerifier(key);
            default -> throw new IllegalStateException();
        };
    }

    @Test
    void aServiceAccountSignsTheAssertionThatGoogleDocuments() throws Exception {
        tokens.token(source("https://mail.google.com/",
                new ServiceAccount("relay@acme.iam.gserviceaccount.com", "key-1", RSA.privateKey(),
                        "shop@acme.example")),
                LoopbackUpstreams.POLICY);

        Map<String, String> form = endpoint.requests().getFirst();
        assertThat(form).containsEntry("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer").hasSize(2);
        SignedJWT jwt = SignedJWT.parse(form.get("assertion"));
        assertThat(jwt.verify(verifier(RSA))).isTrue();
        assertThat(jwt.getHeader().toJSONObject()).isEqualTo(Map.of("alg", "RS256", "typ", "JWT", "kid", "key-1"));
        assertThat(jwt.getJWTClaimsSet().toJSONObject()).isEqualTo(Map.of("iss", "relay@acme.iam.gserviceaccount.com",
                "sub", "shop@acme.example", "scope", "https://mail.google.com/", "aud", endpoint.url(), "iat",
                NOW.getEpochSecond(), "exp", NOW.getEpochSecond() + 600));
    }

    @Test
    void aRefreshTokenIsUsedAndTheNewerOneThatComesWithAToken() throws RefusedException {
        TokenSource source = source("", new RefreshToken("client-1", Optional.of("s3cret"), "refresh-1"));
        endpoint.answer(200, "{\"access_token\":\"a\",\"expires_in\":600,\"refresh_token\":\"refresh-2\"}");
        tokens.token(source, LoopbackUpstreams.POLICY);
        now = now.plusSeconds(600);
        endpoint.answer(200, "{\"access_token\":\"b\",\"expires_in\":600}");
        tokens.token(source, LoopbackUpstreams.POLICY);
        now = now.plusSeconds(600);
        tokens.token(source, LoopbackUpstreams.POLICY);

        assertThat(endpoint.requests()).isEqualTo(List.of(refresh("refresh-1"), refresh("refresh-2"),
                refresh("refresh-2")));
    }

    private static Map<String, String> refresh(String token) {
        return Map.of("grant_type", "refresh_token", "client_id", "client-1", "client_secret", "s3cret",
                "refresh_token", token);
    }

    @Test
    void aNewerRefreshTokenThatIsRefusedGivesWayToTheDeclaredOne() throws RefusedException {
        TokenSource source = source("mail", new RefreshToken("public-1", Optional.empty(), "refresh-1"));
        endpoint.answer(200, "{\"access_token\":\"a\",\"expires_in\":600,\"refresh_token\":\"refresh-2\"}");
        tokens.token(source, LoopbackUpstreams.POLICY);
        now = now.plusSeconds(600);
        endpoint.answer(400,
                "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been revoked: refresh-2\"}");
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source, LoopbackUpstreams.POLICY))
                .withMessageContaining("Token has been revoked: ***; the refresh token is no longer good");
        endpoint.answer(200, "");
        tokens.token(source, LoopbackUpstreams.POLICY);

        assertThat(endpoint.requests()).extracting(form -> form.get("refresh_token"))
                .containsExactly("refresh-1", "refresh-2", "refresh-1");
        assertThat(endpoint.requests()).allSatisfy(form -> assertThat(form).doesNotContainKey("client_secret")
                .containsEntry("scope", "mail"));
    }

    @Test
    void aKeyThatCannotBeReadIsToldWithoutAskingAnybody() {
        TokenSource source = source("mail",
                new ClientCertificate("client-1", RSA.certificate(), "-----BEGIN PRIVATE KEY-----\nAAAA\n"));
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source, LoopbackUpstreams.POLICY))
                .withMessageContaining("was not asked: the Secret holds no readable private key in PEM");
        assertThat(endpoint.requests()).isEmpty();
    }

    @Test
    void nothingSecretIsInATextOfAGrant() {
        RefreshToken refresh = new RefreshToken("client-1", Optional.of("s3cret"), "refresh-1");
        ServiceAccount account = new ServiceAccount("relay@acme.example", "key-1", RSA.privateKey(), "shop");
        ClientCertificate certificate = new ClientCertificate("client-1", RSA.certificate(), RSA.privateKey());
        for (TokenSource.Grant grant : List.of(refresh, account, certificate)) {
            assertThat(source("mail", grant).toString()).doesNotContain("s3cret", "refresh-1", "PRIVATE");
            assertThat(TokenRequest.of(source("mail", grant), NOW).toString()).doesNotContain("s3cret", "refresh-1",
                    "eyJ");
        }
    }
}
