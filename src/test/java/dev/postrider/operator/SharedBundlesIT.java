package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.operator.kit.Shard;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FaultyApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Bundles of authorities, which several operators write and delete, and of which caches tell in any order. */
@UsesApiServer
final class SharedBundlesIT {
    private static final TestCertificates CA = new TestCertificates("Shared CA");

    /** Its route names the bundle. */
    private static final String ORGANIZATION = """
            apiVersion: v1
            kind: Secret
            metadata: {name: events, namespace: $TENANT, labels: {postrider.dev/credentials: "true"}}
            stringData: {signing-key: whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: shop@acme.example}}
              events:
                webhook:
                  url: https://events.acme.example/
                  signingSecretRef: {name: events}
                  tls: {caConfigMapRef: {name: authorities}}
            """;

    private static void declareAuthorities(RunningOperator operator, String namespace) {
        operator.kubectl("create", "configmap", "authorities", "-n", namespace, "--from-literal=ca.crt=" + CA.pem());
        operator.kubectl("label", "configmap", "authorities", "-n", namespace,
                "postrider.dev/certificate-authorities=true");
    }

    private static List<Secret> secrets(RunningOperator operator, String kind) {
        return operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withLabel(RouteSecret.LABEL, kind)
                .list()
                .getItems();
    }

    /** Waits until there is the bundle, and no more than that. */
    private static Secret awaitBundle(RunningOperator operator) {
        await().untilAsserted(() -> assertThat(secrets(operator, RouteSecret.AUTHORITIES)).hasSize(1));
        return secrets(operator, RouteSecret.AUTHORITIES).getFirst();
    }

    private static void deleteAndAwaitAnother(RunningOperator operator) {
        Secret before = awaitBundle(operator);
        operator.client().resource(before).delete();
        await().untilAsserted(() -> assertThat(secrets(operator, RouteSecret.AUTHORITIES)).singleElement()
                .satisfies(now -> assertThat(now.getMetadata().getUid())
                        .isNotEqualTo(before.getMetadata().getUid())));
    }

    /** As where there are many organizations: the bundles are in their cache before the routes of organizations are. */
    @Test
    void anOperatorStartsWhereBundlesAreReadBeforeOrganizationsAndWritesAgainWhatAnotherDeletes(ApiServer api)
            throws Exception {
        try (var before = new RunningOperator(api, "globalServerPolicy: Optional\n");
                var between = FaultyApiServer.before(api)) {
            declareAuthorities(before, "$TENANT");
            before.apply(ORGANIZATION);
            await().untilAsserted(() -> assertThat(secrets(before, "organization")).hasSize(1));
            before.process().close();

            between.slowBy(Duration.ofSeconds(1), "/organizationmailsettings");
            try (var restarted = RunningOperator.ofShard(api, between.config(), Shard.ONLY, InstantSource.system(),
                    before.namespace())) {
                between.recover();
                deleteAndAwaitAnother(restarted);
                // The first may have been missed by what is planned once at each start, this one by nothing else.
                deleteAndAwaitAnother(restarted);
            }
        }
    }

    private static boolean isTrue(Optional<Condition> condition) {
        return condition.filter(found -> found.status() == Condition.Status.True).isPresent();
    }

    /** Two watches tell of both, and none waits for the other. */
    @Test
    void aRouteOfAnotherShardThatComesBeforeItsBundleIsReadAsSoonAsThatIsThere(ApiServer api) throws Exception {
        String namespace = api.createNamespace("operator");
        Shard other = new Shard(1 - Shard.holding(namespace, 2).index(), 2);
        String tenant = Stream.generate(() -> api.createNamespace("tenant"))
                .filter(other::holds)
                .findFirst()
                .orElseThrow();
        try (var upstream = ScriptedSmtpServer.start();
                var before = new RunningOperator(api, "", namespace, tenant)) {
            upstream.startTls(CA.server("localhost"));
            declareAuthorities(before, "$OPERATOR");
            before.apply("""
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: global, namespace: $OPERATOR}
                    spec:
                      scope: Global
                      smtp: {host: localhost, port: %d, tls: {caConfigMapRef: {name: authorities}}}
                      test: {recipient: postmaster@example.com}
                    """.formatted(upstream.port()));
            before.startRelay();
            await().until(() -> isTrue(before.serverCondition(namespace, "global", "Ready"))
                    && isTrue(before.serverCondition(namespace, "global", "RelayAvailable")));
            before.process().close();
            Secret bundle = awaitBundle(before);
            before.client().resource(bundle).delete();

            try (var _ = RunningOperator.ofShard(api, Config.fromKubeconfig(api.kubeconfig().toFile()), other,
                    InstantSource.system(), namespace)) {
                before.apply("""
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: acme, namespace: $TENANT}
                        spec: {identity: {from: {address: shop@acme.example}}}
                        """);
                await().until(() -> before.organizationCondition("acme", "Ready"),
                        ready -> ready.filter(found -> found.status() != Condition.Status.True).isPresent());

                before.client()
                        .resource(new SecretBuilder(bundle).editMetadata()
                                .withResourceVersion(null)
                                .withUid(null)
                                .endMetadata()
                                .build())
                        .create();

                await().until(() -> isTrue(before.organizationCondition("acme", "Ready")));
            }
        }
    }
}
