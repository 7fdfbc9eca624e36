package dev.postrider.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.api.Authentication;
import dev.postrider.api.Reason;
import dev.postrider.api.SecretReference;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.SigningKey;
import dev.postrider.route.TokenSource;
import dev.postrider.route.TokenSource.Grant;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Turns how a MailServer declares to get access tokens, with what its Secret holds, into a source of them. */
final class TokenSources {
    private static final String FIELD = "spec.smtp.authentication.oauth2";
    private static final String EXCHANGE_ONLINE = "https://outlook.office365.com/.default";
    private static final String GMAIL = "https://mail.google.com/";
    private static final JsonMapper JSON = new JsonMapper();

    private final Credentials credentials;
    private final List<Problem> problems;

    TokenSources(Credentials credentials, List<Problem> problems) {
        this.credentials = credentials;
        this.problems = problems;
    }

    /**
     * The source; empty when something is wrong, and then the problems are recorded.
     *
     * @param host the server that the tokens are shown to
     */
    Optional<TokenSource> of(Authentication.OAuth2 declared, String host) {
        if (secrets(declared).count() != 1) {
            return wrong(FIELD, "exactly one of secretRef, certificateSecretRef, serviceAccountSecretRef and "
                    + "refreshTokenSecretRef must be set");
        }
        if (declared.serviceAccountSecretRef() != null) {
            return serviceAccount(declared, declared.serviceAccountSecretRef(), host);
        }
        String endpoint = declared.tokenEndpoint();
        if (endpoint == null) {
            return wrong(FIELD + ".tokenEndpoint",
                    "is required; only the key file of a service account names its own");
        }
        Optional<List<String>> hosts = hosts(endpoint, host);
        if (hosts.isEmpty()) {
            return wrong(FIELD + ".tokenEndpoint", "\"%s\" is no https URL with a host".formatted(endpoint));
        }
        Optional<Grant> grant = declared.secretRef() != null
                ? clientSecret(FIELD, declared.secretRef(), hosts.get())
                : declared.certificateSecretRef() != null
                        ? clientCertificate(FIELD, declared.certificateSecretRef(), hosts.get())
                        : Optional.ofNullable(declared.refreshTokenSecretRef())
                                .flatMap(secret -> refreshToken(secret, hosts.get()));
        Optional<String> usual = declared.refreshTokenSecretRef() == null
                ? Optional.of(EXCHANGE_ONLINE)
                : Optional.empty();
        return grant.map(by -> new TokenSource(endpoint, Optional.ofNullable(declared.scopes()).or(() -> usual), by));
    }

    /**
     * An application with a client secret; empty when something is wrong, and then the problems are recorded.
     *
     * @param field the one that has the field secretRef
     * @param hosts that the secret goes to
     */
    Optional<Grant> clientSecret(String field, SecretReference secret, List<String> hosts) {
        return credentials.read(field + ".secretRef", secret.name(), hosts, "client-id", "client-secret")
                .map(v -> new TokenSource.ClientSecret(v.get(0), v.get(1)));
    }

    /**
     * An application with a certificate; empty when something is wrong, and then the problems are recorded.
     *
     * @param parent the field that has the field certificateSecretRef
     * @param hosts  that what the key signs goes to
     */
    Optional<Grant> clientCertificate(String parent, SecretReference secret, List<String> hosts) {
        String field = parent + ".certificateSecretRef";
        Optional<List<String>> values = credentials.read(field, secret.name(), hosts, "client-id", "tls.crt",
                "tls.key");
        if (values.isEmpty()) {
            return Optional.empty();
        }
        String certificate = values.get().get(1);
        String key = values.get().get(2);
        var x509 = readable(field, secret, "tls.crt", () -> SigningKey.certificate(certificate));
        var privateKey = readable(field, secret, "tls.key", () -> SigningKey.read(key));
        if (x509.isEmpty() || privateKey.isEmpty()) {
            return Optional.empty();
        }
        if (!SigningKey.belongTogether(privateKey.get(), x509.get().getPublicKey())) {
            return invalid(field, "key \"tls.key\" of Secret \"%s\" does not belong to the certificate in tls.crt (%s)"
                    .formatted(secret.name(), x509.get().getSubjectX500Principal()));
        }
        return Optional.of(new TokenSource.ClientCertificate(values.get().getFirst(), certificate, key));
    }

