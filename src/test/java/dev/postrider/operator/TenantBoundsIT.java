package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.PostriderApi;
import dev.postrider.operator.installation.Caches;
import dev.postrider.plan.NamespaceBounds;
import dev.postrider.relay.routes.RouteSecrets;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.CertificateBundle;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.Webhook;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.ArrayList;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
        authorities(operator, "ca", pem);
    }

    private static void authorities(RunningOperator operator, String name, String pem) {
        operator.client()
                .resource(new ConfigMapBuilder().withNewMetadata()
                        .withNamespace(operator.tenant())
                        .withName(name)
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

    private static final String NOTICE = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: LicenseExpiryNotice
            metadata: {name: n%d, namespace: $TENANT}
            spec:
              organizationRef: {name: acme}
              license: {name: acme, expiryDate: "2099-01-01"}
              daysBefore: 30
              recipients: [it@acme.example]
            """;

    private static String reason(RunningOperator operator, String notice) {
        LicenseExpiryNotice found = operator.client()
                .resources(LicenseExpiryNotice.class)
                .inNamespace(operator.tenant())
                .withName(notice)
                .get();
        return Stream.ofNullable(found.getStatus())
                .flatMap(status -> Stream.ofNullable(status.conditions()))
                .flatMap(List::stream)
                .filter(condition -> condition.type().equals("Ready"))
                .map(condition -> condition.reason() + ": " + condition.message())
                .findFirst()
                .orElse("");
    }

    @Test
    void noticesBeyondTheBoundAreToldSoUntilAnotherGoes(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api,
                "globalServerPolicy: Optional\nnamespaceLimits: {licenseExpiryNotices: 1}\n")) {
            operator.apply(plain(operator.tenant(), "acme"));
            operator.apply(NOTICE.formatted(1));
            await().untilAsserted(() -> assertThat(reason(operator, "n1")).doesNotContain("Pending"));
            operator.apply(NOTICE.formatted(2));
            await().untilAsserted(() -> assertThat(reason(operator, "n2")).startsWith("TooManyInNamespace: "
                    + "metadata.namespace: namespace \"" + operator.tenant()
                    + "\" has more than 1 LicenseExpiryNotices"));
            assertThat(reason(operator, "n1")).doesNotContain("TooManyInNamespace");
            operator.kubectl("delete", "len", "n1", "-n", "$TENANT");
            await().untilAsserted(
                    () -> assertThat(reason(operator, "n2")).doesNotContain("TooManyInNamespace", "Pending"));
        }
    }

    private static List<String> serversWithRoutes(RunningOperator operator) {
        return Stream.of("s1", "s2")
                .filter(name -> secrets(operator, "server").stream()
                        .anyMatch(route -> route.getMetadata()
                                .getName()
                                .equals(RouteSecret.Kind.SERVER.secretName(new ResourceKey(operator.tenant(), name)))))
                .toList();
    }

    @Test
    void whatIsTooLargeForItsNamespaceLosesItsRouteAndItsBundleUntilThereIsRoom(ApiServer api) throws Exception {
        String first = bundle("first ") + bundle("more ");
        int bundle = CertificateBundle.authorities(first).length();
        assertThat(bundle).isGreaterThan(NamespaceBounds.KEPT);
        try (var operator = new RunningOperator(api,
                "globalServerPolicy: Optional\nnamespaceLimits: {octets: \"%d\"}\n".formatted(bundle + 8_000))) {
            authorities(operator, first);
            authorities(operator, "other", bundle("other ") + bundle("another "));
            operator.apply(SERVER.formatted(1));
            await().untilAsserted(() -> assertThat(serversWithRoutes(operator)).containsExactly("s1"));
            operator.apply(plain(operator.tenant(), "acme"));
            await().untilAsserted(() -> assertThat(secrets(operator, "organization")).hasSize(1));

            operator.apply(SERVER.formatted(2).replace("name: ca}", "name: other}"));
            await().untilAsserted(() -> assertThat(operator.serverCondition(operator.tenant(), "s2", "Ready"))
                    .hasValueSatisfying(ready -> {
                        assertThat(ready.reason()).isEqualTo("TooLargeInNamespace");
                        assertThat(ready.message()).contains("\"" + operator.tenant() + "\"", "namespaceLimits.octets");
                    }));
            await().untilAsserted(() -> {
                assertThat(serversWithRoutes(operator)).containsExactly("s1");
                assertThat(secrets(operator, RouteSecret.AUTHORITIES)).hasSize(1);
            });
            assertThat(secrets(operator, "organization")).hasSize(1);

            operator.kubectl("delete", "ms", "s1", "-n", "$TENANT");
            await().untilAsserted(() -> assertThat(serversWithRoutes(operator)).containsExactly("s2"));
            await().untilAsserted(() -> assertThat(operator.serverCondition(operator.tenant(), "s2", "Ready"))
                    .hasValueSatisfying(ready -> assertThat(ready.reason()).isNotEqualTo("TooLargeInNamespace")));
        }
    }

    private static final int EDITED = Integer.getInteger("postrider.edited", 100);
    private static final Duration SOON = Duration.ofSeconds(2);

    private static String plain(String namespace, String name) {
        return """
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: %s, namespace: %s}
                spec:
                  deletionConfirmation: Delete
                  identity: {from: {address: shop@acme.example}}
                """.formatted(name, namespace);
    }

    /** Changes an organization's address, and so its spec. */
    private static OrganizationMailSettings edit(KubernetesClient client, String namespace, String name,
            String address) {
        return client.resources(OrganizationMailSettings.class)
                .inNamespace(namespace)
                .withName(name)
                .patch(PatchContext.of(PatchType.JSON_MERGE),
                        "{\"spec\":{\"identity\":{\"from\":{\"address\":\"" + address + "\"}}}}");
    }

    private static boolean isSeen(KubernetesClient client, OrganizationMailSettings edited) {
        OrganizationMailSettings now = client.resource(edited).get();
        return now.getStatus() != null
                && Objects.equals(now.getStatus().observedGeneration(), edited.getMetadata().getGeneration());
    }

    @Test
    void aNamespaceThatEditsAllOfItsOrganizationsInALoopDelaysNobodyElse(ApiServer api) throws Exception {
        String evil = api.createNamespace("evil");
        try (var operator = new RunningOperator(api, "globalServerPolicy: Optional\n", api.createNamespace("operator"),
                api.createNamespace("tenant"), evil)) {
            var all = new StringBuilder(plain(operator.tenant(), "victim"));
            all.append("""
                    ---
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: s, namespace: %s}
                    spec: {active: false, deletionConfirmation: Delete, smtp: {host: smtp.evil.example}}
                    """.formatted(evil));
            IntStream.range(0, EDITED)
                    .forEach(i -> all.append(plain(evil, "o" + i)).append("  servers: [{name: s}]\n"));
            operator.apply(all.toString());
            await().atMost(Duration.ofMinutes(3))
                    .until(() -> operator.client()
                            .resources(OrganizationMailSettings.class)
                            .inNamespace(evil)
                            .list()
                            .getItems()
                            .stream()
                            .allMatch(organization -> isSeen(operator.client(), organization)));
            var ends = new AtomicBoolean();
            var edits = new AtomicInteger();
            List<Thread> editors = IntStream.range(0, 4)
                    .mapToObj(editor -> Thread.ofVirtual().start(() -> {
                        for (int i = editor; !ends.get(); i += 4) {
                            edit(operator.client(), evil, "o" + i % EDITED, "a" + i + "@evil.example");
                            // Each change of it wakes all organizations that name it.
                            operator.client()
                                    .resources(MailServer.class)
                                    .inNamespace(evil)
                                    .withName("s")
                                    .patch(PatchContext.of(PatchType.JSON_MERGE),
                                            "{\"spec\":{\"smtp\":{\"port\":" + (1000 + i) + "}}}");
                            edits.incrementAndGet();
                        }
                    }))
                    .toList();
            try {
                await().atMost(Duration.ofMinutes(1)).until(() -> edits.get() > 20);
                List<Duration> times = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    OrganizationMailSettings edited = edit(operator.client(), operator.tenant(), "victim",
                            "v" + i + "@acme.example");
                    long start = System.nanoTime();
                    await().pollInterval(Duration.ofMillis(20)).until(() -> isSeen(operator.client(), edited));
                    times.add(Duration.ofNanos(System.nanoTime() - start));
                }
                System.out.printf("an edit was seen within %s, beside %d edits of another namespace%n", times,
                        edits.get());
                assertThat(times).allSatisfy(time -> assertThat(time).isLessThan(SOON));
            } finally {
                ends.set(true);
                for (Thread editor : editors) {
                    editor.join();
                }
            }
        }
    }

    private static final String SENDER = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: %s, annotations: {postrider.dev/test-send: "%s"}}
            spec: {identity: {from: {address: ceo@bank.example}}, sendingEnabled: %s}
            """;

    /** A loop of requests through the global server, which outlives an operator; mail of others goes on. */
    @Test
    void testsThatAreAskedForInALoopHaveARateAndOnesOfWhomIsSwitchedOffAreNotSent(ApiServer api) throws Exception {
        String namespace = api.createNamespace("operator");
        String attacker = api.createNamespace("attacker");
        String victim = api.createNamespace("victim");
        try (ScriptedSmtpServer global = ScriptedSmtpServer.start()) {
            for (int start = 0; start < 2; start++) {
                try (var operator = new RunningOperator(api, "", namespace, attacker, victim)) {
                    operator.applyGlobalServer(global.port());
                    operator.startRelay();
                    for (int i = 0; i < 8; i++) {
                        operator.apply(SENDER.formatted(attacker, "stranger@example.org " + start + i, true));
                    }
                    await().untilAsserted(
                            () -> assertThat(condition(operator, attacker)).startsWith("TestRateLimited"));
                    operator.apply(SENDER.formatted(victim, "it@victim.example " + start, true));
                    await().untilAsserted(() -> assertThat(condition(operator, victim)).startsWith("Accepted"));
                    assertThat(operator.get("/metrics")).contains(
                            "postrider_test_mails_total{of=\"organization\",outcome=\"accepted\"}");

                    operator.apply(SENDER.formatted(victim, "off@victim.example " + start, false));
                    await().untilAsserted(() -> assertThat(condition(operator, victim)).startsWith("SendingDisabled"));
                }
            }
            // Three at once, and one for each 10 s that this took.
            assertThat(mailsTo(global, "stranger@example.org")).isBetween(3L, 8L);
            assertThat(mailsTo(global, "it@victim.example")).isEqualTo(2);
            assertThat(mailsTo(global, "off@victim.example")).isZero();
        }
    }

    private static String condition(RunningOperator operator, String namespace) {
        return operator.organizationCondition(namespace, "acme", "TestSendSucceeded")
                .map(c -> c.reason() + ": " + c.message())
                .orElse("");
    }

    private static long mailsTo(ScriptedSmtpServer server, String recipient) {
        return server.messages().stream().filter(m -> m.recipients().contains(recipient)).count();
    }

    private static final String OWNED = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: own, namespace: $TENANT}
            spec: {smtp: %s}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec: {servers: [{name: own}], identity: {from: {address: shop@acme.example}}}
            """;

    /** Finalizers were removed by hand while no operator ran. */
    private static void takeAway(RunningOperator operator, String kind, String name) {
        operator.kubectl("patch", kind, name, "-n", "$TENANT", "--type=merge", "-p",
                "{\"metadata\":{\"finalizers\":null}}");
        operator.kubectl("delete", kind, name, "-n", "$TENANT");
    }

    private static String password(RunningOperator operator) {
        Secret binding = operator.client().secrets().inNamespace(operator.tenant()).withName("acme-mail").get();
        return binding == null ? "" : Caches.entry(binding, "password").orElse("");
    }

    private static String routes(RunningOperator operator, String kind) {
        return secrets(operator, kind).stream()
                .map(secret -> Caches.entry(secret, RouteSecret.DATA_KEY).orElse(""))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void whoTakesANameGetsNeitherTheRouteNorThePasswordOfWhoHadIt(ApiServer api) throws Exception {
        String namespace = api.createNamespace("operator");
        String tenant = api.createNamespace("tenant");
        String settings = "globalServerPolicy: Optional\n";
        String password;
        try (var operator = new RunningOperator(api, settings, namespace, tenant)) {
            operator.apply(OWNED.formatted("{host: smtp.victim.example}"));
            await().untilAsserted(() -> assertThat(routes(operator, "server")).contains("smtp.victim.example"));
            await().untilAsserted(() -> assertThat(password(operator)).isNotEmpty());
            password = password(operator);
            operator.process().close();
            takeAway(operator, "ms", "own");
            takeAway(operator, "oms", "acme");
            // Valid it is not, so that the last good route would stay.
            operator.apply(OWNED.formatted("{host: smtp.attacker.example, "
                    + "authentication: {password: {secretRef: {name: missing}}}}"));
        }
        try (var operator = new RunningOperator(api, settings, namespace, tenant)) {
            await().untilAsserted(() -> assertThat(routes(operator, "server")).isEmpty());
            await().untilAsserted(() -> assertThat(password(operator)).isNotEmpty().isNotEqualTo(password));
            String uid = operator.kubectl("get", "oms", "acme", "-n", "$TENANT", "-o", "jsonpath={.metadata.uid}");
            await().untilAsserted(() -> assertThat(routes(operator, "organization")).contains(uid));
            operator.process().close();
            takeAway(operator, "oms", "acme");
        }
        try (var operator = new RunningOperator(api, settings, namespace, tenant)) {
            await().untilAsserted(() -> assertThat(routes(operator, "organization")).isEmpty());
        }
    }
}
