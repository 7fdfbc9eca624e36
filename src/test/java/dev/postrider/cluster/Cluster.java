package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.CommandResult;
import dev.postrider.testing.ConsumerPrograms;
import dev.postrider.testing.KubernetesBinaries;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * The cluster that {@code POSTRIDER_TEST_KUBECONFIG} names, which must have the images, or else a node on this machine
 * ({@code src/test/cluster/cluster}), which goes on running for the next tests.
 */
final class Cluster {
    /** The image under test, as the profile {@code image} makes it. */
    static final String IMAGE = "postrider/postrider";
    static final String TAG = "0.2.0";
    private static final String PREVIOUS_TAG = "0.1.0";

    /** Python, msmtp and Django, if it can be had, for pods that play applications. */
    static final String APPLICATION_IMAGE = "postrider.dev/application:1";

    private static final Path SCRIPTS = Path.of("src/test/cluster").toAbsolutePath();
    private static @Nullable Cluster shared;

    private final Path kubeconfig;
    private final boolean ownNode;
    private final Path kubectl;
    private final Path helm;
    private final AtomicInteger names = new AtomicInteger();

    private Cluster(Path kubeconfig, boolean ownNode) {
        this.kubeconfig = kubeconfig;
        this.ownNode = ownNode;
        KubernetesBinaries binaries = KubernetesBinaries.ofThisMachine();
        this.kubectl = binaries.apiServer().resolve("kubectl");
        this.helm = binaries.helm();
    }

    /** The cluster that all tests share. */
    static synchronized Cluster shared() {
        if (shared == null) {
            String given = System.getenv().getOrDefault("POSTRIDER_TEST_KUBECONFIG", "");
            shared = given.isBlank() ? onThisMachine() : new Cluster(Path.of(given), false);
        }
        return shared;
    }

    private static Cluster onThisMachine() {
        Instant begun = Instant.now();
        CommandResult up = script("cluster", "up");
        if (up.exitCode() != 0) {
            throw new IllegalStateException("the node did not come up: " + up.err());
        }
        say(up.err().strip());
        Cluster cluster = new Cluster(Path.of(up.out().strip()), true);
        cluster.load(Path.of("target/jib-image.tar"));
        Path application = Path.of("target/application-image.tar");
        List<String> image = new ArrayList<>(List.of(SCRIPTS.resolve("application-image").toString()));
        django().map(Path::toString).ifPresent(image::add);
        write(application, image);
        cluster.load(application);
        say("cluster and images ready after " + Duration.between(begun, Instant.now()).toSeconds() + " s");
        return cluster;
    }

    private static Optional<Path> django() {
        return ConsumerPrograms.DJANGO.command().map(_ -> ConsumerPrograms.djangoPackages());
    }

    /** Whether Django is in the image of the pods that play applications. */
    boolean applicationsHaveDjango() {
        return ownNode && django().isPresent();
    }

    private void load(Path image) {
        if (!Files.exists(image)) {
            throw new IllegalStateException(image + " is not there; mvn verify -Pcluster makes it");
        }
        CommandResult loaded = script("cluster", "load", image.toAbsolutePath().toString());
        assertThat(loaded.exitCode()).as(loaded.err()).isZero();
    }

    private static CommandResult script(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve(name).toString()));
        command.addAll(Arrays.asList(arguments));
        return CommandResult.run(Path.of("."), Map.of(), "", command);
    }

    private static void write(Path file, List<String> command) {
        try {
            Process process = new ProcessBuilder(command).redirectOutput(file.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            assertThat(process.waitFor()).as(command.toString()).isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Prints one line for whoever waits. */
    static void say(String line) {
        System.err.println("[cluster] " + line.replace("[cluster] ", ""));
    }

    /** Where pods find servers that the tests run on this machine; none in a cluster that is elsewhere. */
    Optional<String> machineAddress() {
        return ownNode ? Optional.of("10.212.0.1") : Optional.empty();
    }

    /**
     * The tag of what plays the image of the version before: here the same image, by which the upgrade is still one from
     * pod to pod; none in a cluster that is elsewhere, where it stays {@link #TAG}.
     */
    String previousTag() {
        if (!ownNode) {
            return TAG;
        }
        tag("docker.io/" + IMAGE + ":" + PREVIOUS_TAG);
        return PREVIOUS_TAG;
    }

    /** Gives the image under test one more name, as if it had been pulled by that. */
    void tag(String name) {
        CommandResult tagged = script("cluster", "tag", "docker.io/" + IMAGE + ":" + TAG, name);
        assertThat(tagged.exitCode()).as(tagged.err()).isZero();
    }

    /** Runs what somebody would paste, with kubectl and helm on the PATH, in the checkout. */
    CommandResult paste(String commands) {
        return CommandResult.run(Path.of("."), Map.of("KUBECONFIG", kubeconfig.toString(), "PATH", kubectl.getParent()
                + File.pathSeparator + helm.getParent() + File.pathSeparator + System.getenv("PATH")), "",
                List.of("bash", "-euo", "pipefail", "-c", commands));
    }

    /** A name that no other test has. */
    String newName(String prefix) {
        return prefix + "-" + Long.toString(System.currentTimeMillis() / 1000, 36) + names.incrementAndGet();
    }

    /** Runs kubectl with all rights. */
    CommandResult kubectl(String... arguments) {
        return kubectlWithInput("", arguments);
    }

    /** Runs kubectl with all rights, and with something to read. */
    CommandResult kubectlWithInput(String input, String... arguments) {
        return run(kubectl, Map.of(), input, arguments);
    }

    /** What kubectl prints, which must not fail. */
    String must(String... arguments) {
        CommandResult result = kubectl(arguments);
        assertThat(result.exitCode()).as("kubectl %s: %s%s", String.join(" ", arguments), result.out(), result.err())
                .isZero();
        return result.out();
    }

    /** Applies manifests, which must not fail. */
    void apply(String manifests, String... options) {
        List<String> arguments = new ArrayList<>(List.of("apply", "-f", "-"));
        arguments.addAll(Arrays.asList(options));
        CommandResult result = kubectlWithInput(manifests, arguments.toArray(String[]::new));
        assertThat(result.exitCode()).as(result.err()).isZero();
    }

    /** Runs helm. */
    CommandResult helm(String... arguments) {
        return run(helm, Map.of("HELM_CACHE_HOME", "target/helm", "HELM_CONFIG_HOME", "target/helm", "HELM_DATA_HOME",
                "target/helm"), "", arguments);
    }

    private CommandResult run(Path program, Map<String, String> more, String input, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(Arrays.asList(arguments));
        Map<String, String> environment = new HashMap<>(more);
        environment.put("KUBECONFIG", kubeconfig.toString());
        return CommandResult.run(Path.of("."), environment, input, command);
    }

    /** Waits until kubectl prints a text. */
    void await(Duration patience, String expected, String... arguments) {
        Awaitility.await()
                .atMost(patience)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> {
                    CommandResult result = kubectl(arguments);
                    assertThat(result.out() + result.err()).contains(expected);
                });
    }
}
