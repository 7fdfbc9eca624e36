package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.gitops.SavedState;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.GoldenFiles;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Brings the three kinds into each state that GitOps tools are to tell apart, for the tests of those tools. */
@UsesApiServer
final class GitOpsStatesIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();
    private static final String FRESH = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: server-fresh}
            spec: {smtp: {host: 127.0.0.1}}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: organization-fresh}
            spec: {identity: {from: {address: no-reply@acme.example}}}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: LicenseExpiryNotice
            metadata: {name: notice-fresh}
            spec: {organizationRef: {name: acme}, license: {name: Shop, expiryDate: "2035-06-30"}, daysBefore: 20}
            """;

    private final Set<String> recorded = new HashSet<>();
    private ApiServer api;
    private String namespace;
    private String tenant;
    private volatile Instant today = Instant.parse("2035-01-01T00:00:00Z");

    @BeforeEach
    void start(ApiServer server) {
        api = server;
        namespace = api.createNamespace("operator");
        tenant = api.createNamespace("tenant");
    }

    @Test
    void everyStateIsAsItWasSaved() throws Exception {
        String unwatched = api.createNamespace("unwatched");
        apply(unwatched, FRESH);
        for (String state : List.of("server-fresh", "organization-fresh", "notice-fresh")) {
            record(state, unwatched);
        }
        try (var upstream = ScriptedSmtpServer.start();
                var strict = ScriptedSmtpServer.start().login("relay", "s3cret", "PLAIN");
                var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            try (var operator = new RunningOperator(api,
                    "globalServerPolicy: Optional\nrelay: {adminAddress: \"http://127.0.0.1:" + FreePort.find()
                            + "\"}\n",
                    () -> today, namespace, tenant)) {
                whileTheRelayStarts(operator, upstream.port());
                operator.startRelay();
                record("server-accepted", namespace);
                record("organization-mail-works", tenant);
                servers(operator, strict.port(), silent.getLocalPort());
                organizations(operator);
                notices(operator);
            }
            api.kubectl("patch", "ms", "server-accepted", "-n", namespace, "--type=merge", "-p",
                    "{\"metadata\":{\"name\":\"server-accepted\"},\"spec\":{\"description\":\"changed\"}}");
            record("server-changed", "server-accepted", namespace);
        }
        assertThat(recorded).containsExactlyInAnyOrderElementsOf(
                SavedState.all().stream().map(SavedState::name).toList());
    }

    private void whileTheRelayStarts(RunningOperator operator, int port) throws Exception {
        apply(namespace, server("server-accepted", "scope: Global", port, TESTED));
        apply(tenant, organization("organization-mail-works", "") + organization("organization-relay-starting", ""));
        await().atMost(PATIENCE)
                .until(() -> operator.serverCondition(namespace, "server-accepted", "Ready")
                        .filter(c -> c.reason().equals("Accepted"))
                        .isPresent());
        record("organization-relay-starting", tenant);
    }

    private static final String TESTED = "test: {recipient: postmaster@acme.example}";

    private void servers(RunningOperator operator, int strict, int silent) throws Exception {
        operator.credentials(tenant, "login", "relay", "wrong");
        String login = ", authentication: {password: {secretRef: {name: %s}}}";
        apply(tenant, server("server-being-tested", "", silent, TESTED) + server("server-not-tested", "", silent, "")
                + server("server-inactive", "active: false", silent, "")
                + server("server-secret-missing", "", silent, TESTED)
                        .replace("security: None", "security: None" + login.formatted("nowhere"))
                + server("server-unreachable", "", FreePort.find(), TESTED)
                + server("server-login-refused", "", strict, TESTED)
                        .replace("security: None", "security: None" + login.formatted("login"))
                + server("server-scope-not-allowed", "scope: Global", silent, "")
                + server("server-paused", "", silent, "").replace("{name: server-paused}",
                        "{name: server-paused, annotations: {postrider.dev/paused: \"true\"}}")
                + server("server-deletion-held", "", silent, ""));
        for (String state : List.of("being-tested", "not-tested", "inactive", "secret-missing", "unreachable",
                "login-refused", "scope-not-allowed", "paused")) {
            record("server-" + state, tenant);
        }
        await().atMost(PATIENCE).until(() -> get("server-deletion-held", tenant).at("/status").has("server"));
        delete("ms", "server-deletion-held");
        record("server-deletion-held", tenant);
    }

    private void organizations(RunningOperator operator) throws Exception {
        operator.kubectl("create", "secret", "generic", "taken", "-n", "$TENANT", "--from-literal=password=mine");
        apply(tenant, organization("organization-server-in-test", "servers: [{name: server-being-tested}]")
                + organization("organization-not-tested", "servers: [{name: server-not-tested}]")
                + organization("organization-disabled", "sendingEnabled: false")
                + organization("organization-server-missing", "servers: [{name: nowhere}]")
                + organization("organization-server-forbidden", "servers: [{name: own, namespace: globex}]")
                + organization("organization-secret-taken", "binding: {secretName: taken}")
                + organization("organization-invalid", "administrators: [..@acme.example]")
                + organization("organization-webhook-waits",
                        "events: {webhook: {url: \"https://events.acme.example/\", signingSecretRef: {name: nowhere}}}")
                + organization("organization-binding-refused", "")
                + organization("organization-deletion-held", "")
                + organization("organization-draining", "deletionConfirmation: Delete"));
        for (String state : List.of("server-in-test", "not-tested", "disabled", "server-missing", "server-forbidden",
                "secret-taken", "invalid", "webhook-waits")) {
            record("organization-" + state, tenant);
        }
        refuseBinding(operator);
        for (String state : List.of("organization-deletion-held", "organization-draining")) {
            await().atMost(PATIENCE)
                    .until(() -> operator.organizationCondition(tenant, state, "Ready")
                            .filter(c -> c.reason().equals("MailWorks"))
                            .isPresent());
            delete("oms", state);
            record(state, tenant);
        }
    }

    /** One that nobody may change, and that must be another one then. */
    private void refuseBinding(RunningOperator operator) throws Exception {
        String name = "organization-binding-refused";
        await().atMost(PATIENCE)
                .until(() -> operator.kubectl("patch", "secret", name + "-mail", "-n", "$TENANT", "--type=merge", "-p",
                        "{\"immutable\":true}"), said -> said.contains("patched"));
        apply(tenant, organization(name, "").replace("no-reply@", "noreply@"));
        record(name, tenant);
    }

    private void notices(RunningOperator operator) throws Exception {
        apply(tenant, notice("notice-scheduled", "organization-mail-works", "2035-06-30", "")
                + notice("notice-already-expired", "organization-mail-works", "2020-06-30", "")
                + notice("notice-organization-missing", "nowhere", "2035-06-30", "")
                + notice("notice-sending-disabled", "organization-disabled", "2035-06-30", "")
                + notice("notice-invalid", "organization-mail-works", "2035-06-30", "timeZone: Nowhere/Land")
                + notice("notice-missed", "organization-disabled", "2035-01-31", ""));
        for (String state : List.of("scheduled", "already-expired", "organization-missing", "sending-disabled",
                "invalid")) {
            record("notice-" + state, tenant);
        }
        today = Instant.parse("2035-03-01T00:00:00Z");
        operator.process().lookAgain();
        record("notice-missed", tenant);
    }

    private static String server(String name, String first, int port, String last) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: %s}
                spec:
                  %s
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                  %s
                ---
                """.formatted(name, first, port, last);
    }

    private static String organization(String name, String more) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: %s}
                spec:
                  identity: {from: {address: no-reply@acme.example, name: Acme}}
                  %s
                ---
                """.formatted(name,
                more.startsWith("administrators") ? more : more + "\n  administrators: [admin@acme.example]");
    }

    private static String notice(String name, String organization, String expiry, String more) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: LicenseExpiryNotice
                metadata: {name: %s}
                spec:
                  organizationRef: {name: %s}
                  license: {name: Shop, expiryDate: "%s"}
                  daysBefore: 20
                  %s
                ---
                """.formatted(name, organization, expiry, more);
    }

    private void apply(String inNamespace, String manifests) {
        var result = api.kubectlWithInput(manifests, "apply", "--validate=strict", "-n", inNamespace, "-f", "-");
        assertThat(result.exitCode()).as(result.toString()).isZero();
    }

    private void delete(String kind, String name) {
        assertThat(api.kubectl("delete", kind, name, "-n", tenant, "--wait=false").err()).isEmpty();
    }

    private void record(String state, String inNamespace) {
        record(state, state, inNamespace);
    }

    /** Waits until the object says what the state is known by and does not change any more. */
    private void record(String state, String name, String inNamespace) {
        SavedState expected = SavedState.named(state);
        recorded.add(state);
        var seen = new ArrayList<String>(List.of(""));
        await().alias(state).atMost(PATIENCE).pollInterval(Duration.ofMillis(250)).untilAsserted(() -> {
            String text = YAML.writeValueAsString(get(name, inNamespace));
            String before = seen.set(0, text);
            String message = expected.message().replaceAll("^(Paused|Changed|Pending):? .*", "");
            assertThat(text).isEqualTo(before);
            for (String part : message.split(": ?", -1)) {
                assertThat(text).contains(part);
            }
            if (state.contains("deletion-held")) {
                assertThat(text).contains("ConfirmationMissing");
            }
            if (state.contains("draining")) {
                assertThat(text).contains("Draining");
            }
        });
        GoldenFiles.check(expected.file(), seen.getFirst(), getClass());
    }

    /** The object without what differs from run to run. */
    private JsonNode get(String name, String inNamespace) throws JsonProcessingException {
        String kind = switch (name.substring(0, name.indexOf('-'))) {
            case "server" -> "mailserver";
            case "organization" -> "organizationmailsettings";
            default -> "licenseexpirynotice";
        };
        String json = api.kubectl("get", kind, name, "-n", inNamespace, "-o", "json").out();
        var object = (ObjectNode) new JsonMapper()
                .readTree(json.replace(namespace, "postrider-system")
                        .replace(inNamespace, "acme")
                        .replace(tenant, "acme")
                        .replaceAll("20\\d\\d-\\d\\d-\\d\\dT[\\d:.]+Z", "2026-01-01T00:00:00Z")
                        .replaceAll("(127\\.0\\.0\\.1:|\"port\": )\\d+", "$12525")
                        .replaceAll("(\"duration\": )\"[^\"]*\"", "$1\"20ms\"")
                        .replaceAll("(\"fingerprint\": )\"[^\"]*\"", "$1\"0\""));
        var metadata = (ObjectNode) object.get("metadata");
        metadata.remove(List.of("uid", "resourceVersion"));
        var annotations = (ObjectNode) metadata.path("annotations");
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        var conditions = new ArrayList<JsonNode>();
        object.at("/status/conditions").forEach(conditions::add);
        conditions.sort(Comparator.comparing(condition -> condition.get("type").textValue()));
        ((ObjectNode) object.get("status")).putArray("conditions").addAll(conditions);
        return object;
    }
}
