package dev.postrider.cli.cluster;

import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A resource as a person names it: {@code ms/own}, or {@code own} where its kind is clear.
 *
 * @param kind empty if it was not said
 */
record Target(Optional<Kind> kind, String name) {

    /** Reads one from the command line. */
    static final class Converter implements ITypeConverter<Target> {
        @Override
        public Target convert(String text) {
            int slash = text.indexOf('/');
            return slash < 0
                    ? new Target(Optional.empty(), text)
                    : new Target(Optional.of(kind(text.substring(0, slash))), text.substring(slash + 1));
        }
    }

    /** Reads a kind from the command line. */
    static final class KindConverter implements ITypeConverter<Kind> {
        @Override
        public Kind convert(String text) {
            return kind(text);
        }
    }

    private static Kind kind(String text) {
        return Kind.of(text)
                .orElseThrow(() -> new TypeConversionException(
                        "'" + text + "' is no kind of Postrider's; there are " + Kind.choices()));
    }

    /**
     * The resource that is meant.
     *
     * @throws IOException if there is none, or several kinds have one of that name
     */
    Inspected find(KubernetesClient client, String namespace) throws IOException {
        List<Kind> kinds = kind.map(List::of).orElseGet(() -> Arrays.asList(Kind.values()));
        List<Inspected> found = kinds.stream()
                .flatMap(some -> some.find(client, new ResourceKey(namespace, name)).stream())
                .toList();
        if (found.size() == 1) {
            return found.getFirst();
        }
        throw new IOException(found.isEmpty()
                ? "There is no %s \"%s\" in namespace %s. See kubectl get %s -n %s, or name another namespace by -n"
                        .formatted(
                                kinds.stream().map(Kind::kind).collect(Collectors.joining(" or ")), name, namespace,
                                kinds.stream().map(Kind::shortName).collect(Collectors.joining(",")), namespace)
                : "Several are called \"%s\" in namespace %s. Say which: %s".formatted(name, namespace,
                        found.stream()
                                .map(some -> some.kind().shortName() + "/" + name)
                                .collect(Collectors.joining(" or "))));
    }
}
