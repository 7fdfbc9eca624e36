package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.GoldenFiles;
import dev.postrider.testing.KubernetesBinaries;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chart: what it renders, that a real API server takes it, and what its rules let through. */
@UsesApiServer
final class ChartIT {
    private static final Path HELM = KubernetesBinaries.ofThisMachine().helm();
    private static final String CHART = "helm/postrider";

    @TempDir
    static Path home;

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            default          | crds.install=false
            watch-namespaces | crds.install=false,watchNamespaces={acme,globex},trustedNamespaces={mail},replicas=2
            monitored        | crds.install=false,serviceMonitor.enabled=true,prometheusRule.enabled=true,grafanaDashboard.enabled=true,extraLabels.team=mail
            database         | crds.install=false,replicas=2,relay.queue.url=postgresql://db/queue,relay.queue.secretName=db,relay.autoscaling.enabled=true,relay.priorityClassName=high,relay.nodeSelector.disk=fast
            certificate      | crds.install=false,relay.bindingHost=mail.example.com,relay.certificate.secretName=relay-tls,relay.certificate.issuerRef.name=letsencrypt,relay.certificate.issuerRef.kind=ClusterIssuer
            default-server   | crds.install=false,defaultServer.secretName=smtp-login,defaultServer.senderAddress=postmaster@company.example,defaultServer.testRecipient=postmaster@company.example
            shards           | crds.install=false,operator.shards=3,replicas=2,serviceMonitor.enabled=true
            license-alerts   | crds.install=false,prometheusRule.enabled=true,prometheusRule.labels.release=prometheus
            """)
    void rendersWhatTheReviewerSees(String name, String values) {
        var rendered = template("postrider-system", values).replaceAll("\n{2,}", "\n");

        GoldenFiles.check(Path.of("src/test/resources/chart", name + ".yaml"), rendered, getClass());
    }

    @Test
    void rendersTheValuesThatItsPageShowsForAPostgresWithAStandby() throws Exception {
        Matcher shown = Pattern.compile("```yaml\n(relay:\n.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of(CHART, "README.md")));
        assertThat(shown.find()).isTrue();
        Path values = Files.writeString(home.resolve("shown.yaml"), shown.group(1));

        var result = helm(Map.of(), "template", "postrider", CHART, "-f", values.toString());

        assertThat(result.exitCode()).as(result.err()).isZero();
        String url = "postgresql://postrider-queue-rw:5432/postrider?targetServerType=primary";
        assertThat(result.out()).contains(url);
        assertThat(new PostgresLocation(url, Optional.empty()).name())
                .isEqualTo("database postrider-queue-rw:5432/postrider");
    }

    @Test
    void isCleanByHelmsOwnCheck() {
        var result = helm(Map.of(), "lint", "--strict", CHART);

        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            globalServerPolicy=Sometimes | globalServerPolicy
            relay.storage.size=big       | size
            relay.received.most=0        | most
            watchNamespaces={Acme}       | watchNamespaces
            prometheusRule.licenseDaysLeft=0 | licenseDaysLeft
            replica=2                    | replica
            operator.shards=0            | shards
            operator.shards=17           | shards
            microsoftGraph.loginEndpoint=http://example.com | loginEndpoint
            relay.replicas=2             | a queue in a file serves one relay: set relay.queue.url
            relay.queue.url=mysql://db/q | url
            relay.queue.url=postgresql://db-1\\,\\,db-2/q | url
            relay.autoscaling.enabled=true | a queue in a file serves one relay: set relay.queue.url
            tests.from=nobody            | from
            defaultServer.security=SSL   | security
            relay.queue.url=postgresql://db/queue | relay.queue.url needs relay.queue.secretName
            relay.links.enabled=true,relay.queue.url=postgresql://db/queue,relay.queue.secretName=db | needs relay.links.s3
            relay.links.enabled=true,relay.links.s3.endpoint=https://s3.example.com | relay.links.s3.bucket
            relay.links.s3.endpoint=https://user@s3.example.com | endpoint
            """)
    void refusesValuesThatMeanNothing(String value, String named) {
        var result = helm(Map.of(), "template", "postrider", CHART, "--set", value);

        assertThat(result.exitCode()).isNotZero();
        assertThat(result.err()).contains(named);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            replicas=1
            watchNamespaces={default},trustedNamespaces={kube-public},replicas=2
            relay.replicas=3,relay.queue.url=postgresql://db/queue,relay.queue.secretName=db
            operator.shards=16,replicas=2
            relay.links.enabled=true,relay.links.s3.endpoint=https://s3.example.com,relay.links.s3.bucket=mail,relay.links.s3.secretName=s3
            relay.autoscaling.enabled=true,relay.queue.url=postgresql://db/queue,relay.queue.secretName=db
            grafanaDashboard.enabled=true,extraLabels.team=mail,topologySpreadConstraints[0].maxSkew=1,topologySpreadConstraints[0].topologyKey=zone,topologySpreadConstraints[0].whenUnsatisfiable=ScheduleAnyway,topologySpreadConstraints[0].labelSelector.matchLabels.app=x
            """)
    void everyObjectIsTakenByTheApiServer(String values, ApiServer server) {
        var namespace = server.createNamespace("chart");

        var result = server.kubectlWithInput(template(namespace, values), "apply", "--server-side",
                "--force-conflicts", "--validate=strict", "--dry-run=server", "-f", "-");

        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines()).hasSizeGreaterThan(12)
                .allMatch(line -> line.endsWith("serverside-applied (server dry run)"));
    }

    @ParameterizedTest(name = "{0}: {1} {2} in {3} namespace: {4}")
    @CsvSource(delimiter = '|', textBlock = """
            everywhere | list   | mailservers                     | another | yes
            everywhere | patch  | organizationmailsettings        | another | yes
            everywhere | patch  | mailservers/status              | another | yes
            everywhere | watch  | licenseexpirynotices            | another | yes
            everywhere | patch  | licenseexpirynotices/status     | another | yes
            everywhere | delete | licenseexpirynotices            | another | no
            everywhere | watch  | secrets                         | another | yes
            everywhere | create | events                          | another | yes
            everywhere | delete | mailservers                     | another | no
            everywhere | create | organizationmailsettings        | another | no
            everywhere | watch  | configmaps                      | another | yes
            everywhere | patch  | configmaps                      | another | no
            everywhere | create | deployments.apps                | another | no
            everywhere | create | deployments.apps                | its own | yes
            everywhere | create | rolebindings.rbac.authorization.k8s.io | another | no
            everywhere | create | leases.coordination.k8s.io      | its own | yes
            everywhere | list   | leases.coordination.k8s.io      | its own | yes
            everywhere | list   | leases.coordination.k8s.io      | another | no
            everywhere | update | leases.coordination.k8s.io      | its own | no
            everywhere | delete | deployments.apps                | its own | no
            everywhere | patch  | roles.rbac.authorization.k8s.io | its own | no
            everywhere | get    | pods                            | its own | no
            named      | list   | mailservers                     | its own | yes
            named      | list   | mailservers                     | watched | yes
            named      | watch  | secrets                         | watched | yes
            named      | list   | mailservers                     | another | no
            named      | get    | secrets                         | another | no
            """)
    void theOperatorMayDoWhatItNeedsAndNoMore(String mode, String verb, String resource, String where,
            String allowed, ApiServer server) {
        var own = server.createNamespace("own");
        var watched = server.createNamespace("watched");
        var another = server.createNamespace("another");
        var values = "crds.install=false,admissionPolicy.enabled=false"
                + (mode.equals("named") ? ",watchNamespaces={" + watched + "}" : "");
        var applied = server.kubectlWithInput(template(own, values), "apply", "--server-side", "-f", "-");
        assertThat(applied.err()).isEmpty();
        var namespace = switch (where) {
            case "its own" -> own;
            case "watched" -> watched;
            default -> another;
        };
        var command = new ArrayList<>(List.of("auth", "can-i", verb));
        command.addAll(List.of(resource.split("/", 2)[0], "-n", namespace, "--as",
                "system:serviceaccount:" + own + ":postrider-operator"));
        if (resource.contains("/")) {
            command.add("--subresource=" + resource.split("/", 2)[1]);
        }

        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(
                        () -> assertThat(server.kubectl(command.toArray(String[]::new)).out().strip())
                                .isEqualTo(allowed));
    }

    @Test
    void anUnconfirmedDeletionIsRefusedWithTheCommandThatConfirmsIt(ApiServer server) {
        var namespace = install(server);
        create(server, namespace, "kept");
        awaitRefusal(server, namespace, "kept");

        var refused = server.kubectl("delete", "mailserver", "kept", "-n", namespace, "--wait=false");

        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("spec.deletionConfirmation must be Delete before MailServer kept can be "
                + "deleted, since mail may depend on it. To confirm, and then delete again: kubectl patch mailservers "
                + "kept -n " + namespace + " --type=merge -p '{\"spec\":{\"deletionConfirmation\":\"Delete\"}}'");
        var collection = server.kubectl("delete", "--raw",
                "/apis/postrider.dev/v1alpha1/namespaces/" + namespace + "/mailservers");
        assertThat(collection.err()).contains("spec.deletionConfirmation must be Delete");

        assertThat(server.kubectl(commandIn(refused.err())).out()).isEqualTo(
                "mailserver.postrider.dev/kept patched\n");
        assertThat(server.kubectl("delete", "mailserver", "kept", "-n", namespace).out()).startsWith(
                "mailserver.postrider.dev \"kept\" deleted");
    }

    @Test
    void aNamespaceThatIsDeletedAlreadyIsNotHeldUpAtTheDoor(ApiServer server) {
        var namespace = install(server);
        create(server, namespace, "going");
        awaitRefusal(server, namespace, "going");

        var result = server.kubectl("delete", "mailserver", "going", "-n", namespace, "--as",
                "system:serviceaccount:kube-system:namespace-controller");

        assertThat(result.out()).startsWith("mailserver.postrider.dev \"going\" deleted");
    }

    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            coordination.k8s.io/v1/namespaces/$OWN/leases/postrider-operator | postrider-operator | the lease's
            coordination.k8s.io/v1/namespaces/$OWN/leases/postrider-operator-2 | postrider-operator | the lease's
            coordination.k8s.io/v1/namespaces/$OWN/leases                    | postrider-operator | the lease's
            coordination.k8s.io/v1/namespaces/$OWN/leases/postrider-operator | postrider-relay    | another
            coordination.k8s.io/v1/namespaces/default/leases/anything        | postrider-operator | another
            postrider.dev/v1alpha1/namespaces/$OWN/mailservers               | postrider-operator | another
            """)
    void theLeaseIsAheadOfOtherRequestsAndNothingElseIs(String path, String account, String expected,
            ApiServer server) {
        var own = server.createNamespace("own");
        var applied = server.kubectlWithInput(template(own, "crds.install=false,admissionPolicy.enabled=false"),
                "apply", "--server-side", "-f", "-");
        assertThat(applied.err()).isEmpty();
        String schema = server.client()
                .flowControl()
                .v1()
                .flowSchema()
                .withName("postrider-" + own + "-lease")
                .require()
                .getMetadata()
                .getUid();

        try {
            await().pollInterval(Duration.ofMillis(50))
                    .atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(flowSchemaOf(
                            "/apis/coordination.k8s.io/v1/namespaces/" + own + "/leases/postrider-operator", own,
                            "postrider-operator", server)).isEqualTo(schema));
            assertThat(flowSchemaOf("/apis/" + path.replace("$OWN", own), own, account, server).equals(schema)
                    ? "the lease's"
                    : "another").isEqualTo(expected);
        } finally {
            server.client().flowControl().v1().flowSchema().withName("postrider-" + own + "-lease").delete();
        }
    }

    /** The UID of the FlowSchema by which the API server took a request of a service account. */
    private static String flowSchemaOf(String path, String namespace, String account, ApiServer server) {
        var config = Config.fromKubeconfig(server.kubeconfig().toFile());
        config.setImpersonateUsername("system:serviceaccount:" + namespace + ":" + account);
        var schema = new AtomicReference<String>("");
        try (var client = new KubernetesClientBuilder().withConfig(config)
                .withHttpClientBuilderConsumer(b -> b.addOrReplaceInterceptor("schema", new Interceptor() {
                    @Override
                    public void after(HttpRequest request, HttpResponse<?> response,
                            AsyncBody.Consumer<List<ByteBuffer>> consumer) {
                        schema.set(response.header("X-Kubernetes-PF-FlowSchema-UID"));
                    }
                }))
                .build()) {
            client.raw(path);
        } catch (KubernetesClientException e) {
            assertThat(e.getCode()).as("not found, or not allowed").isIn(403, 404);
        }
        return schema.get();
    }

    /** Installs the chart for a namespace alone, so that no other test meets its policy. */
    private static String install(ApiServer server) {
        var namespace = server.createNamespace("chart");
        var result = helm(Map.of("KUBECONFIG", server.kubeconfig().toString()), "install", "postrider", CHART, "-n",
                namespace, "--set", "crds.install=false", "--set", "watchNamespaces={" + namespace + "}");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).contains("kubectl get postrider -A");
        return namespace;
    }

    private static void create(ApiServer server, String namespace, String name) {
        var created = server.kubectlWithInput("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata:
                  name: %s
                spec:
                  smtp:
                    host: mail.example.com
                """.formatted(name), "create", "-n", namespace, "-f", "-");
        assertThat(created.err()).isEmpty();
    }

    /** A policy takes a moment to become active. */
    private static void awaitRefusal(ApiServer server, String namespace, String name) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> server
                        .kubectl("delete", "mailserver", name, "-n", namespace, "--dry-run=server", "--wait=false")
                        .exitCode() == 1);
    }

    private static String[] commandIn(String message) {
        var command = Pattern.compile("kubectl (patch .*) -p '(.*)'").matcher(message);
        assertThat(command.find()).isTrue();
        var arguments = new ArrayList<>(Arrays.asList(command.group(1).split(" ")));
        arguments.addAll(List.of("-p", command.group(2)));
        return arguments.toArray(String[]::new);
    }

    private static String template(String namespace, String values) {
        var result = helm(Map.of(), "template", "postrider", CHART, "--namespace", namespace, "--set", values);
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result.out();
    }

    private static CommandResult helm(Map<String, String> environment, String... arguments) {
        var command = new ArrayList<>(List.of(HELM.toString()));
        command.addAll(Arrays.asList(arguments));
        var all = new HashMap<>(environment);
        List.of("CACHE", "CONFIG", "DATA").forEach(kind -> all.put("HELM_" + kind + "_HOME", home.toString()));
        return CommandResult.run(Path.of("."), all, "", command);
    }
}
