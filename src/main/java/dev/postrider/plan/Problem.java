package dev.postrider.plan;

import dev.postrider.api.Reason;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Something that is wrong with a resource, or with what it names.
 *
 * @param area    the condition that it shows in
 * @param reason  why, and with that whether only a person can help; what the resource names may only be late, since in
 *                a GitOps sync things come in any order
 * @param field   where, as {@code spec.smtp.host}
 * @param message what is wrong, what is allowed, and what to do next; never a secret
 */
public record Problem(Area area, Reason reason, String field, String message) {

    /** Which part of the declaration is wrong. */
    public enum Area {
        SPEC, SECRETS, SERVERS
    }

    /** The reasons of all, in their order. */
    static Stream<Reason> reasons(List<Problem> problems) {
        return problems.stream().map(Problem::reason);
    }

    /** {@code field: message} of all, in their order. */
    static String describe(List<Problem> problems) {
        return problems.stream().map(p -> p.field() + ": " + p.message()).collect(Collectors.joining("; "));
    }
}
