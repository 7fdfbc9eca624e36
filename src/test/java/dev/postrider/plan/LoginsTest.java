package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.TokenSource.ClientCertificate;
import dev.postrider.route.TokenSource.RefreshToken;
import dev.postrider.route.TokenSource.ServiceAccount;
import dev.postrider.testing.TestCertificates;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a MailServer declares of its login, and what the Secrets hold, comes to a login or to one clear problem. */
@Tag("upstreams")
final class LoginsTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server CLIENT = CA.rsa("client");
    private static final TestCertificates.Server OTHER = CA.rsa("other");
    private static final TestCertificates.Server CURVE = CA.server("curve");
    private static final String ENDPOINT = "tokenEndpoint: \"https://login.example.com/token\"";
    private static final String ENCRYPTED = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIIBDjBJBgkqhkiG9w0BBQ0wPDAbBgkqhkiG9w0BBQwwDgQIAAAAAAAAAAACAggA
            MB0GCWCGSAFlAwQBAgQQAAAAAAAAAAAAAAAAAAAAAASBwAAAAAAAAAAAAAAAAAAA
            -----END ENCRYPTED PRIVATE KEY-----
            """;

    private static String text(String value) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(value)) + "\"";
    }

    private static String keyFile(String privateKey, String tokenUri) {
        return "{\"type\": \"service_account\", \"client_email\": \"relay@acme.iam.gserviceaccount.com\", "
                + "\"private_key_id\": \"key-1\", \"private_key\": " + text(privateKey) + ", \"token_uri\": "
                + text(tokenUri) + "}";
    }

    private static MailServerPlan plan(String authentication, String hosts, String data) {
        GoldenWorld world = new GoldenWorld("""
                kind: Secret
                metadata: {name: login, namespace: acme, labels: {postrider.dev/credentials: "true"}%s}
                stringData: {%s}
                ---
                kind: MailServer
                metadata: {name: own, namespace: acme, generation: 1}
                spec:
                  smtp:
                    host: smtp.example.com
                    authentication: {%s}
                """.formatted(hosts.isEmpty() ? "" : ", annotations: {postrider.dev/hosts: " + text(hosts) + "}", data,
                authentication));
        return MailServerPlan.of(world.servers.values().iterator().next(), world, TestNews.none());
    }

    private static Login login(MailServerPlan plan) {
        return ((Endpoint.Smtp) plan.route().orElseThrow().endpoint()).login().orElseThrow();
    }

    static List<Arguments> good() {
        String secret = "{name: login}";
        String client = "client-id: c, client-secret: s3cret";
        String certificate = "client-id: c, tls.crt: " + text(CLIENT.certificate() + CA.pem()) + ", tls.key: "
                + text(CLIENT.privateKey());
        String account = "key.json: " + text(keyFile(CLIENT.privateKey(), "https://oauth2.example.com/token"));
        return List.of(
                Arguments.of("password: {secretRef: %s}".formatted(secret), "smtp.example.com",
                        "username: u, password: p", "Password[user=u]"),
                Arguments.of("password: {secretRef: %s, mechanisms: [SCRAM-SHA-256, NTLM], realm: acme}"
                        .formatted(secret), "", "username: u, password: p",
                        "Password[user=u, mechanisms=[SCRAM_SHA_256, NTLM], realm=acme]"),
                Arguments.of("popBeforeSmtp: {secretRef: %s}".formatted(secret), "smtp.example.com",
                        "username: u, password: p",
                        "PopBeforeSmtp[server=smtp.example.com:995, security=TLS, user=u, delay=5s, rememberFor=10m]"),
                Arguments.of("popBeforeSmtp: {host: pop.example.com, security: None, delay: 0s, rememberFor: 1h, "
                        + "secretRef: %s}".formatted(secret), "pop.example.com", "username: u, password: p",
                        "PopBeforeSmtp[server=pop.example.com:110, security=NONE, user=u, delay=0ms, rememberFor=1h]"),
                Arguments.of("submitter: {}", "", "username: u, password: p", "Submitter[rememberFor=5m]"),
                Arguments.of("submitter: {mechanisms: [PLAIN, LOGIN], realm: acme, rememberFor: 0s, testSecretRef: %s}"
                        .formatted(secret), "smtp.example.com", "username: u, password: p",
                        "Submitter[rememberFor=0ms, mechanisms=[PLAIN, LOGIN], realm=acme]"),
                Arguments.of("oauth2: {%s, user: m, secretRef: %s}".formatted(ENDPOINT, secret),
                        "login.example.com, smtp.example.com", client,
                        "OAuth2[user=m, tokens=TokenSource[endpoint=https://login.example.com/token, "
                                + "scopes=Optional[https://outlook.office365.com/.default], "
                                + "grant=ClientSecret[clientId=c]]]"),
                Arguments.of("oauth2: {%s, user: m, mechanism: OAUTHBEARER, scopes: mail, certificateSecretRef: %s}"
                        .formatted(ENDPOINT, secret), "login.example.com, smtp.example.com", certificate,
                        "OAuth2[user=m, tokens=TokenSource[endpoint=https://login.example.com/token, "
                                + "scopes=Optional[mail], grant=ClientCertificate[clientId=c]], "
                                + "mechanisms=[OAUTHBEARER]]"),
                Arguments.of("oauth2: {user: m, serviceAccountSecretRef: %s}".formatted(secret),
                        "oauth2.example.com, smtp.example.com", account,
                        "OAuth2[user=m, tokens=TokenSource[endpoint=https://oauth2.example.com/token, "
                                + "scopes=Optional[https://mail.google.com/], "
                                + "grant=ServiceAccount[account=relay@acme.iam.gserviceaccount.com, subject=m]]]"),
                Arguments.of("oauth2: {%s, user: m, refreshTokenSecretRef: %s}".formatted(ENDPOINT, secret), "",
                        "client-id: c, refresh-token: r3fresh",
                        "OAuth2[user=m, tokens=TokenSource[endpoint=https://login.example.com/token, "
                                + "scopes=Optional.empty, grant=RefreshToken[clientId=c]]]"));
    }

    @ParameterizedTest
    @MethodSource("good")
    void aWayToLogInComesToALogin(String authentication, String hosts, String data, String login) {
        assertThat(login(plan(authentication, hosts, data))).hasToString(login);
    }

    static List<Arguments> bad() {
        String certificate = "oauth2: {%s, user: m, certificateSecretRef: {name: login}}".formatted(ENDPOINT);
        String account = "oauth2: {user: m, serviceAccountSecretRef: {name: login}}";
        String field = "SecretValueInvalid: spec.smtp.authentication.oauth2.";
        return List.of(
                Arguments.of(certificate, "", "client-id: c, tls.crt: " + text(CLIENT.certificate()) + ", tls.key: "
                        + text(OTHER.privateKey()),
                        field + "certificateSecretRef: key \"tls.key\" of Secret \"login\" does "
                                + "not belong to the certificate in tls.crt (CN=client)"),
                Arguments.of(certificate, "", "client-id: c, tls.crt: " + text(CLIENT.certificate()) + ", tls.key: "
                        + text(ENCRYPTED), field + "certificateSecretRef: key \"tls.key\" of Secret \"login\" holds"),
                Arguments.of(certificate, "", "client-id: c, tls.crt: no, tls.key: no",
                        field + "certificateSecretRef: key \"tls.crt\" of Secret \"login\" holds no certificate in PEM; "
                                + "spec.smtp.authentication.oauth2.certificateSecretRef: key \"tls.key\" of Secret "
                                + "\"login\" holds no BEGIN PRIVATE KEY"),
                Arguments.of(certificate, "login.example.com", "client-id: c, tls.crt: x, tls.key: x",
                        "HostNotAllowed: spec.smtp.authentication.oauth2.certificateSecretRef: Secret \"login\" may be sent "
                                + "only to login.example.com (annotation postrider.dev/hosts), not to \"smtp.example.com\""),
                Arguments.of(account, "", "key.json: \"[]\"", field
                        + "serviceAccountSecretRef: key \"key.json\" of Secret "
                        + "\"login\" is not the key file of a service account: it is no JSON object with client_email; "
                        + "download one in the Google Cloud console"),
                Arguments.of(account, "", "key.json: " + text(keyFile("no key", "https://oauth2.example.com/token")),
                        field + "serviceAccountSecretRef: key \"key.json\" of Secret \"login\" holds no BEGIN PRIVATE KEY"),
                Arguments.of(account, "", "key.json: "
                        + text(keyFile(CURVE.privateKey(), "https://oauth2.example.com/token")),
                        field + "serviceAccountSecretRef: key \"key.json\" of Secret \"login\" holds a key that is not RSA"),
                Arguments.of(account, "",
                        "key.json: " + text(keyFile(CLIENT.privateKey(), "http://oauth2.example.com/")),
                        field + "serviceAccountSecretRef: token_uri in key \"key.json\" of Secret \"login\" is no https URL "
                                + "with a host; correct it, or set tokenEndpoint"),
                Arguments.of(account, "oauth2.googleapis.com, smtp.example.com",
                        "key.json: " + text(keyFile(CLIENT.privateKey(), "https://evil.example.com/token")),
                        "HostNotAllowed: spec.smtp.authentication.oauth2.serviceAccountSecretRef: Secret \"login\" may be "
                                + "sent only to oauth2.googleapis.com, smtp.example.com (annotation postrider.dev/hosts), "
                                + "not to \"evil.example.com\""),
                Arguments.of("oauth2: {%s, user: m, refreshTokenSecretRef: {name: login}}".formatted(ENDPOINT), "",
                        "client-id: c, refresh-token: r, client-secret: \"\"",
                        "SecretValueEmpty: spec.smtp.authentication.oauth2.refreshTokenSecretRef: key \"client-secret\" of "
                                + "Secret \"login\" is empty"),
                Arguments.of("oauth2: {user: m, secretRef: {name: login}}", "", "client-id: c, client-secret: s",
                        "InvalidSpec: spec.smtp.authentication.oauth2.tokenEndpoint: is required; only the key file of a "
                                + "service account names its own"),
                Arguments.of("popBeforeSmtp: {host: pop.example.com, secretRef: {name: login}}", "smtp.example.com",
                        "username: u, password: p", "HostNotAllowed: spec.smtp.authentication.popBeforeSmtp.secretRef: "
                                + "Secret \"login\" may be sent only to smtp.example.com (annotation "
                                + "postrider.dev/hosts), not to \"pop.example.com\""),
                Arguments.of("popBeforeSmtp: {secretRef: {name: login}}, password: {secretRef: {name: login}}", "",
                        "username: u, password: p", "InvalidSpec: spec.smtp.authentication: exactly one of password, "
                                + "popBeforeSmtp, oauth2 and submitter must be set"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void whatIsWrongIsOneClearCondition(String authentication, String hosts, String data, String message) {
        MailServerPlan plan = plan(authentication, hosts, data);

        assertThat(plan.route()).isEmpty();
        assertThat(plan.status().conditions()).filteredOn(condition -> condition.type().equals("Ready"))
                .singleElement()
                .satisfies(ready -> assertThat(ready.reason() + ": " + ready.message()).startsWith(message)
                        .doesNotContain("PRIVATE KEY-----"));
    }

    @Test
    void theKeysAreWhatTheSecretHolds() {
        String key = CLIENT.privateKey();
        Login.OAuth2 account = (Login.OAuth2) login(
                plan("oauth2: {user: m, serviceAccountSecretRef: {name: login}}", "",
                        "key.json: " + text(keyFile(key, "https://oauth2.example.com/token"))));
        Login.OAuth2 certificate = (Login.OAuth2) login(
                plan("oauth2: {%s, user: m, certificateSecretRef: {name: login}}".formatted(ENDPOINT), "",
                        "client-id: c, tls.crt: " + text(CLIENT.certificate()) + ", tls.key: " + text(key)));
        Login.OAuth2 refresh = (Login.OAuth2) login(
                plan("oauth2: {%s, user: m, refreshTokenSecretRef: {name: login}}".formatted(ENDPOINT), "",
                        "client-id: c, refresh-token: r, client-secret: s"));

        assertThat(account.tokens().grant())
                .isEqualTo(new ServiceAccount("relay@acme.iam.gserviceaccount.com", "key-1", key, "m"));
        assertThat(certificate.tokens().grant()).isEqualTo(new ClientCertificate("c", CLIENT.certificate(), key));
        assertThat(refresh.tokens().grant()).isEqualTo(new RefreshToken("c", Optional.of("s"), "r"));
    }
}
