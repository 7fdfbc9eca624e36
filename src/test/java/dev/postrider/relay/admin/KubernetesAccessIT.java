package dev.postrider.relay.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postrider.access.Decision;
import dev.postrider.access.Outcome;
import dev.postrider.access.TokenReviews;
import dev.postrider.relay.admin.Access.Verb;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Roles about {@code queues.postrider.dev} decide, at a real API server. */
@UsesApiServer
@Tag("relay")
final class KubernetesAccessIT {
    private static final String ROLE = """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: queue, namespace: $NAMESPACE}
            rules:
              - {apiGroups: [postrider.dev], resources: [queues], verbs: [$VERBS]}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: queue, namespace: $NAMESPACE}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: queue}
            subjects:
              - {kind: ServiceAccount, name: postmaster, namespace: $NAMESPACE}
            """;

    private ApiServer api;
    private KubernetesClient client;
    private String namespace;
    private String other;
    private Instant now = Instant.now();
    private KubernetesAccess access;

    @BeforeEach
    void start(ApiServer given) {
        api = given;
        client = api.newClient();
        namespace = api.createNamespace("shop");
        other = api.createNamespace("other");
        api.kubectl("create", "serviceaccount", "postmaster", "-n", namespace);
        access = new KubernetesAccess(new TokenReviews(client, () -> now));
    }

    @AfterEach
    void stop() {
        client.close();
    }

    private void role(String verbs) {
        var result = api.kubectlWithInput(ROLE.replace("$NAMESPACE", namespace).replace("$VERBS", verbs), "apply", "-f",
                "-");
        assertThat(result.exitCode()).as(result.toString()).isZero();
    }

    private String token(String... audiences) {
        TokenRequest request = new TokenRequestBuilder().withNewSpec()
                .withAudiences(audiences)
                .withExpirationSeconds(600L)
                .endSpec()
                .build();
        return client.serviceAccounts()
                .inNamespace(namespace)
                .withName("postmaster")
                .tokenRequest(request)
                .getStatus()
                .getToken();
    }

    private Outcome decide(String token, Verb verb, String in) throws IOException {
        return access.decide(token, verb, Optional.of(new ResourceKey(in, "orders"))).outcome();
    }

    @Test
    void aRoleInTheOrganizationsNamespaceIsEnoughThereAndNowhereElse() throws Exception {
        role("get");
        for (String token : new String[]{token(), token(TokenReviews.AUDIENCE)}) {
            assertThat(decide(token, Verb.GET, namespace)).isEqualTo(Outcome.ALLOWED);
            assertThat(decide(token, Verb.UPDATE, namespace)).isEqualTo(Outcome.FORBIDDEN);
            assertThat(decide(token, Verb.GET, other)).isEqualTo(Outcome.FORBIDDEN);
            assertThat(access.decide(token, Verb.GET, Optional.empty()))
                    .isEqualTo(new Decision(Outcome.FORBIDDEN,
                            "system:serviceaccount:" + namespace + ":postmaster"));
        }
    }

    @Test
    void withoutARoleNothingIsAllowed() throws Exception {
        assertThat(decide(token(), Verb.GET, namespace)).isEqualTo(Outcome.FORBIDDEN);
    }

    @Test
    void aTokenForSomebodyElseIsNotKnown() throws Exception {
        role("get");
        assertThat(decide(token("vault.example.com"), Verb.GET, namespace)).isEqualTo(Outcome.UNKNOWN);
        assertThat(decide("made-up", Verb.GET, namespace)).isEqualTo(Outcome.UNKNOWN);
        String[] parts = token().split("[.]", -1);
        String[] others = token("vault.example.com").split("[.]", -1);
        assertThat(decide(parts[0] + "." + parts[1] + "." + others[2], Verb.GET, namespace))
                .as("signed for another text")
                .isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    @Tag("isolation")
    void metricsAreForWhoeverMayGetThatPath() throws Exception {
        role("get");
        assertThat(access.metrics(token()).outcome()).isEqualTo(Outcome.FORBIDDEN);
        assertThat(access.metrics("made-up").outcome()).isEqualTo(Outcome.UNKNOWN);
        api.kubectl("create", "clusterrole", namespace, "--verb=get", "--non-resource-url=/metrics");
        api.kubectl("create", "clusterrolebinding", namespace, "--clusterrole=" + namespace,
                "--serviceaccount=" + namespace + ":postmaster");
        await().untilAsserted(() -> {
            now = now.plus(TokenReviews.LIFETIME);
            assertThat(access.metrics(token()).outcome()).isEqualTo(Outcome.ALLOWED);
        });
    }

    @Test
    void anAnswerHoldsForTenSeconds() throws Exception {
        role("get");
        String token = token();
        assertThat(decide(token, Verb.GET, namespace)).isEqualTo(Outcome.ALLOWED);
        api.kubectl("delete", "rolebinding", "queue", "-n", namespace);

        now = now.plusSeconds(9);
        assertThat(decide(token, Verb.GET, namespace)).isEqualTo(Outcome.ALLOWED);
        now = now.plusSeconds(1);
        await().untilAsserted(() -> {
            now = now.plus(TokenReviews.LIFETIME);
            assertThat(decide(token, Verb.GET, namespace)).isEqualTo(Outcome.FORBIDDEN);
        });
    }

    @Test
    void nothingIsAllowedWhileTheApiServerIsNotToBeAsked() throws Exception {
        String token = token();
        Config nobody = new ConfigBuilder(Config.fromKubeconfig(api.kubeconfig().toFile())).withOauthToken(token)
                .withAutoOAuthToken(null)
                .build();
        try (var powerless = new KubernetesClientBuilder().withConfig(nobody).build()) {
            assertThatThrownBy(() -> new KubernetesAccess(new TokenReviews(powerless, InstantSource.system())).decide(
                    token, Verb.GET,
                    Optional.empty())).isInstanceOf(IOException.class)
                    .hasMessageContaining("it needs to create tokenreviews and subjectaccessreviews");
        }
        Config gone = new ConfigBuilder().withMasterUrl("http://127.0.0.1:1").withRequestRetryBackoffLimit(0).build();
        try (var unreachable = new KubernetesClientBuilder().withConfig(gone).build()) {
            assertThatThrownBy(() -> new KubernetesAccess(new TokenReviews(unreachable, InstantSource.system())).decide(
                    token, Verb.GET,
                    Optional.empty())).isInstanceOf(IOException.class)
                    .hasMessageContaining("the API server does not say who you are");
        }
    }
}
