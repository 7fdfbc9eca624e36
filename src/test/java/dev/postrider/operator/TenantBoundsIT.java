package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.PostriderApi;
import dev.postrider.relay.routes.RouteSecrets;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.CertificateBundle;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.Webhook;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Base64;
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

    private static final String ORGANIZATION = """
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: events, namespace: $TENANT, labels: {postrider.dev/credentials: "true"}}
            stringData: {signing-key: whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              deletionConfirmation: Delete
              identity: {from: {address: shop@acme.example}}
              events:
                webhook:
                  url: https://events.acme.example/
                  signingSecretRef: {name: events}
                  tls: {caConfigMapRef: {name: ca}}
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

    /** The route of an organization names its bundle as those of servers do, and the relay finds it. */
    @Test
    void aBundleOfAWebhookIsThatOfTheServers(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "globalServerPolicy: Optional\n")) {
            String pem = bundle("shared ");
            String kept = CertificateBundle.authorities(pem);
            authorities(operator, pem);
            operator.apply(SERVER.formatted(1) + ORGANIZATION);
            ResourceKey key = new ResourceKey(operator.tenant(), "acme");
            Routes routes = new Routes();
            try (var _ = RouteSecrets.watch(operator.client(), operator.namespace(), routes)) {
                await().untilAsserted(() -> assertThat(routes.organization(key)).hasValueSatisfying(
                        route -> assertThat(route.webhook()
                                .flatMap(Webhook::tls)
                                .flatMap(TlsSettings::certificateAuthorities)).contains(kept)));
            }
            await().untilAsserted(() -> assertThat(secrets(operator, "server")).hasSize(1));
            assertThat(secrets(operator, RouteSecret.AUTHORITIES)).hasSize(1);
            assertThat(secrets(operator, "organization")).singleElement()
                    .satisfies(
                            route -> assertThat(route.getData().get(RouteSecret.DATA_KEY)).hasSizeLessThan(4000));

            operator.kubectl("delete", "ms", "s1", "-n", "$TENANT");
            await().untilAsserted(() -> assertThat(secrets(operator, "server")).isEmpty());
            assertThat(secrets(operator, RouteSecret.AUTHORITIES)).hasSize(1);
            operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=json", "-p",
                    "[{\"op\":\"remove\",\"path\":\"/spec/events/webhook/tls\"}]");
            await().untilAsserted(() -> assertThat(secrets(operator, RouteSecret.AUTHORITIES)).isEmpty());
        }
    }

    private static final String LINKS = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: files, namespace: %s}
            spec:
              deletionConfirmation: Delete
              identity: {from: {address: files@acme.example}}
              links: {host: "%s"}
              limits: {whenTooLarge: Link}
            """;

    private static String linksOf(RunningOperator operator, String namespace) {
        return operator.organizationCondition(namespace, "files", "Ready").map(Condition::reason).orElse("") + " "
                + secrets(operator, "organization").stream()
                        .map(route -> new String(Base64.getDecoder().decode(route.getData().get(RouteSecret.DATA_KEY)),
                                StandardCharsets.UTF_8))
                        .filter(route -> route.contains("\"" + namespace + "\""))
                        .map(route -> route.replaceAll(".*\"host\":\"(links[^\"]*)\".*", "$1"))
                        .findFirst()
                        .orElse("-");
    }

    @Test
    void aHostOfLinksIsOfTheNamespaceThatHasLinksThereFirst(ApiServer api) throws Exception {
        String evil = api.createNamespace("evil");
        String shop = api.createNamespace("shop");
        try (var operator = new RunningOperator(api,
                "globalServerPolicy: Optional\nrelay: {links: {enabled: true, sharedHosts: [links.example.com]}}\n",
                InstantSource.system(), api.createNamespace("operator"), shop, evil)) {
            operator.apply(LINKS.formatted(evil, "links.evil.example"));
            await().untilAsserted(() -> assertThat(linksOf(operator, evil)).endsWith(" links.evil.example"));
            operator.apply(LINKS.formatted(shop, "links.shop.example"));
            await().untilAsserted(() -> assertThat(linksOf(operator, shop)).endsWith(" links.shop.example"));

            operator.apply(LINKS.formatted(evil, "LINKS.shop.example:8443/evil"));
            await().untilAsserted(
                    () -> assertThat(linksOf(operator, evil)).isEqualTo("LinkHostTaken links.evil.example"));
            operator.apply(LINKS.formatted(shop, "links.example.com"));
            await().untilAsserted(() -> assertThat(linksOf(operator, shop)).endsWith(" links.example.com"));
            await().untilAsserted(
                    () -> assertThat(linksOf(operator, evil)).endsWith(" links.shop.example:8443/evil"));
            operator.apply(LINKS.formatted(evil, "links.example.com"));
            await().untilAsserted(() -> assertThat(linksOf(operator, evil)).endsWith(" links.example.com"));
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

            // Where one goes, the next is planned anew, long before all are.
            operator.kubectl("delete", "ms", "s1", "-n", "$TENANT");
            await().untilAsserted(() -> assertThat(secrets(operator, "server"))
                    .extracting(route -> route.getMetadata().getName())
                    .containsExactlyInAnyOrder(
                            RouteSecret.Kind.SERVER.secretName(new ResourceKey(operator.tenant(), "s2")),
                            RouteSecret.Kind.SERVER.secretName(new ResourceKey(operator.tenant(), "s3"))));
        }
    }
}
