package dev.postrider.cli.cluster;

import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Which cluster is meant, and who asks; named as kubectl names it. */
public final class ClusterOptions {
    @Option(names = "--kubeconfig", paramLabel = "FILE", description = "The kubeconfig. Default: $KUBECONFIG, else "
            + "~/.kube/config.")
    @Nullable
    Path kubeconfig;

    @Option(names = "--context", paramLabel = "NAME", description = "A context of the kubeconfig. Default: the "
            + "current one.")
    @Nullable
    String context;

    // @formatter:on

    /** A client, to be closed by who asked. */
    public KubernetesClient connect() throws IOException {
        if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
            throw new IOException("There is no file " + kubeconfig + " that can be read. --kubeconfig names one");
        }
        Config config = kubeconfig == null
                ? Config.autoConfigure(context)
                : Config.fromKubeconfig(context, kubeconfig.toFile());
        checkContext(config);
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    /** A context that is not there leaves the current one in place: what was meant for one cluster would hit another. */
    private void checkContext(Config config) throws IOException {
        List<String> contexts = Objects.requireNonNullElse(config.getContexts(), List.<NamedContext>of())
                .stream()
                .map(NamedContext::getName)
                .toList();
        if (context != null && !contexts.contains(context)) {
            throw new IOException("There is no context \"" + context + "\" in the kubeconfig. There "
                    + (contexts.isEmpty() ? "is none" : "are " + String.join(", ", contexts)));
        }
    }

    /** What somebody works with while there is a client. */
    @FunctionalInterface
    interface Work<T> {
        T with(KubernetesClient client) throws IOException, InterruptedException;
    }

    /**
     * Does something with a client.
     *
     * @throws IOException what the API server says against it, in a sentence that says what to do
     */
    <T> T with(Work<T> work) throws IOException, InterruptedException {
        try (KubernetesClient client = connect()) {
            try {
                return work.with(client);
            } catch (KubernetesClientException e) {
                throw explained(client, e);
            }
        }
    }

    /** What went wrong at the API server, and what to look at. */
    static IOException explained(KubernetesClient client, KubernetesClientException e) {
        if (e.getCode() == 404 && isOfPostrider(e)) {
            return new IOException("The cluster at " + client.getMasterUrl()
                    + " does not know Postrider's kinds: install Postrider there, or name another cluster by --context",
                    e);
        }
        String reason = e.getStatus() != null && e.getStatus().getMessage() != null
                ? e.getStatus().getMessage()
                : String.valueOf(e.getMessage());
        return new IOException("The cluster at " + client.getMasterUrl() + " does not help: " + reason
                + ". Look at --context and --kubeconfig", e);
    }

    /** A list of a kind that is not installed is answered with 404. */
    private static boolean isOfPostrider(KubernetesClientException e) {
        return e.getFullResourceName() != null && e.getFullResourceName().contains("postrider.dev")
                || String.valueOf(e.getMessage()).contains("/apis/postrider.dev/");
    }
}
