package dev.postrider.cli.cluster;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** In which namespace a resource is; as kubectl has it. */
final class NamespaceOption {
    @Option(names = {"-n", "--namespace"}, paramLabel = "NAMESPACE", description = "Where the resources are. Default: "
            + "the namespace of the context.")
    @Nullable
    String namespace;

    // @formatter:on

    String of(KubernetesClient client) {
        return Optional.ofNullable(namespace).or(() -> Optional.ofNullable(client.getNamespace())).orElse("default");
    }
}
