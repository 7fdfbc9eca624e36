package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.operator.installation.InstallationSecrets;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;

@UsesApiServer
final class GivenCertificateIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String HOST = "mail.example.com";
    private static final String SETTINGS = "relay: {bindingHost: " + HOST
            + ", certificate: {secretName: relay-certificate}}";

    @Test
    void theRelayGetsTheCertificateOfTheSecretAndKeepsItWhileANewOneWillNotDo(ApiServer api) throws Exception {
        TestCertificates authority = new TestCertificates("Somebody's authority");
        TestCertificates.Server first = authority.server(HOST);
        TestCertificates.Server second = authority.server(HOST);
        String namespace = api.createNamespace("operator");
        String tenant = api.createNamespace("tenant");
        try (var operator = new RunningOperator(api, SETTINGS, namespace, tenant)) {
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(chain(operator)).as("for want of another").isNotEmpty());
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(events(operator)).contains(
                            "InvalidCertificate: there is no Secret relay-certificate with the label postrider.dev/credentials=true"));

            write(operator, first.certificate(), first.privateKey(), authority.pem());
            await().atMost(SOON).untilAsserted(() -> assertThat(chain(operator)).isEqualTo(first.certificate()));
            assertThat(decoded(kept(operator), "ca.crt")).isEqualTo(authority.pem());

            write(operator, second.certificate(), first.privateKey(), authority.pem());
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(events(operator)).contains(
                            "Secret relay-certificate (relay.certificate.secretName): tls.key is not the key of the first "
                                    + "certificate in tls.crt; the relay keeps the certificate that it has"));
            assertThat(chain(operator)).isEqualTo(first.certificate());

            write(operator, second.certificate(), second.privateKey(), authority.pem());
            await().atMost(SOON).untilAsserted(() -> assertThat(chain(operator)).isEqualTo(second.certificate()));
        }
        write(api, namespace, "damaged", "damaged", authority.pem());
        try (var again = new RunningOperator(api, SETTINGS, namespace, tenant)) {
            await().atMost(SOON).untilAsserted(() -> assertThat(events(again)).contains("tls.crt: it holds no"));
            assertThat(chain(again)).as("after a new start").isEqualTo(second.certificate());
        }
        try (var own = new RunningOperator(api, "", namespace, tenant)) {
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(chain(own)).isNotEmpty().isNotEqualTo(second.certificate()));
        }
    }

    private static void write(RunningOperator operator, String chain, String key, String authority) {
        operator.client().resource(secret(operator.namespace(), chain, key, authority)).createOr(r -> r.update());
    }

    private static void write(ApiServer api, String namespace, String chain, String key, String authority) {
        api.client().resource(secret(namespace, chain, key, authority)).createOr(r -> r.update());
    }

    private static Secret secret(String namespace, String chain, String key, String authority) {
        return new SecretBuilder().withNewMetadata()
                .withNamespace(namespace)
                .withName("relay-certificate")
                .withLabels(Map.of("postrider.dev/credentials", "true"))
                .endMetadata()
                .withType("kubernetes.io/tls")
                .withStringData(Map.of("tls.crt", chain, "tls.key", key, "ca.crt", authority))
                .build();
    }

    /** As the relay gets it; empty before it does. */
    private static String chain(RunningOperator operator) {
        Secret route = operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withName(RouteSecret.Kind.RELAY
                        .secretName(new ResourceKey(operator.namespace(), "postrider-settings")))
                .get();
        return route == null
                ? ""
                : RouteJson.read(decoded(route, RouteSecret.DATA_KEY), RelayRoute.class).certificate();
    }

    private static Secret kept(RunningOperator operator) {
        return operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withName(InstallationSecrets.CERTIFICATE)
                .require();
    }

    private static String events(RunningOperator operator) {
        return operator.kubectl("get", "events", "-n", "$OPERATOR", "-o",
                "jsonpath={range .items[*]}{.reason}: {.message}{\"\\n\"}{end}");
    }

    private static String decoded(Secret secret, String key) {
        return new String(Base64.getDecoder().decode(secret.getData().get(key)), StandardCharsets.US_ASCII);
    }
}
