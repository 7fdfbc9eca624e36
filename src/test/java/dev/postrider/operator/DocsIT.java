package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.DocumentedCommands;
import dev.postrider.testing.InstalledProgram;
import dev.postrider.testing.KubernetesBinaries;
import dev.postrider.testing.LeftOut;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands of README.md and docs, as somebody would paste them. */
@UsesApiServer
final class DocsIT {
    /**
     * What becomes of each block. Those of one situation run one after the other in the same directory.
     *
     * <p>
     * How it ends: the exit code, or Ctrl-C once it has said the last column, a regular expression. That column is
     * {@code (as shown)} where the output must be that of the documentation, and for those that are not run the reason.
     */
    // @formatter:off
    private static final String TABLE = """
            file              | starts with                                             | situation | ends   | says
            README.md         | mvn -Pquickstart                                        | checkout  | 0      | All mails arrived.
            README.md         | mvn verify                                              | not run   |        | it runs this test
            README.md         | mvn -Pimage                                             | not run   |        | mvn verify -Pcluster builds the image
            README.md         | helm install postrider                                  | helm      | 0      | successfully rolled out
            README.md         | kubectl create namespace acme                           | not run   |        | ReadmeIT runs it on a node
            README.md         | helm test postrider                                     | not run   |        | ReadmeIT runs it on a node
            README.md         | kubectl get ms,oms,len -A                               | cluster   | 0      | (columns as shown)
            docs/bindings.md  | kubectl -n acme annotate --overwrite oms/acme            | cluster   | 0      | organizationmailsettings.postrider.dev/acme annotated
            docs/bindings.md  | kubectl label namespace shop                            | cluster   | 0      | namespace/shop labeled
            docs/connect.md   | openssl req -x509                                       | not run   |        | it needs an application at Microsoft
            docs/connect.md   | kubectl -n acme create secret generic google            | not run   |        | it needs a service account at Google
            docs/connect.md   | kubectl -n acme create configmap acme-ca                 | not run   |        | it needs an authority's certificate
            docs/connect.md   | kubectl -n postrider-system annotate configmap           | not run   |        | SubmitterKeysIT annotates it
            docs/connect.md   | kubectl -n postrider-system patch secret                 | not run   |        | SubmitterKeysIT removes a key
            docs/connect.md   | openssl s_client                                        | not run   |        | it asks a server that is made up
            docs/gitops.md    | kubectl -n argocd patch configmap argocd-cm              | cluster   | 0      | configmap/argocd-cm patched
            docs/gitops.md    | cd docs/gitops/sops                                      | not run   |        | GitOpsExamplesIT runs sops
            docs/gitops.md    | kubectl kustomize docs/gitops                            | alone     | 0      | 2 resources in 1 file: no problems
            docs/kubectl.md   | kubectl postrider status -n acme                        | cluster   | 0      | Namespace acme: all 2 resources are Ready
            docs/kubectl.md   | kubectl postrider status -A --senders                   | cluster   | 0      | senderDomains: Granted would refuse no sender of
            docs/kubectl.md   | kubectl postrider test-send                             | cluster   | 0      | MailServer acme/own: accepted
            docs/kubectl.md   | kubectl postrider confirm-delete                        | not run   |        | KubectlPluginIT deletes, with and without a person
            docs/kubectl.md   | kubectl postrider binding                               | cluster   | 0      | username: "acme.acme"
            docs/kubectl.md   | source <(java -jar target/postrider.jar completion)     | alone     | 0      |
            docs/kubectl.md   | man -M target/share/man                                 | alone     | 0      | status - Shows the mail servers
            docs/local.md     | java -jar target/postrider.jar check examples/quickstart | alone     | 0      | (as shown)
            docs/local.md     | java -jar target/postrider.jar check examples/invalid   | alone     | 1      | (as shown)
            docs/local.md     | java -jar target/postrider.jar sink --port 2525 &       | local     | Ctrl-C | acme-mail +True +MailWorks
            docs/local.md     | java -jar target/postrider.jar local examples/quickstart --listen 2587 --state | local | 0 | acme-mail +True +MailWorks
            docs/local.md     | cd /tmp/postrider/bindings                              | local     | 0      | 250 2.0.0 queued as
            docs/local.md     | java -jar target/postrider.jar send                     | local     | 0      | taken by the relay: 250 2.0.0 queued as
            docs/local.md     | java -jar target/postrider.jar queue list --local       | local     | 0      | TOTAL
            docs/local.md     | java -jar target/postrider.jar sink --port 2525 --save  | sink      | Ctrl-C | listening
            docs/local.md     | java -jar target/postrider.jar sink --port 2527 --tls   | tls       | 0      | Accepted
            docs/notices.md   | mkdir -p /tmp/postrider-notice                           | alone     | 0      | (as shown)
            docs/notices.md   | java -jar target/postrider.jar notice preview           | alone     | 0      | 有効期限まで残り20日
            docs/performance.md | bench/operator.sh                                     | not run   |        | it measures, and takes minutes
            docs/performance.md | bench/relay.sh                                        | not run   |        | it measures, and takes minutes
            docs/queue.md     | postrider queue list                                    | not run   |        | QueueCommandTest runs these commands
            docs/relay.md     | cd /bindings/mail                                       | local     | 0      | 250 2.0.0 queued as
            docs/relay.md     | mkdir -p /tmp/postrider-dkim                            | cluster   | 0      | mail2\\._domainkey\\.acme\\.example\\. IN TXT "v=DKIM1; k=ed25519; p=
            docs/relay.md     | kubectl -n postrider-system create secret               | not run   |        | it needs a PostgreSQL that the cluster reaches
            docs/relay.md     | postrider queue move                                    | not run   |        | QueueMoveTest moves queues
            docs/replies.md   | java -jar target/postrider.jar check --values           | alone     | 0      | (as shown)
            docs/resources.md | kubectl -n acme annotate mailserver own                 | cluster   | 0      | mailserver.postrider.dev/own annotated
            docs/resources.md | kubectl -n acme patch organizationmailsettings acme     | cluster   | 0      | "acme" deleted
            docs/resources.md | kubectl -n acme get ms,oms -o name                      | cluster   | 0      | mailserver.postrider.dev/own patched
            docs/resources.md | for resource in $(kubectl                               | not run   |        | WatchedNamespaceIT runs it on a node
            docs/security.md  | kubectl postrider status -A --senders                   | cluster   | 0      | senderDomains: Granted would refuse no sender of
            docs/usage.md     | postrider usage                                         | not run   |        | UsageCommandTest runs these commands
            """;
    // @formatter:on
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    @TempDir
    Path directory;

