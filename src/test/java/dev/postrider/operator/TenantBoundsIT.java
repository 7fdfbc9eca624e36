package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.PostriderApi;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What one namespace can make the operator write into its own. */
@UsesApiServer
@Tag("isolation")
final class TenantBoundsIT {
    private static final String SERVER = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: s%d, namespace: $TENANT}
            spec:
              deletionConfirmation: Delete
              smtp: {host: smtp.acme.example, tls: {caConfigMapRef: {name: ca}}}
            """;

    private static void authorities(RunningOperator operator, String pem) {
        operator.client()
                .resource(new ConfigMapBuilder().withNewMetadata()
                        .withNamespace(operator.tenant())
                        .withName("ca")
                        .withLabels(Map.of(PostriderApi.CERTIFICATE_AUTHORITIES_LABEL, "true"))
                        .endMetadata()
                        .withData(Map.of("ca.crt", pem))
                        .build())
                .serverSideApply();
    }

    private static List<Secret> secrets(RunningOperator operator, String kind) {
        return operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withLabel(RouteSecret.LABEL, kind)
                .list()
                .getItems();
    }

    /** Some 100 authorities, of which no two are the same. */
    private static String bundle(String name) {
        StringBuilder bundle = new StringBuilder();
        IntStream.range(0, 20).forEach(i -> bundle.append(new TestCertificates(name + i).pem()));
        return bundle.toString();
    }

    @Test
    void aBundleStandsOnceHoweverManyServersNameItAndGoesWithTheLastOfThem(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "globalServerPolicy: Optional\n")) {
            authorities(operator, bundle("first "));
            operator.apply(SERVER.formatted(1) + SERVER.formatted(2) + SERVER.formatted(3));
            await().untilAsserted(() -> assertThat(secrets(operator, "server")).hasSize(3));
            String first = secrets(operator, RouteSecret.AUTHORITIES).getFirst().getMetadata().getName();
            assertThat(secrets(operator, RouteSecret.AUTHORITIES)).hasSize(1);
            assertThat(secrets(operator, "server")).allSatisfy(
                    route -> assertThat(route.getData().get(RouteSecret.DATA_KEY)).hasSizeLessThan(2000));

            authorities(operator, bundle("second "));
            await().untilAsserted(() -> assertThat(secrets(operator, RouteSecret.AUTHORITIES))
                    .singleElement()
                    .extracting(secret -> secret.getMetadata().getName())
                    .isNotEqualTo(first));

            operator.kubectl("delete", "ms", "s1", "s2", "-n", "$TENANT");
            await().untilAsserted(() -> assertThat(secrets(operator, "server")).hasSize(1));
            assertThat(secrets(operator, RouteSecret.AUTHORITIES)).hasSize(1);
            operator.kubectl("delete", "ms", "s3", "-n", "$TENANT");
            await().untilAsserted(() -> assertThat(secrets(operator, RouteSecret.AUTHORITIES)).isEmpty());
        }
    }

    @Test
    void aBundleThatIsTooLargeAndServersBeyondTheBoundAreToldSo(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api,
                "globalServerPolicy: Optional\nnamespaceLimits: {mailServers: 2}\n")) {
            authorities(operator, bundle("any ").repeat(40));
            operator.apply(SERVER.formatted(1));
            await().untilAsserted(() -> assertThat(operator.serverCondition(operator.tenant(), "s1", "Ready"))
                    .hasValueSatisfying(ready -> {
                        assertThat(ready.reason()).isEqualTo("CertificateBundleTooLarge");
                        assertThat(ready.message()).contains("and at most 262144 are taken");
                    }));
            assertThat(secrets(operator, RouteSecret.AUTHORITIES)).isEmpty();

            authorities(operator, bundle("any "));
            operator.apply(SERVER.formatted(2) + SERVER.formatted(3));
            await().untilAsserted(() -> assertThat(operator.serverCondition(operator.tenant(), "s3", "Ready"))
                    .hasValueSatisfying(ready -> {
                        assertThat(ready.status()).isEqualTo(Condition.Status.False);
                        assertThat(ready.reason()).isEqualTo("TooManyInNamespace");
                        assertThat(ready.message()).contains("has more than 2 MailServers");
                    }));
            await().untilAsserted(() -> assertThat(secrets(operator, "server"))
                    .extracting(route -> route.getMetadata().getName())
                    .containsExactlyInAnyOrder(
                            RouteSecret.Kind.SERVER.secretName(new ResourceKey(operator.tenant(), "s1")),
                            RouteSecret.Kind.SERVER.secretName(new ResourceKey(operator.tenant(), "s2"))));
        }
    }
}
