package dev.postrider.cli.cluster;

import dev.postrider.api.Reason;
import dev.postrider.cli.terminal.Progress;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** The SMTP dialogues of failed tests. The operator tells them in Events, which come beside the status. */
final class DialogueEvents {
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    /** The operator's clock need not be this machine's. */
    private static final Duration SKEW = Duration.ofMinutes(1);

    private DialogueEvents() {}

    /** The lines of the last dialogue with a failure; none where nothing failed, or Events may not be read. */
    static List<String> since(KubernetesClient client, Inspected resource, Instant asked, List<Inspected.Test> tests,
            Progress progress) throws InterruptedException {
        List<String> failures = tests.stream()
                .flatMap(test -> Optional.ofNullable(test.result().failure()).stream())
                .toList();
        if (failures.isEmpty()) {
            return List.of();
        }
        try {
            return Waiting.until(PATIENCE, () -> find(client, resource, asked.minus(SKEW), failures), progress,
                    () -> "looking for the dialogue").orElse(List.of());
        } catch (KubernetesClientException e) {
            return List.of();
        }
    }

    private static Optional<List<String>> find(KubernetesClient client, Inspected resource, Instant from,
            List<String> failures) {
        return client.resources(Event.class)
                .inNamespace(resource.key().namespace())
                .list()
                .getItems()
                .stream()
                .filter(event -> Reason.TestSendFailed.toString().equals(event.getReason())
                        && event.getRegarding() != null
                        && Objects.equals(event.getRegarding().getUid(), resource.object().getMetadata().getUid()))
                .filter(event -> event.getEventTime() != null
                        && Instant.parse(event.getEventTime().getTime()).isAfter(from))
                .filter(event -> failures.stream().anyMatch(failure -> event.getNote().contains(failure)))
                .max((one, other) -> Instant.parse(one.getEventTime().getTime())
                        .compareTo(Instant.parse(other.getEventTime().getTime())))
                // The first line is the message; the status has it too.
                .map(event -> event.getNote().lines().skip(1).collect(Collectors.toList()));
    }
}
