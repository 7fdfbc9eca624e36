package dev.postrider.plan;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Something that is wrong with a resource, or with what it names.
 *
 * @param area    the condition that it shows in
 * @param reason  one word for machines
 * @param field   where, as {@code spec.smtp.host}
 * @param message what is wrong, what is allowed, and what to do next; never a secret
 * @param waits   whether it may pass without an edit, since what the resource names may only be late: in a GitOps sync
 *                things come in any order
 */
public record Problem(Area area, String reason, String field, String message, boolean waits) {
    /** Reasons that the check of files judges in its own way, since it does not see the cluster. */
    public static final String SECRET_NOT_FOUND = "SecretNotFound";
    public static final String CONFIG_MAP_NOT_FOUND = "ConfigMapNotFound";
    public static final String SERVER_NOT_FOUND = "ServerNotFound";
    public static final String SERVER_NOT_ALLOWED = "ServerNotAllowed";
    public static final String ORGANIZATION_NOT_FOUND = "OrganizationNotFound";
    public static final String SCOPE_NOT_ALLOWED = "ScopeNotAllowed";

    /** One that only an edit fixes. */
    public Problem(Area area, String reason, String field, String message) {
        this(area, reason, field, message, false);
    }

    /** What the resource names is not there yet. */
    static Problem notThereYet(Area area, String reason, String field, String message) {
        return new Problem(area, reason, field, message, true);
    }

    /** Which part of the declaration is wrong. */
    public enum Area {
        SPEC, SECRETS, SERVERS
    }

    /** Whether one of them needs a person: then the resource is stalled. */
    static boolean needPerson(List<Problem> problems) {
        return problems.stream().anyMatch(problem -> !problem.waits());
    }

    /** {@code field: message} of all, in their order. */
    static String describe(List<Problem> problems) {
        return problems.stream().map(p -> p.field() + ": " + p.message()).collect(Collectors.joining("; "));
    }
}
