package dev.postrider.gitops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.GoModules;
import dev.postrider.testing.InstalledProgram;
import dev.postrider.testing.KubernetesBinaries;
import dev.postrider.testing.Sops;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The files of {@code docs/gitops}, with the programs and the kinds of those that they are for. The kinds come out of
 * the projects' own Go modules; where there is no Go, what needs them is left out, and that is said.
 */
@Tag("apiserver")
final class GitOpsExamplesIT {
    private static final Path FOLDER = Path.of("docs/gitops");
    private static final Path REPOSITORY = FOLDER.resolve("repository");
    private static ApiServer server;

    @TempDir
    Path directory;

    /** A server of its own, since the kinds of others would be in the way of other tests. */
    @BeforeAll
    static void start() {
        server = ApiServer.start();
        for (String namespace : List.of("argocd", "flux-system", "postrider-system", "acme", "globex")) {
            assertThat(server.kubectl("create", "namespace", namespace).err()).isEmpty();
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest(name = "{2}")
    @CsvSource(delimiter = '|', textBlock = """
            github.com/fluxcd/source-controller    | v1.7.0 | flux/sources.yaml        | config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml
            github.com/fluxcd/kustomize-controller | v1.7.3 | flux/kustomizations.yaml | config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml
            github.com/fluxcd/helm-controller      | v1.4.0 | flux/postrider           | config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml
            github.com/fluxcd/helm-controller      | v1.4.0 | flux/organizations-release | config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml
            github.com/argoproj/argo-cd/v3         | v3.5.0 | argocd/applications.yaml | manifests/crds/application-crd.yaml
            github.com/external-secrets/external-secrets | v1.3.2 | repository/mail/production | config/crds/bases/external-secrets.io_externalsecrets.yaml
            """)
    void theKindsOfOthersTakeTheirExamples(String module, String version, String example, String kind) {
        Optional<Path> folder = GoModules.folder(module, version);
        assumeTrue(folder.isPresent(), module + " cannot be had here");
        var installed = server.kubectl("apply", "--server-side", "-f", folder.get().resolve(kind).toString());
        assertThat(installed.err()).isEmpty();

        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertTaken(rendered(FOLDER.resolve(example))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"argocd/argocd-cm.yaml", "sops/company-login.yaml", "repository/mail/base"})
    void theApiServerTakesTheOthers(String example) {
        assertTaken(rendered(FOLDER.resolve(example)));
    }

    @Test
    void theChartOfOrganizationsMakesOneOfEachEntryAndConfirmsDeletions() {
        var result = run(Path.of("."), "helm", "template", "organizations", REPOSITORY + "/organizations", "--set",
                "organizations[0].name=acme,organizations[0].from=a@acme.example,organizations[0].displayName=A"
                        + ",organizations[0].deletionConfirmation=Delete");

        assertTaken(result.out());
        assertThat(result.out()).contains("deletionConfirmation: Delete");
    }

    @Test
    void everyFileIsUnderOneOfTheseTests() throws IOException {
        var known = new TreeSet<>(List.of("flux", "argocd", "sops", "repository", "check.yaml",
                "pre-commit-config.yaml"));
        try (Stream<Path> files = Files.list(FOLDER)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrderElementsOf(known);
        }
        try (Stream<Path> files = Files.walk(FOLDER)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".yaml") && !f.toString().contains("templates"))
                    .toList()) {
                assertThat(yaml(file).isObject()).as(file.toString()).isTrue();
            }
        }
    }

    @Test
    void theWorkflowPassesWhatIsRightAndStopsWhatIsNot() throws IOException {
        copy(REPOSITORY, directory);
        Files.createDirectory(directory.resolve(".postrider"));
        Files.createSymbolicLink(directory.resolve(".postrider/target"), Path.of("target").toAbsolutePath());
        var steps = new ArrayList<String>();
        yaml(FOLDER.resolve("check.yaml")).at("/jobs/check/steps").forEach(step -> {
            if (step.has("run") && !step.get("run").textValue().startsWith("mvn ")) {
                steps.add(step.get("run").textValue());
            }
        });
        assertThat(steps).hasSize(2).allSatisfy(step -> {
            var result = run(directory, "bash", "-eo", "pipefail", "-c", step);
            assertThat(result.exitCode()).as(step + result).isZero();
            assertThat(result.out()).contains("in 1 file: no problems").doesNotContain(": 0 resources");
        });

        Path server = directory.resolve("mail/base/mail-server.yaml");
        Files.writeString(server, Files.readString(server).replace("  sender:", "    port: 0\n  sender:"));
        var result = run(directory, "bash", "-eo", "pipefail", "-c", steps.getFirst());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).contains("spec.smtp.port: Invalid value: 0")
                .contains("(MailServer postrider-system/company)");

        Files.delete(server);
        assertThat(run(directory, "bash", "-eo", "pipefail", "-c", steps.getFirst()).exitCode()).isNotZero();
    }

    @Test
    void theHookChecksTheFilesThatItIsGiven() throws IOException {
        JsonNode hook = yaml(Path.of(".pre-commit-hooks.yaml")).get(0);
        assertThat(yaml(FOLDER.resolve("pre-commit-config.yaml")).at("/repos/0/hooks/0/id")).isEqualTo(hook.get("id"));
        Path entry = Path.of(hook.get("entry").textValue()).toAbsolutePath();
        Path wrong = Path.of("examples/invalid/port-zero.yaml").toAbsolutePath();

        assertThat(run(directory, entry.toString(), REPOSITORY.resolve("mail/base/mail-server.yaml")
                .toAbsolutePath()
                .toString()).exitCode()).isZero();
        var result = run(directory, entry.toString(), wrong.toString());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).contains("port-zero.yaml:9: spec.smtp.port: Invalid value: 0");
    }

    @Test
    void theRealPreCommitRunsTheHook() throws IOException {
        InstalledProgram.PRE_COMMIT.require();
        assumeTrue(Files.exists(Path.of(".git")), "these sources are not in a git repository");
        assertThat(run(Path.of("."), "pre-commit", "validate-manifest", ".pre-commit-hooks.yaml").exitCode()).isZero();
        copy(REPOSITORY, directory);
        run(directory, "git", "init", "-q");
        String config = Files.readString(FOLDER.resolve("pre-commit-config.yaml"));
        String commit = run(Path.of("."), "git", "rev-parse", "HEAD").out().strip();
        Files.writeString(directory.resolve(".pre-commit-config.yaml"),
                config.replaceAll("https://.*", Path.of("").toAbsolutePath().toString())
                        .replaceAll("rev: .*", "rev: " + commit));
        run(directory, "git", "add", ".");

        var result = run(directory, "pre-commit", "run", "--all-files");
        assertThat(result.exitCode()).as(result.toString()).isZero();
        assertThat(result.out()).contains("postrider check").contains("Passed");

        Path server = directory.resolve("mail/base/mail-server.yaml");
        Files.writeString(server, Files.readString(server).replace("  sender:", "    port: 0\n  sender:"));
        run(directory, "git", "add", ".");
        var refused = run(directory, "pre-commit", "run", "--all-files");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.out()).contains("mail/base/mail-server.yaml:").contains("spec.smtp.port: Invalid value: 0");
    }

    @Test
    void sopsLeavesWhatPostriderNeedsReadable() throws IOException {
        Optional<Sops> sops = Sops.withKeyIn(directory);
        assumeTrue(sops.isPresent(), "no Go here to build sops with");
        copy(FOLDER.resolve("sops"), directory.resolve("secrets"));
        Path secrets = directory.resolve("secrets");
        Path rules = secrets.resolve(".sops.yaml");
        Files.writeString(rules, Files.readString(rules).replaceAll("age1\\w+", sops.get().publicKey()));

        sops.get().run(secrets, "encrypt", "--in-place", "company-login.yaml");

        String encrypted = Files.readString(secrets.resolve("company-login.yaml"));
        assertThat(encrypted).contains("postrider.dev/credentials: \"true\"")
                .contains("postrider.dev/hosts: smtp.company.example")
                .contains("password: ENC[")
                .doesNotContain("change-me");
        Path server = Files.copy(REPOSITORY.resolve("mail/base/mail-server.yaml"), secrets.resolve("server.yaml"));
        Files.writeString(server, Files.readString(server)
                .replace("test.company", "company")
                .replace("  name: company\n", "  name: company\n  namespace: postrider-system\n"));
        var checked = run(directory, "java", "-jar", Path.of("target/postrider.jar").toAbsolutePath().toString(),
                "check", "secrets");
        assertThat(checked.exitCode()).as(checked.toString()).isZero();
        assertThat(checked.out()).contains("warning: sops: encrypted by SOPS; its values are not checked")
                .contains("2 resources in 2 files: no problems, 1 warning");
        assertTaken(sops.get().run(secrets, "decrypt", "company-login.yaml"));
    }

    /** What is applied of a file, or of a folder for Kustomize. */
    private static String rendered(Path example) {
        if (!Files.isDirectory(example)) {
            try {
                return Files.readString(example);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
        var result = run(Path.of("."), "kubectl", "kustomize", example.toString());
        assertThat(result.err()).isEmpty();
        return result.out();
    }

    private static void assertTaken(String manifests) {
        var result = server.kubectlWithInput(manifests, "apply", "--server-side", "--validate=strict",
                "--dry-run=server", "-f", "-");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines()).isNotEmpty()
                .allMatch(line -> line.endsWith("serverside-applied (server dry run)"));
    }

    private static JsonNode yaml(Path file) throws IOException {
        return new YAMLMapper().readTree(Files.readString(file));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (!Files.isDirectory(copy)) {
                    Files.copy(file, copy);
                }
            }
        }
    }

    private static CommandResult run(Path directory, String... command) {
        var binaries = KubernetesBinaries.ofThisMachine();
        var environment = new HashMap<String, String>();
        environment.put("PATH", String.join(File.pathSeparator,
                Path.of(System.getProperty("java.home"), "bin").toString(), binaries.apiServer().toString(),
                String.valueOf(binaries.helm().getParent()), System.getenv("PATH")));
        environment.put("POSTRIDER_JAR", Path.of("target/postrider.jar").toAbsolutePath().toString());
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        // By env, so that programs are looked for on that PATH and not on this process's own.
        var line = new ArrayList<>(List.of("env"));
        line.addAll(Arrays.asList(command));
        return CommandResult.run(directory, Map.copyOf(environment), "", line);
    }
}
