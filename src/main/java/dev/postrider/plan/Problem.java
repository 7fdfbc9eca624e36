package dev.postrider.plan;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Something in a resource or its Secrets that only a change of them mends.
 *
 * @param area    the condition that it shows in
 * @param reason  one word for machines
 * @param field   where, as {@code spec.smtp.host}
 * @param message what is wrong, what is allowed, and what to do next; never a secret
 */
public record Problem(Area area, String reason, String field, String message) {

    /** Which part of the declaration is wrong. */
    public enum Area {
        SPEC, SECRETS, SERVERS
    }

    /**
     * That a namespace has more resources of a kind than it may, this one beyond them.
     *
     * @param kind    the resources, for people
     * @param setting of the chart
     */
    static Optional<Problem> beyondBound(World world, HasMetadata resource, String kind, String setting) {
        OptionalInt most = world.boundPassed(resource);
        return most.isEmpty()
                ? Optional.empty()
                : Optional.of(new Problem(Area.SPEC, "TooManyInNamespace", "metadata.namespace",
                        ("namespace \"%s\" has more than %d %s, and those that were declared first count; delete one that "
                                + "is not needed, or ask the administrator of Postrider to raise namespaceLimits.%s")
                                .formatted(resource.getMetadata().getNamespace(), most.getAsInt(), kind, setting)));
    }

    /** {@code field: message} of all, in their order. */
    static String describe(List<Problem> problems) {
        return problems.stream().map(p -> p.field() + ": " + p.message()).collect(Collectors.joining("; "));
    }
}