    private final Deque<Process> started = new ArrayDeque<>();

    /** A line of the table. */
    private record Row(String file, String start, String situation, String ends, String says) {
        static List<Row> all() {
            return TABLE.lines().skip(1).map(line -> line.split(" *\\| *", -1)).map(Row::of).toList();
        }

        private static Row of(String[] columns) {
            return new Row(columns[0], columns[1], columns[2], columns[3], columns[4]);
        }

        boolean isOf(DocumentedCommands commands) {
            return commands.file().equals(file) && commands.script().startsWith(start);
        }
    }

    @Test
    void everyBlockIsInTheTableOnceAndEveryLineOfTheTableIsABlock() throws IOException {
        List<DocumentedCommands> documented = DocumentedCommands.ofThisProject();

        assertThat(documented)
                .allSatisfy(block -> assertThat(Row.all()).as("lines of the table for %s:%s", block.file(),
                        block.line()).filteredOn(row -> row.isOf(block)).hasSize(1));
        assertThat(Row.all()).hasSameSizeAs(documented);
    }

    @ParameterizedTest
    @ValueSource(strings = {"alone", "local", "sink", "tls"})
    void whatNeedsNoClusterWorks(String situation, ApiServer api) throws Exception {
        prepare();
        runAll(situation, api);
    }

    @Test
    void theQuickstartWorksInAFreshCheckout(ApiServer api) throws Exception {
        for (String part : List.of("pom.xml", "src", "crds", "examples")) {
            copy(Path.of(part), directory.resolve(part));
        }
        runAll("checkout", api);
    }

