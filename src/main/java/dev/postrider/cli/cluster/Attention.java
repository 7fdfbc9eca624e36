package dev.postrider.cli.cluster;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Something about a resource that a person should look at.
 *
 * @param reason  one word, as in the condition
 * @param message of the condition
 * @param next    what to do
 */
record Attention(Inspected about, Level level, String reason, String message, String next) {
    /** How much it matters. */
    enum Level {
        /** Not Ready. */
        NOT_READY(" is not Ready"),
        /** Not Ready yet. */
        WAITING(" is not Ready yet"),
        /** Ready, and still. */
        NOTE("");

        private final String words;

        Level(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    /** What there is of a resource; nothing if all is well. */
    static List<Attention> of(Inspected resource, NextStep next) {
        List<Attention> all = new ArrayList<>();
        if (resource.isPaused()) {
            all.add(new Attention(resource, Level.NOTE, "Paused",
                    "Postrider leaves it alone, for it has the annotation postrider.dev/paused: \"true\"",
                    next.unpause(resource)));
        }
        readiness(resource, next).ifPresent(all::add);
        resource.condition(ConditionType.DeletionConfirmed)
                .filter(_ -> resource.isBeingDeleted())
                .ifPresent(condition -> all.add(new Attention(resource, Level.NOTE, condition.reason(),
                        "it is being deleted: " + withoutCommand(condition.message()), next.deletion(resource))));
        resource.condition(ConditionType.TestSendSucceeded)
                .filter(condition -> condition.is(Reason.SomeServersFailed))
                .ifPresent(condition -> all.add(new Attention(resource, Level.NOTE, condition.reason(),
                        condition.message(), next.of(resource, condition))));
        Stream.of(ConditionType.TakesMail, ConditionType.MailTaken)
                .flatMap(type -> resource.condition(type).stream())
                .filter(condition -> condition.status() == Condition.Status.False)
                .forEach(condition -> all.add(new Attention(resource, Level.NOTE, condition.reason(),
                        condition.message(), next.of(resource, condition))));
        resource.condition(ConditionType.OnBackup)
                .filter(condition -> condition.status() == Condition.Status.True)
                .ifPresent(condition -> all.add(new Attention(resource, Level.NOTE, condition.type(),
                        condition.message(), next.of(resource, condition))));
        return all;
    }

    private static Optional<Attention> readiness(Inspected resource, NextStep next) {
        Optional<Condition> ready = resource.condition(ConditionType.Ready);
        if (ready.isEmpty() || !resource.isCurrent() && !resource.isPaused()) {
            boolean seen = ready.filter(condition -> !condition.is(Reason.Pending)).isPresent();
            return Optional.of(new Attention(resource, Level.WAITING, Reason.Pending.toString(),
                    seen ? "the operator has not looked at its last change yet" : "the operator has not looked yet",
                    next.operator()));
        }
        return switch (ready.get().status()) {
            case True -> Optional.empty();
            case False -> Optional.of(new Attention(resource, Level.NOT_READY, ready.get().reason(),
                    ready.get().message(), next.of(resource, ready.get())));
            case Unknown -> Optional.of(new Attention(resource, Level.WAITING, ready.get().reason(),
                    ready.get().message(), next.of(resource, ready.get())));
        };
    }

    /** The condition's command confirms, and nothing more; confirm-delete says first what hangs on it. */
    static String withoutCommand(String message) {
        int command = message.indexOf(" To go ahead: ");
        return command < 0 ? message : message.substring(0, command);
    }
}
