package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.operator.installation.InstallationSecrets;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@UsesApiServer
final class CertificateRenewalIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @Test
    void anOperatorThatRunsForAYearRenewsTheRelaysCertificateInTime(ApiServer api) throws Exception {
        Instant start = Instant.now();
        var clock = new AtomicReference<>(start);
        try (var operator = RunningOperator.withClock(api, clock::get)) {
            await().atMost(SOON).until(() -> route(operator) != null);
            Secret first = certificate(operator);
            assertThat(end(first)).isBetween(start.plus(Duration.ofDays(364)), start.plus(Duration.ofDays(366)));

            clock.set(start.plus(Duration.ofDays(310)));
            // In place of an hour's wait: it looks again when its settings change.
            operator.kubectl("annotate", "configmap", "postrider-settings", "-n", "$OPERATOR", "looked=again");

            await().atMost(SOON).until(() -> !certificate(operator).getData().equals(first.getData()));
            Secret renewed = certificate(operator);
            assertThat(end(renewed)).isAfter(start.plus(Duration.ofDays(600)));
            assertThat(renewed.getData().get("ca.crt")).as("what applications trust")
                    .isEqualTo(first.getData().get("ca.crt"));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(certificateChain(operator))
                            .isEqualTo(decoded(renewed, "tls.crt")));
        }
    }

    private static @Nullable Secret route(RunningOperator operator) {
        return operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withName(RouteSecret.Kind.RELAY
                        .secretName(new ResourceKey(operator.namespace(), "postrider-settings")))
                .get();
    }

    private static String certificateChain(RunningOperator operator) {
        return RouteJson.read(decoded(Objects.requireNonNull(route(operator)), RouteSecret.DATA_KEY), RelayRoute.class)
                .certificate();
    }

    private static Secret certificate(RunningOperator operator) {
        return operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withName(InstallationSecrets.CERTIFICATE)
                .require();
    }

    private static Instant end(Secret secret) throws Exception {
        return ((X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(
                        decoded(secret, "tls.crt").getBytes(StandardCharsets.US_ASCII))))
                .getNotAfter()
                .toInstant();
    }

    private static String decoded(Secret secret, String key) {
        return new String(Base64.getDecoder().decode(secret.getData().get(key)), StandardCharsets.US_ASCII);
    }
}