    /** The test is the Deployment controller: it says that the pods are there. */
    @Test
    void theChartIsInstalledAsTheReadmeSays() throws Exception {
        prepare();
        try (ApiServer empty = ApiServer.start()) {
            // The chart brings them, and takes over none that another has installed.
            empty.kubectl("delete", "crd", "--all");
            var controller = CompletableFuture.runAsync(() -> {
                var deployment = empty.client()
                        .apps()
                        .deployments()
                        .inNamespace("postrider-system")
                        .withName("postrider-operator");
                await().atMost(PATIENCE).until(deployment::get, Objects::nonNull);
                deployment.subresource("status")
                        .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"status\":{\"observedGeneration\":1,"
                                + "\"replicas\":1,\"updatedReplicas\":1,\"readyReplicas\":1,\"availableReplicas\":1}}");
            }, Thread::startVirtualThread);
            runAll("helm", empty);
            controller.join();
        }
    }

    @Test
    void whatIsSaidOfAClusterWorksThere() throws Exception {
        prepare();
        try (ApiServer api = ApiServer.start(); var upstream = ScriptedSmtpServer.start()) {
            api.kubectl("create", "namespace", "acme");
            api.kubectl("create", "namespace", "argocd");
            api.kubectl("create", "namespace", "shop");
            api.kubectl("create", "configmap", "argocd-cm", "-n", "argocd");
            try (var installation = new RunningInstallation(api, directory.resolve("queue"),
                    "globalServerPolicy: Optional\n", "acme")) {
                installation.operator().apply("""
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                        metadata: {name: own, namespace: acme}
                        spec:
                          smtp: {host: 127.0.0.1, port: %d, security: None}
                          test: {recipient: postmaster@acme.example}
                        ---
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: acme, namespace: acme}
                        spec:
                          servers: [{name: own}]
                          identity: {from: {address: no-reply@acme.example}}
                        """.formatted(upstream.port()));
                installation.operator().startRelay();
                installation.awaitOrganization("acme", "acme", "Ready", Condition.Status.True, "MailWorks");
                runAll("cluster", api);
                await().until(() -> upstream.messages().size() == 3);
            }
        }
    }

    /** A directory with what is in the project and was built. */
    private void prepare() throws IOException {
        copy(Path.of("examples"), directory.resolve("examples"));
        copy(Path.of("helm"), directory.resolve("helm"));
        copy(Path.of("docs"), directory.resolve("docs"));
        Files.createSymbolicLink(directory.resolve("target"), Path.of("target").toAbsolutePath());
        Files.createDirectory(directory.resolve("tmp"));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private void runAll(String situation, ApiServer api) throws Exception {
        var ports = new DocumentedPorts();
        try (Stream<Path> manifests = Files.walk(directory.resolve("examples"))) {
            for (Path file : manifests.filter(Files::isRegularFile).toList()) {
                Files.writeString(file, ports.replaceIn(Files.readString(file)));
            }
        }
        try {
            for (DocumentedCommands block : DocumentedCommands.ofThisProject()) {
                for (Row row : Row.all()) {
                    if (row.isOf(block) && row.situation().equals(situation)) {
                        run(row, block, ports, api);
                    }
                }
            }
        } finally {
            for (Process process : started) {
                new ProcessBuilder("bash", "-c", "kill -KILL -- -" + process.pid() + " 2>/dev/null").start().waitFor();
            }
        }
    }

    private void run(Row row, DocumentedCommands block, DocumentedPorts ports, ApiServer api)
            throws Exception {
        String where = block.file() + ":" + block.line();
        for (InstalledProgram program : List.of(InstalledProgram.SWAKS, InstalledProgram.MVN, InstalledProgram.MAN)) {
            if (block.script().contains(program.command() + " ") && !program.isUsable()) {
                LeftOut.note("the commands of " + where, program.lack());
                return;
            }
        }
        String script = ports.replaceIn(block.script())
                .replace("/tmp/", directory.resolve("tmp") + "/")
                .replace("/bindings/mail", directory.resolve("tmp/postrider/bindings/acme/acme-mail").toString());
        Path out = Files.createTempFile(directory, "out", ".txt");
        Process process = process(script, out, api);
        started.push(process);
        boolean stays = row.ends().equals("Ctrl-C");
        if (!row.says().startsWith("(")) {
            // What runs in the background may say it after the shell has ended.
            await().alias(where + ": " + script)
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(Files.readString(out)).containsPattern(row.says()));
        }
        if (stays) {
            foreground(process).destroy();
        }
        await().alias(where).atMost(PATIENCE).until(() -> !process.isAlive());
        String said = Files.readString(out);
        if (!stays) {
            assertThat(process.exitValue()).as("%s: %s\n%s", where, script, said)
                    .isEqualTo(Integer.parseInt(row.ends()));
        }
        switch (row.says()) {
            case "(as shown)" -> assertThat(said).isEqualTo(block.output());
            case "(columns as shown)" -> assertThat(columns(said)).isEqualTo(columns(block.output())).isNotEmpty();
            default -> {
            }
        }
    }

    private static List<String> columns(String table) {
        return table.lines().filter(l -> l.startsWith("NAME")).map(l -> l.strip().replaceAll(" +", " ")).toList();
    }

    /**
     * What Ctrl-C would reach: what the shell started last and not what runs in the background; or the shell itself, for
     * it gives its place to the last command of a script.
     */
    private static ProcessHandle foreground(Process shell) {
        if (shell.info().command().filter(program -> program.endsWith("bash")).isEmpty()) {
            return shell.toHandle();
        }
        return shell.children()
                .max(Comparator.comparing((ProcessHandle child) -> child.info().startInstant().orElseThrow())
                        .thenComparingLong(ProcessHandle::pid))
                .orElseThrow();
    }

    private Process process(String script, Path out, ApiServer api) throws IOException {
        var builder = new ProcessBuilder("setsid", "bash", "-euo", "pipefail", "-c", script)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile());
        var binaries = KubernetesBinaries.ofThisMachine();
        var environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("MAVEN_"));
        environment.put("PATH", String.join(File.pathSeparator,
                Path.of("bin").toAbsolutePath().toString(),
                Path.of(System.getProperty("java.home"), "bin").toString(), binaries.apiServer().toString(),
                String.valueOf(binaries.helm().getParent()), environment.get("PATH")));
        environment.put("KUBECONFIG", api.kubeconfig().toString());
        environment.put("XDG_STATE_HOME", directory.resolve("state").toString());
        for (String kind : List.of("CACHE", "CONFIG", "DATA")) {
            environment.put("HELM_" + kind + "_HOME", directory.resolve("helm-home").toString());
        }
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }
}
