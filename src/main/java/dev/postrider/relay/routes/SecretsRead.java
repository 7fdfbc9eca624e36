package dev.postrider.relay.routes;

import dev.postrider.route.RouteSecret;
import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an informer keeps of Secrets that are read as they come: not what is in them, which their routes hold already, but
 * its digest, so that one which comes again with the same in it is not read again. All of them come again when a watch
 * was broken off for long.
 */
final class SecretsRead implements ItemStore<Secret> {
    private final String namespace;
    private final Consumer<Secret> read;
    private final BiConsumer<String, String> removed;
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();

    /**
     * A Secret as it was read last.
     *
     * @param label   of a route
     * @param content digest of the label and the data
     */
    private record Seen(String version, String label, String content) {}

    /**
     * Of no Secrets.
     *
     * @param namespace of all of them
     * @param read      is given each that comes with something else in it than before, on the thread that it came on
     * @param removed   is told the name and the label of each that goes
     */
    SecretsRead(String namespace, Consumer<Secret> read, BiConsumer<String, String> removed) {
        this.namespace = namespace;
        this.read = read;
        this.removed = removed;
    }

    @Override
    public String getKey(Secret secret) {
        return secret.getMetadata().getName();
    }

    @Override
    public @Nullable Secret put(String name, Secret secret) {
        String version = secret.getMetadata().getResourceVersion();
        Seen before = seen.get(name);
        if (before != null && before.version.equals(version)) {
            return secret(name, before);
        }
        // All have one: they are selected by it.
        String label = Objects.requireNonNullElse(secret.getMetadata().getLabels().get(RouteSecret.LABEL), "");
        Map<String, String> data = secret.getData() == null ? Map.of() : new TreeMap<>(secret.getData());
        var now = new Seen(version, label, Sha256.of(label + data));
        if (before == null || !before.content.equals(now.content)) {
            read.accept(secret);
        }
        seen.put(name, now);
        return before == null ? null : secret(name, before);
    }

    @Override
    public @Nullable Secret remove(String name) {
        Seen before = seen.remove(name);
        if (before == null) {
            return null;
        }
        removed.accept(name, before.label);
        return secret(name, before);
    }

    @Override
    public Stream<String> keySet() {
        return seen.keySet().stream();
    }

    @Override
    public Stream<Secret> values() {
        return seen.entrySet().stream().map(entry -> secret(entry.getKey(), entry.getValue()));
    }

    @Override
    public int size() {
        return seen.size();
    }

    @Override
    public @Nullable Secret get(String name) {
        Seen found = seen.get(name);
        return found == null ? null : secret(name, found);
    }

    @Override
    public boolean isFullState() {
        return false;
    }

    private Secret secret(String name, Seen found) {
        return new SecretBuilder().withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withResourceVersion(found.version)
                .addToLabels(RouteSecret.LABEL, found.label)
                .endMetadata()
                .build();
    }
}
