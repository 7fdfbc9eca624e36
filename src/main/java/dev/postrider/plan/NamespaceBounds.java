package dev.postrider.plan;

import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.RouteJson;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What a namespace may have, and what becomes of a resource beyond that. */
public final class NamespaceBounds {
    /**
     * Octets of a route that stays where its resource is beyond the octets of its namespace: some times what an ordinary
     * one has, so that mail goes on where others of the namespace grow, and little where all of them were made large.
     */
    public static final int KEPT = 16 << 10;

    private NamespaceBounds() {}

    /**
     * That a namespace has more resources of a kind than it may, or larger ones, this one beyond them.
     *
     * @param kind    the resources, for people
     * @param setting of the chart
     */
    static List<Problem> passed(World world, HasMetadata resource, String kind, String setting) {
        List<Problem> problems = new ArrayList<>();
        OptionalInt most = world.boundPassed(resource);
        if (most.isPresent()) {
            problems.add(problem(Reason.TooManyInNamespace,
                    ("namespace \"%s\" has more than %d %s, and those that were declared first count; delete one that is "
                            + "not needed, or ask the administrator of Postrider to raise namespaceLimits.%s")
                            .formatted(resource.getMetadata().getNamespace(), most.getAsInt(), kind, setting)));
        }
        OptionalLong octets = world.octetsPassed(resource);
        if (octets.isPresent()) {
            problems.add(problem(Reason.TooLargeInNamespace,
                    ("the resources of namespace \"%s\" and the certificates that they name have more than %d octets "
                            + "together, and those that were declared first count; delete one that is not needed, make one "
                            + "smaller, or ask the administrator of Postrider to raise namespaceLimits.octets")
                            .formatted(resource.getMetadata().getNamespace(), octets.getAsLong())));
        }
        return List.copyOf(problems);
    }

    private static Problem problem(Reason reason, String message) {
        return new Problem(Area.SPEC, reason, "metadata.namespace", message);
    }

    /** Whether the relay keeps the route that it has of a resource: not a large one of a resource that is beyond. */
    static boolean keeps(World world, HasMetadata resource, Object route) {
        return world.octetsPassed(resource).isEmpty() || RouteJson.write(route).length() <= KEPT;
    }
}