    private Optional<Grant> refreshToken(SecretReference secret, List<String> hosts) {
        String field = FIELD + ".refreshTokenSecretRef";
        return credentials.read(field, secret.name(), hosts, "client-id", "refresh-token")
                .flatMap(v -> credentials.has(secret.name(), "client-secret")
                        ? credentials.read(field, secret.name(), hosts, "client-secret")
                                .map(s -> new TokenSource.RefreshToken(v.get(0), Optional.of(s.getFirst()), v.get(1)))
                        : Optional.of(new TokenSource.RefreshToken(v.get(0), Optional.empty(), v.get(1))));
    }

    /** What "Create and manage service account keys" of Google Cloud downloads. */
    private Optional<TokenSource> serviceAccount(Authentication.OAuth2 declared, SecretReference secret, String host) {
        String field = FIELD + ".serviceAccountSecretRef";
        Optional<String> file = credentials.text(field, secret.name(), "key.json");
        if (file.isEmpty()) {
            return Optional.empty();
        }
        JsonNode json = json(file.get());
        for (String member : List.of("client_email", "private_key_id", "private_key")) {
            if (json.path(member).asText("").isEmpty()) {
                return invalid(field,
                        ("key \"key.json\" of Secret \"%s\" is not the key file of a service account: it is no "
                                + "JSON object with %s; download one in the Google Cloud console")
                                .formatted(secret.name(),
                                        member));
            }
        }
        String key = json.path("private_key").asText();
        Optional<PrivateKey> privateKey = readable(field, secret, "key.json", () -> SigningKey.read(key));
        if (privateKey.isEmpty()) {
            return Optional.empty();
        }
        if (!(privateKey.get() instanceof RSAPrivateKey)) {
            return invalid(field, "key \"key.json\" of Secret \"%s\" holds a key that is not RSA".formatted(
                    secret.name()));
        }
        String endpoint = Optional.ofNullable(declared.tokenEndpoint()).orElse(json.path("token_uri").asText(""));
        Optional<List<String>> hosts = hosts(endpoint, host);
        if (hosts.isEmpty()) {
            return declared.tokenEndpoint() != null
                    ? wrong(FIELD + ".tokenEndpoint", "\"%s\" is no https URL with a host".formatted(endpoint))
                    : invalid(field,
                            ("token_uri in key \"key.json\" of Secret \"%s\" is no https URL with a host; correct it, "
                                    + "or set tokenEndpoint").formatted(secret.name()));
        }
        return credentials.read(field, secret.name(), hosts.get(), "key.json")
                .map(_ -> new TokenSource(endpoint, Optional.of(Optional.ofNullable(declared.scopes()).orElse(GMAIL)),
                        new TokenSource.ServiceAccount(json.path("client_email").asText(),
                                json.path("private_key_id").asText(), key, declared.user())));
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    private <T> Optional<T> readable(String field, SecretReference secret, String key, Supplier<T> reading) {
        try {
            return Optional.of(reading.get());
        } catch (IllegalArgumentException e) {
            return invalid(field, "key \"%s\" of Secret \"%s\" %s".formatted(key, secret.name(), e.getMessage()));
        }
    }

    /** The hosts that the credentials go to: the token endpoint's, and the server's; empty if the first has none. */
    private static Optional<List<String>> hosts(String endpoint, String host) {
        try {
            URI uri = new URI(endpoint);
            return "https".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null && uri.getUserInfo() == null
                    ? Optional.of(List.of(uri.getHost(), host))
                    : Optional.empty();
        } catch (URISyntaxException _) {
            return Optional.empty();
        }
    }

    private <T> Optional<T> wrong(String field, String message) {
        problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, field, message));
        return Optional.empty();
    }

    private <T> Optional<T> invalid(String field, String message) {
        problems.add(new Problem(Area.SECRETS, Reason.SecretValueInvalid, field, message));
        return Optional.empty();
    }

    /** The Secret that a source names; more than one, or none, only where the schema's rule was not applied. */
    static Stream<SecretReference> secrets(Authentication.OAuth2 declared) {
        return Stream
                .of(Optional.ofNullable(declared.secretRef()), Optional.ofNullable(declared.certificateSecretRef()),
                        Optional.ofNullable(declared.serviceAccountSecretRef()),
                        Optional.ofNullable(declared.refreshTokenSecretRef()))
                .flatMap(Optional::stream);
    }
}
