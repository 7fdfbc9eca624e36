package dev.postrider.local;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.plan.Binding;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Bindings as an application sees them that has mounted the Secret: a directory for each, a file for each entry
 * (Service Binding specification, "Workload Projection").
 */
final class BindingDirectories {
    private static final JsonMapper JSON = new JsonMapper();

    private final Path root;
    /** What a Secret has in its metadata; an application that has mounted it does not see that. */
    private final Path annotations;

    /** @param root holds {@code <namespace>/<name>/<entry>} */
    BindingDirectories(Path root) {
        this.root = root;
        this.annotations = root.resolveSibling(root.getFileName() + "-annotations");
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

    /** The annotations of a binding that was written before, also by an earlier run. */
    Map<String, String> annotations(ResourceKey secret) {
        Path file = annotationsOf(secret);
        try {
            return Files.exists(file) ? JSON.readValue(file.toFile(), new TypeReference<>() {
            }) : Map.of();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private Path annotationsOf(ResourceKey secret) {
        return annotations.resolve(secret.namespace()).resolve(secret.name());
    }

    /** Writes what differs, and removes what is no entry any more. */
    void write(String namespace, Binding binding) {
        Path directory = directory(new ResourceKey(namespace, binding.name()));
        try {
            // First: the plan sees by them whether a new password was not written any more.
            PrivateFiles.write(annotationsOf(new ResourceKey(namespace, binding.name())),
                    JSON.writeValueAsString(binding.annotations()));
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
            for (Path kept : List.of(root, annotations)) {
                for (Path namespace : PrivateFiles.list(kept)) {
                    for (Path binding : PrivateFiles.list(namespace)) {
                        if (!secrets.contains(new ResourceKey(String.valueOf(namespace.getFileName()),
                                String.valueOf(binding.getFileName())))) {
                            PrivateFiles.remove(binding);
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove bindings below " + root, e);
        }
    }
}
