package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.api.Condition;
import dev.postrider.operator.installation.Caches;
import dev.postrider.relay.Dialogue;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.InstalledProgram;
import dev.postrider.testing.KubernetesBinaries;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code kubectl postrider}, run by kubectl as a person would, with the operator and the relay at work. */
@UsesApiServer
final class KubectlPluginIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path directory;

    private static ScriptedSmtpServer upstream;
    private static RunningInstallation installation;
    private static RunningOperator operator;
    private static Path token;

    @BeforeAll
    static void start(ApiServer api) throws Exception {
        upstream = ScriptedSmtpServer.start();
        installation = RunningInstallation.whereMailWorks(api, directory.resolve("queue"), upstream.port());
        operator = installation.operator();
        token = Files.writeString(directory.resolve("token"), Caches.entry(operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withName("postrider-operator-keys")
                .require(), "admin-token").orElseThrow());
    }

    @AfterAll
    static void stop() {
        installation.close();
        upstream.close();
    }

    private static Map<String, String> environment(ApiServer api) {
        return Map.of("KUBECONFIG", api.kubeconfig().toString(), "JAVA_HOME", System.getProperty("java.home"), "PATH",
                Path.of("bin").toAbsolutePath() + File.pathSeparator + kubectl().getParent() + File.pathSeparator
                        + System.getenv("PATH"));
    }

    private static Path kubectl() {
        return KubernetesBinaries.ofThisMachine().apiServer().resolve("kubectl");
    }

    private static CommandResult postrider(ApiServer api, String... arguments) {
        List<String> command = new ArrayList<>(List.of(kubectl().toString(), "postrider"));
        command.addAll(Arrays.asList(arguments));
        return CommandResult.run(Path.of("."), environment(api), "", command);
    }

    /** With the way to the relay, which has no pod here. */
    private static String[] withRelay(String... arguments) {
        return Stream.concat(Arrays.stream(arguments), Stream.of("--url",
                "http://127.0.0.1:" + installation.relay().adminPort(), "--token-file", token.toString()))
                .toArray(String[]::new);
    }

    /** A server and an organization of one's own; mail works. */
    private static void apply(String name) {
        operator.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: $NAME, namespace: $TENANT}
                spec:
                  smtp: {host: 127.0.0.1, port: $PORT, security: None}
                  test: {recipient: check@acme.example}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: $NAME, namespace: $TENANT}
                spec:
                  servers: [{name: $NAME}]
                  identity: {from: {address: $NAME@acme.example, name: The Shop}}
                """.replace("$NAME", name).replace("$PORT", "" + upstream.port()));
        installation.awaitOrganization(operator.tenant(), name, "Ready", Condition.Status.True, "MailWorks");
    }

    /** Queues a mail that the upstream server does not take yet. */
    private static void queueOne(String organization) throws Exception {
        upstream.on("RCPT", "451 4.7.1 greylisted, try again later");
        submitOne(organization);
    }

    private static void submitOne(String organization) throws Exception {
        try (Dialogue session = installation
                .session(installation.binding(operator.tenant(), organization + "-mail"))) {
            String sender = organization + "@acme.example";
            assertThat(session.mail(sender, "buyer@example.org",
                    "From: " + sender + "\r\nSubject: x\r\n\r\nhello")).startsWith("250");
        }
    }

    private static void delete(String name) {
        for (String kind : List.of("oms", "ms")) {
            operator.kubectl("patch", kind, name, "-n", "$TENANT", "--type=merge", "-p",
                    "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
            operator.kubectl("delete", kind, name, "-n", "$TENANT");
        }
    }

    @Test
    void theStatusIsOneScreenAndTheExitCodeSaysWhetherAllIsWell(ApiServer api) throws Exception {
        apply("shop");
        CommandResult well = postrider(api, withRelay("status", "-n", operator.tenant()));

        assertThat(well.out() + well.err()).isEqualToNormalizingWhitespace("""
                Namespace $TENANT: all 3 resources are Ready.

                MAIL SERVER SCOPE SERVER ACTIVE TESTED READY REASON
                shop Organization 127.0.0.1:$PORT true AGE ago True Accepted

                ORGANIZATION FROM SERVERS BINDING READY REASON
                acme noreply@acme.example global: global acme-mail True MailWorks
                shop shop@acme.example shop shop-mail True MailWorks

                Queue: empty.
                """.replace("$TENANT", operator.tenant())
                .replace("$PORT", "" + upstream.port())
                .replaceAll("AGE(?= ago)", well.out().replaceAll("(?s).*true +([0-9a-z]+) ago.*", "$1")));
        assertThat(well.exitCode()).isZero();

        operator.kubectl("patch", "ms", "shop", "-n", "$TENANT", "--type=merge", "-p", "{\"spec\":{\"active\":false}}");
        installation.awaitOrganization(operator.tenant(), "shop", "Ready", Condition.Status.False, "NoActiveServer");
        CommandResult ill = postrider(api, "status", "-n", operator.tenant());

        assertThat(ill.out()).startsWith("Namespace " + operator.tenant() + ": 1 of 3 resources is not Ready.\n\n"
                + "OrganizationMailSettings " + operator.tenant() + "/shop is not Ready: NoActiveServer\n")
                .contains("\nQueue: not shown. No relay is ready in namespace postrider-system");
        assertThat(ill.exitCode()).isEqualTo(1);
        JsonNode json = JSON.readTree(postrider(api, "status", "-n", operator.tenant(), "-o", "json").out());
        assertThat(json.path("ready").asBoolean()).isFalse();
        assertThat(json.path("attention").path(0).path("reason").asText()).isEqualTo("NoActiveServer");
        assertThat(json.path("resources")).hasSize(3);
        delete("shop");
    }

    @Test
    void theStatusCountsWhatIsQueued(ApiServer api) throws Exception {
        apply("queuer");
        queueOne("queuer");
        await().until(() -> postrider(api, withRelay("queue", "list", "--state", "deferred")).out().contains("queuer"));

        assertThat(postrider(api, withRelay("status", "-A")).out())
                .containsPattern("QUEUE OF +QUEUED +ACTIVE +DEFERRED +HELD +OLDEST\n" + operator.tenant()
                        + "/queuer +0 +[01] +[01] +0 +[0-9]+s\n");
        assertThat(postrider(api, withRelay("queue", "list")).out())
                .containsPattern("queuer@acme.example +buyer@example.org");
        upstream.on("RCPT", "250 2.1.5 welcome");
        await().until(() -> installation.relay().queued() == 0);
        delete("queuer");
    }

    @Test
    void aTestIsAskedForAndItsReplyShown(ApiServer api) throws Exception {
        apply("tested");
        int before = upstream.messages().size();

        CommandResult accepted = postrider(api, "test-send", "ms/tested", "-n", operator.tenant(), "--to",
                "you@example.com");

        assertThat(accepted.out()).isEqualToNormalizingWhitespace("""
                MailServer $TENANT/tested: accepted
                  reply       $REPLY
                  server      127.0.0.1:$PORT (127.0.0.1)
                  recipient   you@example.com
                  connection  not encrypted
                  took        $TOOK
                """.replace("$TENANT", operator.tenant())
                .replace("$REPLY", accepted.out().replaceAll("(?s).*reply +([^\n]*)\n.*", "$1"))
                .replace("$TOOK", accepted.out().replaceAll("(?s).*took +([^\n]*)\n.*", "$1"))
                .replace("$PORT", "" + upstream.port()));
        assertThat(accepted.err()).isEqualTo("waiting for the test of MailServer " + operator.tenant() + "/tested\n");
        assertThat(accepted.exitCode()).isZero();
        // The same address once more is another test.
        assertThat(postrider(api, "test-send", "tested", "--kind", "oms", "-n", operator.tenant(), "--to",
                "you@example.com").out()).startsWith("MailServer " + operator.tenant() + "/tested: accepted\n");
        assertThat(upstream.messages()).hasSize(before + 2);
        assertThat(upstream.messages().getLast().recipients()).containsExactly("you@example.com");

        upstream.on("RCPT", "550 5.1.1 no such user here");
        CommandResult refused = postrider(api, "test-send", "ms/tested", "-n", operator.tenant());
        upstream.on("RCPT", "250 2.1.5 welcome");

        assertThat(refused.out()).startsWith("MailServer " + operator.tenant()
                + "/tested: not accepted, at RecipientRejected\n")
                .contains("\n  why         RecipientRejected: 127.0.0.1:" + upstream.port())
                .containsPattern("\n  again at +20")
                .containsPattern("\n  dialogue\n    -- connected to 127\\.0\\.0\\.1 port [0-9]+\n    S: 220 ")
                .contains("\n    C: RCPT TO:<check@acme.example>")
                .contains("\n    S: 550 5.1.1 no such user here\n");
        assertThat(refused.exitCode()).isEqualTo(1);
        JsonNode again = JSON.readTree(postrider(api, "test-send", "ms/tested", "-n", operator.tenant(), "-o",
                "json").out());
        assertThat(again.path("accepted").asBoolean()).isTrue();
        assertThat(again.path("tests").path(0).path("recipient").asText()).isEqualTo("check@acme.example");
        delete("tested");
    }

    @Test
    void aBindingIsPrintedWithoutItsPasswordUnlessThatIsAskedFor(ApiServer api) throws Exception {
        String password = installation.binding(operator.tenant(), "acme-mail").password();

        CommandResult env = postrider(api, "binding", "acme", "-n", operator.tenant());
        assertThat(env.out()).contains("\nSMTP_PASSWORD='********'\n")
                .contains("\nSMTP_FROM=noreply@acme.example\nSMTP_FROM_NAME=Acme\nSMTP_HOST=postrider-relay.")
                .contains("SMTP_URI='smtp://acme." + operator.tenant() + ":********@postrider-relay.")
                .startsWith("ALERTS_ENABLED=true\n")
                .contains("\nSMTP_CA_CRT='-----BEGIN CERTIFICATE-----\n")
                .doesNotContain(password);
        assertThat(env.exitCode()).isZero();
        Path script = Files.writeString(directory.resolve("env"),
                postrider(api, "binding", "acme", "-n", operator.tenant(), "--show-password").out());
        assertThat(CommandResult.run(directory, Map.of(), "", List.of("sh", "-c", ". ./env; echo \"$SMTP_PASSWORD\""))
                .out()).as(script.toString()).isEqualTo(password + "\n");
        assertThat(JSON.readTree(postrider(api, "binding", "acme", "-n", operator.tenant(), "--format", "json").out())
                .path("password")
                .asText()).isEqualTo("********");
        assertThat(Serialization.unmarshal(
                postrider(api, "binding", "acme", "-n", operator.tenant(), "--format=yaml", "--show-password").out(),
                JsonNode.class).path("password").asText()).isEqualTo(password);
        assertThat(postrider(api, "binding", "acme", "-n", operator.tenant(), "--format", "files").out())
                .contains("\n\n==> from <==\nnoreply@acme.example\n\n==> from-name <==\nAcme\n")
                .doesNotContain(password);
    }

    @Test
    void aDeletionSaysWhatHangsOnItAndWaitsForAPerson(ApiServer api) throws Exception {
        apply("leaving");
        operator.kubectl("label", "ms", "leaving", "-n", "$TENANT", "kustomize.toolkit.fluxcd.io/name=mail",
                "kustomize.toolkit.fluxcd.io/namespace=flux-system");
        String server = """
                This deletes MailServer $TENANT/leaving (127.0.0.1:$PORT).
                  Organizations $TENANT/leaving has no other server: it cannot send any more
                  GitOps Flux declares it in the Kustomization "flux-system/mail": it comes back with the next sync.
                    Take it out of Git first
                """.replace("$TENANT", operator.tenant()).replace("$PORT", "" + upstream.port());

        CommandResult nobody = postrider(api, withRelay("confirm-delete", "ms", "leaving", "-n", operator.tenant()));
        assertThat(nobody.out()).isEqualToNormalizingWhitespace(server);
        assertThat(nobody.err()).startsWith("Nobody is here to confirm it: say --confirm Delete");
        assertThat(nobody.exitCode()).isEqualTo(2);

        CommandResult untold = postrider(api, "confirm-delete", "oms", "leaving", "-n", operator.tenant());
        assertThat(untold.out().replaceAll("\\s+", " ")).contains("Queued mail The number of messages is not known. No "
                + "relay is ready in namespace postrider-system of https://")
                .contains(" What is queued is delivered first (queuedMailOnDeletion: Deliver)");

        InstalledProgram.SCRIPT.require();
        CommandResult no = onTerminal(api, "delete\n", withRelay("confirm-delete", "ms/leaving", "-n",
                operator.tenant()));
        assertThat(no.out()).contains("Type Delete to go ahead: ").contains("Nothing was deleted.");
        assertThat(no.exitCode()).isEqualTo(1);
        assertThat(operator.kubectl("get", "ms", "leaving", "-n", "$TENANT", "-o", "jsonpath={.spec}"))
                .doesNotContain("deletionConfirmation");

        queueOne("leaving");
        CommandResult held = postrider(api, withRelay("confirm-delete", "oms", "leaving", "-n", operator.tenant(),
                "--confirm", "Delete", "--timeout", "3s"));
        assertThat(held.out()).contains("Applications    those that mount Secret \"leaving-mail\" cannot send any more")
                .containsPattern("Queued mail +1 message\\. What is queued is delivered first");
        assertThat(held.err()).contains("Waiting for 1 queued message to be delivered")
                .contains("OrganizationMailSettings " + operator.tenant() + "/leaving is not gone after 3s: confirmed");
        assertThat(held.exitCode()).isEqualTo(1);
        upstream.on("RCPT", "250 2.1.5 welcome");
        await().until(() -> operator.kubectl("get", "oms", "leaving", "-n", "$TENANT").contains("NotFound"));

        CommandResult yes = onTerminal(api, "Delete\n", withRelay("confirm-delete", "ms/leaving", "-n",
                operator.tenant(), "--timeout", "25s"));
        assertThat(yes.out()).as(operator.kubectl("get", "ms", "leaving", "-n", "$TENANT", "-o", "yaml"))
                .contains("MailServer " + operator.tenant() + "/leaving is deleted.");
        assertThat(yes.exitCode()).isZero();
        assertThat(operator.kubectl("get", "ms", "leaving", "-n", "$TENANT")).contains("NotFound");
    }

    @Test
    void whatWasCountedIsTold(ApiServer api) throws Exception {
        apply("counted");
        submitOne("counted");
        await().until(() -> installation.relay().queued() == 0);

        CommandResult counted = postrider(api, withRelay("usage", operator.tenant() + "/counted"));

        assertThat(counted.out()).as(counted.err())
                .startsWith("Mail of " + operator.tenant() + "/counted from ")
                .containsPattern("\n<none> +1 +1 ")
                .containsPattern("\nTOTAL +1 +1 ")
                .containsPattern("\n[^ ]+/counted +1 +0 +0\n");
        assertThat(counted.exitCode()).isZero();
        delete("counted");
    }

    private static CommandResult onTerminal(ApiServer api, String typed, String... arguments) {
        return CommandResult.run(Path.of("."), environment(api), typed, List.of("script", "--quiet", "--return",
                "--command", kubectl() + " postrider " + String.join(" ", arguments), "/dev/null"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            frobnicate                               | 2 | Try kubectl postrider --help
            queue lst                                | 2 | Try kubectl postrider queue --help
            status -n $TENANT -A                     | 2 | --namespace and --all-namespaces exclude each other
            test-send ms/nobody -n $TENANT           | 1 | There is no MailServer "nobody" in namespace $TENANT. See kubectl get ms -n $TENANT
            test-send pod/nobody -n $TENANT          | 2 | 'pod' is no kind of Postrider's; there are ms (MailServer), oms
            test-send oms/acme -n $TENANT --to you   | 2 | --to: "you" is no mail address
            test-send oms/acme --kind ms -n $TENANT  | 2 | --kind ms and oms/ exclude each other
            test-send oms/acme --timeout soon        | 2 | 'soon' is no duration; write it as 30s or 5m
            confirm-delete oms                       | 2 | Say kind and name, as oms acme
            confirm-delete oms a --confirm delete    | 2 | "delete" is not exactly Delete
            binding nobody -n $TENANT                | 1 | There is no OrganizationMailSettings "nobody"
            binding acme -n $TENANT --format toml    | 2 | expected one of [ENV, JSON, YAML, FILES]
            usage nobody                             | 2 | 'nobody' is not NAMESPACE/NAME
            usage a/b --installation $TENANT         | 1 | No relay is ready in namespace $TENANT
            status --context nowhere                 | 1 | There is no context "nowhere" in the kubeconfig. There are
            status --kubeconfig nowhere              | 1 | There is no file nowhere that can be read
            """, quoteCharacter = '`')
    void mistakesAreExplained(String arguments, int exit, String message, ApiServer api) {
        CommandResult result = postrider(api, arguments.replace("$TENANT", operator.tenant()).split(" ", -1));

        assertThat(result.err()).contains(message.replace("$TENANT", operator.tenant()));
        assertThat(result.exitCode()).isEqualTo(exit);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            te          | test-send
            queue re    | release remove retry
            queue li    | list
            status --al | --all-namespaces
            binding --f | --format
            us          | usage
            usage --mon | --month
            """)
    void kubectlCompletesTheCommandLine(String typed, String candidates, ApiServer api) {
        List<String> command = new ArrayList<>(List.of(kubectl().toString(), "__complete", "postrider"));
        command.addAll(List.of(typed.split(" ", -1)));

        assertThat(CommandResult.run(Path.of("."), environment(api), "", command).out().lines().sorted())
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(Stream.of(candidates.split(" ", -1)), Stream.of(":4")).toList());
    }
}
