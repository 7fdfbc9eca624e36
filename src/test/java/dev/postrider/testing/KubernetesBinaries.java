package dev.postrider.testing;

import io.fabric8.kubeapitest.KubeAPITestException;
import io.fabric8.kubeapitest.binary.BinaryDownloader;
import io.fabric8.kubeapitest.binary.OSInfo;
import java.io.File;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the programs of a real Kubernetes: those that {@code KUBEBUILDER_ASSETS} names, else those of the user's
 * cache, else it builds them from the Go module proxy, else kube-api-test downloads them.
 */
public final class KubernetesBinaries {
    /** As in {@code src/test/programs/kubernetes/go.mod}. */
    private static final String VERSION = "v1.36.3";

    private static final List<String> API_SERVER = List.of("etcd", "kube-apiserver", "kubectl");

    private final Map<String, String> environment;
    private final Path cache;

    KubernetesBinaries(Map<String, String> environment, Path cache) {
        this.environment = environment;
        this.cache = cache;
    }

    /** The programs as this machine has them. */
    public static KubernetesBinaries ofThisMachine() {
        return new KubernetesBinaries(System.getenv(), userCache().resolve("kubernetes").resolve(VERSION));
    }

    /** Where programs are kept that are built once for a machine. */
    static Path userCache() {
        return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .filter(value -> !value.isBlank())
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("postrider");
    }

    /**
     * The folder that holds {@code etcd}, {@code kube-apiserver} and {@code kubectl}.
     *
     * @throws IllegalStateException when there is no way to get them; the message says what to do
     */
    public Path apiServer() {
        var assets = environment.getOrDefault("KUBEBUILDER_ASSETS", "");
        if (!assets.isBlank()) {
            var folder = Path.of(assets);
            var missing = GoPrograms.missing(folder, API_SERVER);
            if (!missing.isEmpty()) {
                throw new IllegalStateException("KUBEBUILDER_ASSETS is " + folder + ", where " + missing
                        + " cannot be run; put it there, or unset the variable to have them built");
            }
            return folder;
        }
        return cachedOrBuilt(API_SERVER).or(this::downloaded)
                .orElseThrow(() -> new IllegalStateException(advice(API_SERVER,
                        "set KUBEBUILDER_ASSETS to a folder that has them (setup-envtest makes one)")));
    }

    /**
     * The program {@code helm}.
     *
     * @throws IllegalStateException when there is no way to get it; the message says what to do
     */
    public Path helm() {
        return onPath("helm").or(() -> cachedOrBuilt(List.of("helm")).map(folder -> folder.resolve("helm")))
                .orElseThrow(() -> new IllegalStateException(advice(List.of("helm"), "put helm on the PATH")));
    }

    static Optional<Path> onPath(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private Optional<Path> cachedOrBuilt(List<String> programs) {
        return GoPrograms.areIn(cache, programs) ? Optional.of(cache) : Optional.empty();
    }

    private Optional<Path> downloaded() {
        try {
            var downloader = new BinaryDownloader(cache.resolve("kube-api-test").toString(), new OSInfo());
            return Optional.of(downloader.downloadLatestWildcard(VERSION.substring(1, VERSION.lastIndexOf('.')) + ".*")
                    .toPath());
        } catch (KubeAPITestException | UncheckedIOException e) {
            System.err.println("[postrider] kube-api-test cannot download the API server: " + e.getMessage());
            return Optional.empty();
        }
    }

    private String advice(List<String> programs, String orElse) {
        return "these tests need " + programs + ", which " + cache + " does not have; Go to build them "
                + (GoPrograms.goIsInstalled() ? "could not (see above)" : "is not installed")
                + ". Install Go 1.26 or newer and run again, or " + orElse;
    }
}
