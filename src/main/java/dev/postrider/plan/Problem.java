package dev.postrider.plan;

import java.util.List;
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

    /** {@code field: message} of all, in their order. */
    static String describe(List<Problem> problems) {
        return problems.stream().map(p -> p.field() + ": " + p.message()).collect(Collectors.joining("; "));
    }
}
