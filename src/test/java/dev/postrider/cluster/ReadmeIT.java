package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.testing.CommandResult;
import dev.postrider.testing.DocumentedCommands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * README.md, followed word by word as a new user would: its section on installing, and its example. Two things are
 * different: the image has been loaded in place of being pushed to registry.example.com, and a sink takes the part of
 * the server that is made up.
 */
@UsesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ReadmeIT {
    private static final Duration PATIENCE = Installation.PATIENCE;
    private static final String SYSTEM = "postrider-system";
    private static final Pattern TABLE_HEAD = Pattern.compile("(?m)^NAMESPACE .*$");

    @TempDir
    Path directory;
    private Cluster cluster;
    private boolean installed;

    @BeforeAll
    void install(Cluster cluster) throws IOException {
        this.cluster = cluster;
        assumeTrue(cluster.machineAddress().isPresent(), "on a cluster of your own nobody's definitions are removed");
        cluster.must("delete", "crds", "--ignore-not-found", "--timeout=60s", "mailservers.postrider.dev",
                "organizationmailsettings.postrider.dev", "licenseexpirynotices.postrider.dev");
        cluster.tag("registry.example.com/postrider:" + Cluster.TAG);

        installed = true;
        CommandResult done = cluster.paste(script("helm install"));

        assertThat(done.exitCode()).as(done.err()).isZero();
        assertThat(done.out()).contains("deployment \"postrider-operator\" successfully rolled out");
    }

    /** As the chart's README tells: what is declared first, while the operator is there to let it go. */
    @AfterAll
    void uninstall() {
        if (!installed) {
            return;
        }
        for (String where : List.of(SYSTEM, "acme", "examples")) {
            cluster.kubectl("-n", where, "get", "ms,oms", "-o", "name")
                    .out()
                    .lines()
                    .forEach(resource -> cluster
                            .kubectl("-n", where, "patch", resource, "--type=merge", "-p",
                                    "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}"));
            cluster.kubectl("-n", where, "delete", "len,oms,ms", "--all", "--timeout=60s");
        }
        cluster.must("delete", "namespace", "acme", "examples", "--ignore-not-found", "--wait=false");
        assertThat(cluster.helm("uninstall", "postrider", "--namespace", SYSTEM, "--wait").exitCode()).isZero();
        cluster.must("delete", "namespace", SYSTEM, "--timeout=120s");
    }

    @Test
    void theExampleBecomesReadyAsShownOnceItsServerExists() throws IOException {
        Files.writeString(directory.resolve("mail.yaml"), example());
        CommandResult applied = cluster.paste("cd " + directory + "\n" + script("kubectl create namespace acme"));
        assertThat(applied.exitCode()).as(applied.err()).isZero();

        cluster.await(PATIENCE, "NameResolution", "-n", SYSTEM, "get", "ms", "company");
        takesThePartOfTheCompanysServer();

        await().atMost(PATIENCE).untilAsserted(() -> {
            String tables = cluster.paste(script("kubectl get ms,oms,len -A")).out();
            assertThat(tables).containsPattern("company .*True +Accepted").containsPattern("acme .*True +MailWorks");
            assertThat(heads(tables)).isEqualTo(heads(output("kubectl get ms,oms,len -A")));
        });
        CommandResult tested = cluster.paste(script("helm test"));
        assertThat(tested.out() + tested.err()).contains("Phase:          Succeeded");
    }

    @Test
    void everyExampleIsTakenAndGetsAStatus() throws IOException {
        cluster.must("create", "namespace", "examples");
        try (Stream<Path> files = Files.walk(Path.of("examples"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".yaml"))
                    .filter(file -> !file.startsWith("examples/invalid") && !file.startsWith("examples/quickstart"))
                    .sorted()
                    .toList()) {
                cluster.must("-n", "examples", "apply", "--server-side", "-f", file.toString());
            }
        }

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(cluster.must("-n", "examples", "get", "ms,oms,len", "-o",
                        "jsonpath={range .items[*]}{.kind} {.metadata.name} "
                                + "{.status.conditions[?(@.type=='Ready')].reason}{\"\\n\"}{end}"))
                        .isNotBlank()
                        .doesNotContainPattern("(?m) $")
                        .doesNotContainPattern("(?m) InProgress$"));
        assertThat(cluster.must("-n", SYSTEM, "logs", "deployment/postrider-operator")).doesNotContain(" ERROR ");
    }

    private void takesThePartOfTheCompanysServer() {
        // The Service first: until the node knows of it, connections to it go nowhere and end after a minute.
        cluster.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: company, namespace: %1$s}
                spec: {selector: {app: company}, ports: [{port: 2525}]}
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: company, namespace: %1$s, labels: {app: company}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: sink
                      image: %2$s:%3$s
                      imagePullPolicy: Never
                      args: [sink, --bind=0.0.0.0, --port=2525]
                      readinessProbe: {tcpSocket: {port: 2525}, periodSeconds: 1}
                """.formatted(SYSTEM, Cluster.IMAGE, Cluster.TAG));
        cluster.must("-n", SYSTEM, "wait", "--for=condition=Ready", "--timeout=60s", "pod/company");
        String host = "company." + SYSTEM + ".svc";
        cluster.must("-n", SYSTEM, "annotate", "--overwrite", "secret", "company-login", "postrider.dev/hosts=" + host);
        cluster.must("-n", SYSTEM, "patch", "ms", "company", "--type=merge", "-p", """
                {"spec":{"smtp":{"host":"%s","port":2525,"security":"None","allowPlaintextAuthentication":true}}}
                """.formatted(host));
    }

    private static DocumentedCommands commands(String start) throws IOException {
        return DocumentedCommands.ofThisProject()
                .stream()
                .filter(block -> block.file().equals("README.md") && block.script().startsWith(start))
                .findFirst()
                .orElseThrow();
    }

    private static String script(String start) throws IOException {
        return commands(start).script();
    }

    private static String output(String start) throws IOException {
        return commands(start).output();
    }

    /** The first block of YAML in the README. */
    private static String example() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        int start = readme.indexOf("```yaml\n") + "```yaml\n".length();
        return readme.substring(start, readme.indexOf("```", start));
    }

    /** The columns of each table, in words. */
    private static List<List<String>> heads(String tables) {
        return TABLE_HEAD.matcher(tables)
                .results()
                .map(head -> List.of(head.group().strip().split(" +", -1)))
                .toList();
    }
}
