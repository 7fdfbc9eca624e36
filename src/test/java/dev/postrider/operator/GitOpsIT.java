package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.KubernetesBinaries;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in git is what is in the cluster: the operator writes nothing that a GitOps tool would take for drift. */
@UsesApiServer
final class GitOpsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String KINDS = "mailservers,organizationmailsettings,licenseexpirynotices";
    private static final String TRACKING_LABEL = "app.kubernetes.io/instance";
    private static final String TRACKING_ANNOTATION = "argocd.argoproj.io/tracking-id";
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path directory;

    /** All examples, and the chart's own server, as Argo CD would apply them: with its marks, by server-side apply. */
    @Test
    void noExampleDiffersFromGitAfterTheOperatorHasSeenIt(ApiServer api) throws IOException {
        String second = api.createNamespace("tenant");
        try (var operator = new RunningOperator(api, "globalServerPolicy: Optional", api.createNamespace("operator"),
                api.createNamespace("tenant"), second)) {
            Path git = Files.writeString(directory.resolve("git.json"), list(inGit(operator, second)));
            var applied = api.kubectl("apply", "--server-side", "--validate=strict",
                    "--field-manager=argocd-controller", "-o", "json", "-f", git.toString());
            assertThat(applied.err()).isEmpty();
            Map<String, JsonNode> specs = specs(applied.out());
            assertThat(specs).hasSizeGreaterThan(40);

            String[] namespaces = {operator.namespace(), operator.tenant(), second};
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(ours(api, namespaces).stream().filter(GitOpsIT::isUnseen))
                            .map(GitOpsIT::id)
                            .isEmpty());

            assertThat(ours(api, namespaces)).hasSizeGreaterThan(40).allSatisfy(object -> {
                assertThat(object.at("/metadata/generation").longValue()).as(id(object)).isEqualTo(1);
                assertThat(object.get("spec")).isEqualTo(specs.get(id(object)));
                assertThat(ownedByTheOperator(object)).allMatch(
                        path -> path.startsWith("/f:status") || path.startsWith("/f:metadata/f:finalizers"));
            });
            var diff = api.kubectl("diff", "--server-side", "--field-manager=argocd-controller", "-f",
                    git.toString());
            assertThat(diff.out() + diff.err()).isEmpty();
            assertThat(diff.exitCode()).isZero();
            // Argo CD prunes what carries its marks and is not in git.
            assertThat(Stream.of(namespaces)
                    .flatMap(n -> api.client().secrets().inNamespace(n).list().getItems().stream())
                    .filter(secret -> !specs.containsKey("Secret " + secret.getMetadata().getNamespace() + "/"
                            + secret.getMetadata().getName())))
                    .isNotEmpty()
                    .noneMatch(GitOpsIT::isTracked);
        }
    }

    /** As kubectl and older tools do it, without server-side apply, and with a server that really was tested. */
    @Test
    void aReadyServerAndItsOrganizationDoNotDifferEither(ApiServer api) throws IOException {
        try (var upstream = ScriptedSmtpServer.start(); var operator = new RunningOperator(api, "")) {
            Path git = Files.writeString(directory.resolve("git.yaml"), """
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: global, namespace: %s}
                    spec:
                      scope: Global
                      smtp: {host: 127.0.0.1, port: %d, security: None}
                      test: {recipient: postmaster@example.com}
                    ---
                    apiVersion: postrider.dev/v1alpha1
                    kind: OrganizationMailSettings
                    metadata: {name: acme, namespace: %s}
                    spec:
                      identity: {from: {address: noreply@acme.example}}
                      limits: {messageSize: 1024Ki}
                    """.formatted(operator.namespace(), upstream.port(), operator.tenant()));
            assertThat(api.kubectl("apply", "--validate=strict", "-f", git.toString()).err()).isEmpty();
            operator.startRelay();
            await().atMost(PATIENCE).until(() -> isReady(operator, "acme"));

            assertThat(api.kubectl("wait", "--for=condition=Ready", "ms/global", "-n", operator.namespace(),
                    "--timeout=10s").exitCode()).isZero();
            var diff = api.kubectl("diff", "-f", git.toString());
            assertThat(diff.out() + diff.err()).isEmpty();
            assertThat(diff.exitCode()).isZero();
        }
    }

    /** {@code kubectl apply --prune} is the tool that prunes here. */
    @Test
    void whatGoesFromGitGoesInTwoCommits(ApiServer api) throws IOException {
        try (var upstream = ScriptedSmtpServer.start();
                var installation = new RunningInstallation(api, directory.resolve("queue"), "")) {
            RunningOperator operator = installation.operator();
            installPolicy(api, operator);
            operator.applyGlobalServer(upstream.port());
            String stays = organization("stays", "");
            assertThat(sync(api, operator, stays + organization("goes", "")).err()).isEmpty();
            operator.startRelay();
            await().atMost(PATIENCE).until(() -> isReady(operator, "goes"));

            CommandResult oneCommit = sync(api, operator, stays);
            assertThat(oneCommit.exitCode()).isEqualTo(1);
            assertThat(oneCommit.err()).contains("spec.deletionConfirmation must be Delete");
            assertThat(isReady(operator, "goes")).isTrue();
            assertThat(operator.organizationCondition("goes", "DeletionConfirmed")).isEmpty();

            assertThat(sync(api, operator, stays + organization("goes", "  deletionConfirmation: Delete\n")).err())
                    .isEmpty();
            assertThat(isReady(operator, "goes")).isTrue();
            CommandResult secondCommit = sync(api, operator, stays);
            assertThat(secondCommit.out()).contains("organizationmailsettings.postrider.dev/goes pruned");
            await().atMost(PATIENCE)
                    .until(() -> operator.kubectl("get", "oms", "goes", "-n", "$TENANT", "--ignore-not-found")
                            .isEmpty());
            assertThat(isReady(operator, "stays")).isTrue();
        }
    }

    private static boolean isReady(RunningOperator operator, String organization) {
        return operator.organizationCondition(organization, "Ready")
                .filter(c -> c.reason().equals("MailWorks"))
                .isPresent();
    }

    private static String organization(String name, String more) {
        return """
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: %s, labels: {team: mail}}
                spec:
                  identity: {from: {address: noreply@acme.example}}
                %s""".formatted(name, more);
    }

    private static CommandResult sync(ApiServer api, RunningOperator operator, String git) {
        return api.kubectlWithInput(git, "apply", "--prune", "--wait=false", "-l", "team=mail", "-n", operator.tenant(),
                "--prune-allowlist=postrider.dev/v1alpha1/OrganizationMailSettings", "-f", "-");
    }

    /** The chart's policy, for the namespaces of this operator alone. */
    private void installPolicy(ApiServer api, RunningOperator operator) {
        String policy = template(operator, "watchNamespaces={" + operator.tenant() + "}", "admissionpolicy");
        assertThat(api.kubectlWithInput(policy, "apply", "-f", "-").err()).isEmpty();
        operator.apply(organization("probe", "").replace("name: probe, labels: {team: mail}",
                "name: probe, namespace: $TENANT"));
        await().atMost(PATIENCE)
                .until(() -> api.kubectl("delete", "oms", "probe", "-n", operator.tenant(), "--dry-run=server",
                        "--wait=false").exitCode() == 1);
    }

    private String template(RunningOperator operator, String values, String template) {
        var result = CommandResult.run(Path.of("."), Map.of("HELM_CACHE_HOME", directory.toString()), "",
                List.of(KubernetesBinaries.ofThisMachine().helm().toString(), "template", "postrider",
                        "helm/postrider", "-n", operator.namespace(), "--set", values, "--show-only",
                        "templates/" + template + ".yaml"));
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result.out();
    }

    /** The examples in namespaces of this operator; names of servers are not looked up, for no test is made. */
    private List<ObjectNode> inGit(RunningOperator operator, String second) throws IOException {
        var objects = new ArrayList<ObjectNode>();
        try (Stream<Path> files = Files.walk(Path.of("examples"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".yaml") && !f.toString().contains("invalid"))
                    .sorted()
                    .toList()) {
                read(Files.readString(file), objects);
            }
        }
        read(template(operator, "defaultServer.secretName=login,defaultServer.senderAddress=a@company.example",
                "defaultserver"), objects);
        objects.removeIf(object -> object.get("kind").textValue().equals("Namespace"));
        for (ObjectNode object : objects) {
            var metadata = (ObjectNode) object.get("metadata");
            metadata.put("namespace", switch (metadata.path("namespace").asText("")) {
                case "postrider-system" -> operator.namespace();
                case "globex" -> second;
                default -> metadata.path("namespace").asText("").equals(operator.namespace())
                        ? operator.namespace()
                        : operator.tenant();
            });
            metadata.withObjectProperty("labels").put(TRACKING_LABEL, "mail");
            metadata.withObjectProperty("annotations").put(TRACKING_ANNOTATION, "mail:" + metadata.get("name"));
            metadata.withObjectProperty("annotations").remove("postrider.dev/test-send");
            if (object.at("/spec/test").isObject()) {
                ((ObjectNode) object.at("/spec/test")).put("when", "OnRequest");
            }
        }
        // Examples of one name are alternatives, of which a repository has one.
        var byId = new LinkedHashMap<String, ObjectNode>();
        objects.forEach(object -> byId.put(id(object), object));
        return List.copyOf(byId.values());
    }

    private static void read(String text, List<ObjectNode> objects) throws IOException {
        try (var documents = new YAMLMapper().readerFor(JsonNode.class)
                .<JsonNode>readValues(new YAMLFactory().createParser(text))) {
            documents.forEachRemaining(document -> {
                if (document instanceof ObjectNode object) {
                    objects.add(object);
                }
            });
        }
    }

    private static String list(List<ObjectNode> objects) {
        ObjectNode list = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "List");
        list.putArray("items").addAll(objects);
        return list.toString();
    }

    private static Map<String, JsonNode> specs(String applied) throws IOException {
        var specs = new HashMap<String, JsonNode>();
        JSON.readTree(applied).get("items").forEach(object -> specs.put(id(object), object.path("spec")));
        return specs;
    }

    private static boolean isUnseen(JsonNode object) {
        return object.at("/metadata/annotations/postrider.dev~1paused").isMissingNode()
                && object.at("/status/observedGeneration").longValue() != object.at("/metadata/generation").longValue();
    }

    private static String id(JsonNode object) {
        return object.get("kind").textValue() + " " + object.at("/metadata/namespace").textValue() + "/"
                + object.at("/metadata/name").textValue();
    }

    private static List<JsonNode> ours(ApiServer api, String... namespaces) throws IOException {
        var objects = new ArrayList<JsonNode>();
        for (String namespace : namespaces) {
            JSON.readTree(api.kubectl("get", KINDS, "-n", namespace, "-o", "json", "--show-managed-fields").out())
                    .get("items")
                    .forEach(objects::add);
        }
        return objects;
    }

    /** What the operator has written, as paths of managed fields two steps deep. */
    private static List<String> ownedByTheOperator(JsonNode object) {
        var paths = new ArrayList<String>();
        object.at("/metadata/managedFields").forEach(entry -> {
            if (!entry.get("manager").textValue().equals("argocd-controller")) {
                entry.get("fieldsV1")
                        .properties()
                        .forEach(first -> first.getValue()
                                .properties()
                                .forEach(
                                        next -> paths.add("/" + first.getKey() + "/" + next.getKey())));
            }
        });
        return paths;
    }

    private static boolean isTracked(Secret secret) {
        var metadata = secret.getMetadata();
        return metadata.getLabels() != null && metadata.getLabels().containsKey(TRACKING_LABEL)
                || metadata.getAnnotations() != null && metadata.getAnnotations().containsKey(TRACKING_ANNOTATION);
    }
}
