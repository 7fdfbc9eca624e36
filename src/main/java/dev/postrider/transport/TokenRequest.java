package dev.postrider.transport;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.X509CertUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.postrider.route.SigningKey;
import dev.postrider.route.TokenSource;
import dev.postrider.route.TokenSource.ClientCertificate;
import dev.postrider.route.TokenSource.ClientSecret;
import dev.postrider.route.TokenSource.RefreshToken;
import dev.postrider.route.TokenSource.ServiceAccount;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What a token endpoint is sent.
 *
 * @param fields  of the form
 * @param secrets what of it must never be shown
 */
record TokenRequest(Map<String, String> fields, Secrets secrets) {
    private static final Duration ASSERTION_LIFETIME = Duration.ofMinutes(10);

    /**
     * The request for a source.
     *
     * @throws IllegalArgumentException if its key or certificate cannot be read, or does not fit; tells nothing of it
     */
    static TokenRequest of(TokenSource source, Instant now) {
        Map<String, String> fields = new LinkedHashMap<>();
        Secrets secrets = Secrets.none();
        switch (source.grant()) {
            case ClientSecret secret -> {
                fields.put("grant_type", "client_credentials");
                fields.put("client_id", secret.clientId());
                fields.put("client_secret", hidden(secrets, secret.clientSecret()));
            }
            case ClientCertificate certificate -> {
                fields.put("grant_type", "client_credentials");
                fields.put("client_id", certificate.clientId());
                fields.put("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                fields.put("client_assertion", hidden(secrets, assertion(source, certificate, now)));
            }
            case ServiceAccount account -> {
                fields.put("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
                fields.put("assertion", hidden(secrets, assertion(source, account, now)));
            }
            case RefreshToken token -> {
                fields.put("grant_type", "refresh_token");
                fields.put("client_id", token.clientId());
                token.clientSecret().ifPresent(secret -> fields.put("client_secret", hidden(secrets, secret)));
                fields.put("refresh_token", hidden(secrets, token.refreshToken()));
            }
        }
        if (!(source.grant() instanceof ServiceAccount)) {
            source.scopes().ifPresent(scopes -> fields.put("scope", scopes));
        }
        return new TokenRequest(fields, secrets);
    }

    /** As Microsoft documents it in "Microsoft identity platform application authentication certificate credentials". */
    private static String assertion(TokenSource source, ClientCertificate client, Instant now) {
        PrivateKey key = SigningKey.read(client.privateKey());
        Base64URL thumbprint = X509CertUtils.computeSHA256Thumbprint(SigningKey.certificate(client.certificate()));
        JWTClaimsSet claims = claims(now).audience(source.endpoint())
                .issuer(client.clientId())
                .subject(client.clientId())
                .notBeforeTime(Date.from(now))
                .jwtID(UUID.randomUUID().toString())
                .build();
        try {
            JWSSigner signer = key instanceof ECPrivateKey curve ? new ECDSASigner(curve) : new RSASSASigner(key);
            JWSAlgorithm algorithm = key instanceof ECPrivateKey
                    ? signer.supportedJWSAlgorithms().iterator().next()
                    : JWSAlgorithm.PS256;
            return signed(new JWSHeader.Builder(algorithm).x509CertSHA256Thumbprint(thumbprint), claims, signer);
        } catch (JOSEException e) {
            throw unusable(e);
        }
    }

    /** As Google documents it in "Using OAuth 2.0 for Server to Server Applications". */
    private static String assertion(TokenSource source, ServiceAccount account, Instant now) {
        JWTClaimsSet claims = claims(now).audience(source.endpoint())
                .issuer(account.account())
                .subject(account.subject())
                .claim("scope", source.scopes().orElse(""))
                .build();
        try {
            return signed(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(account.keyId()), claims,
                    new RSASSASigner(SigningKey.read(account.privateKey())));
        } catch (JOSEException e) {
            throw unusable(e);
        }
    }

    private static JWTClaimsSet.Builder claims(Instant now) {
        return new JWTClaimsSet.Builder().issueTime(Date.from(now))
                .expirationTime(
                        Date.from(now.plus(ASSERTION_LIFETIME)));
    }

    private static String signed(JWSHeader.Builder header, JWTClaimsSet claims, JWSSigner signer)
            throws JOSEException {
        SignedJWT jwt = new SignedJWT(header.type(JOSEObjectType.JWT).build(), claims);
        jwt.sign(signer);
        return jwt.serialize();
    }

    private static IllegalArgumentException unusable(JOSEException failure) {
        return new IllegalArgumentException(
                "holds a key that cannot sign (" + failure.getClass().getSimpleName() + ")");
    }

    /** An endpoint that quotes what it got may quote it as it came. */
    private static String hidden(Secrets secrets, String value) {
        secrets.and(URLEncoder.encode(value, StandardCharsets.UTF_8));
        return secrets.and(value);
    }

    /** As {@code application/x-www-form-urlencoded}. */
    String form() {
        return fields.entrySet()
                .stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    @Override
    public String toString() {
        return "TokenRequest[" + fields.keySet() + "]";
    }
}
