package dev.postrider.local;

import dev.postrider.plan.Binding;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Bindings as an application sees them that has mounted the Secret: a directory for each, a file for each entry
 * (Service Binding specification, "Workload Projection").
 */
final class BindingDirectories {
    private final Path root;

    /** @param root holds {@code <namespace>/<name>/<entry>} */
    BindingDirectories(Path root) {
        this.root = root;
    }

    Path directory(ResourceKey secret) {
        return root.resolve(secret.namespace()).resolve(secret.name());
    }

    /** The password of a binding that was written before, also by an earlier run. */
    Optional<String> password(ResourceKey secret) {
        Path file = directory(secret).resolve(Binding.PASSWORD);
        try {
            return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Writes what differs, and removes what is no entry any more. */
    void write(String namespace, Binding binding) {
        Path directory = directory(new ResourceKey(namespace, binding.name()));
        try {
            for (Map.Entry<String, String> entry : binding.data().entrySet()) {
                PrivateFiles.write(directory.resolve(entry.getKey()), entry.getValue());
            }
            for (Path file : PrivateFiles.list(directory)) {
                if (!binding.data().containsKey(String.valueOf(file.getFileName()))) {
                    PrivateFiles.remove(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + directory, e);
        }
    }

    /** Removes all others, of this run and of earlier ones. */
    void retain(Set<ResourceKey> secrets) {
        try {
            for (Path namespace : PrivateFiles.list(root)) {
                for (Path binding : PrivateFiles.list(namespace)) {
                    if (!secrets.contains(new ResourceKey(String.valueOf(namespace.getFileName()),
                            String.valueOf(binding.getFileName())))) {
                        PrivateFiles.remove(binding);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove bindings below " + root, e);
        }
    }
}
