package dev.postrider.cli.cluster;

import dev.postrider.api.Condition;
import dev.postrider.api.Reason;

/**
 * What to do where the message of a condition says what is wrong.
 *
 * @param program      what this program is called: {@code kubectl postrider}
 * @param installation the namespace of the operator and the relay
 */
record NextStep(String program, String installation) {

    String of(Inspected resource, Condition condition) {
        return switch (Reason.of(condition.reason()).orElse(null)) {
            case NameResolution, Connection, Timeout, Tls, Certificate, Authentication, SenderRejected,
                    RecipientRejected, MessageRejected, SomeServersFailed ->
                "once it is mended, test it: " + program + " test-send " + resource.argument();
            case Pending -> operator();
            case InProgress, WaitingForServer, RelayPending ->
                "wait: kubectl wait --for=condition=Ready " + resource.argument() + " --timeout=2m";
            case Unavailable -> "kubectl -n " + installation + " describe deployment postrider-relay";
            case SenderNotGranted -> "the administrator sees the grants that are missing with " + program
                    + " status -A --senders";
            case InvalidSpec, ScopeNotAllowed -> "correct it where it is declared; kubectl explain "
                    + resource.kind().plural() + ".spec --recursive tells the fields";
            case null, default -> "mend what the message names; more is told by kubectl describe "
                    + resource.argument();
        };
    }

    String operator() {
        return "if this stays, look whether the operator runs: kubectl -n " + installation + " get pods";
    }

    String unpause(Inspected resource) {
        return "kubectl annotate " + resource.argument() + " postrider.dev/paused-";
    }

    String deletion(Inspected resource) {
        return program + " confirm-delete " + resource.argument();
    }
}
