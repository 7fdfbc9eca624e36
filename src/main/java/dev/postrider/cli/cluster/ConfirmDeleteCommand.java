package dev.postrider.cli.cluster;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.PostriderApi;
import dev.postrider.cli.terminal.Progress;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.route.Durations;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Deletes a resource once a person has seen what hangs on it. */
@Command(name = "confirm-delete", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Says what is lost with a resource, asks you to type Delete, sets spec.deletionConfirmation, deletes, and waits "
                + "until it is gone.",
        "Exit code 0: it is gone; 1: it is not, or not yet."})
public final class ConfirmDeleteCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(arity = "1..2", paramLabel = "KIND NAME", description = "As kubectl takes them: oms acme, or oms/acme.")
    List<String> named;

    @Option(names = "--confirm", paramLabel = "Delete", description = "Confirms in place of a person; the word is exactly "
            + "Delete.")
    @Nullable
    String confirmation;

    @Option(names = "--timeout", paramLabel = "DURATION", defaultValue = "5m", converter = DurationOption.class,
            description = "How long to wait until it is gone, as 30s or 5m (default: ${DEFAULT-VALUE}).")
    Duration timeout;

    @Mixin
    NamespaceOption namespace;

    @Mixin
    ClusterOptions cluster;

    @Mixin
    InstalledRelay relay;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (confirmation != null && !confirmation.equals(PostriderApi.DELETION_CONFIRMATION)) {
            throw new ParameterException(spec.commandLine(),
                    "--confirm: \"" + confirmation + "\" is not exactly " + PostriderApi.DELETION_CONFIRMATION);
        }
        Target target = target();
        return cluster.with(client -> delete(client, target.find(client, namespace.of(client))));
    }

    private Target target() {
        String text = String.join("/", named);
        if (text.chars().filter(c -> c == '/').count() != 1) {
            throw new ParameterException(spec.commandLine(),
                    "Say kind and name, as oms acme; kinds are " + Kind.choices());
        }
        try {
            return new Target.Converter().convert(text);
        } catch (TypeConversionException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private int delete(KubernetesClient client, Inspected resource) throws IOException, InterruptedException {
        Terminal terminal = Terminal.of(spec.commandLine());
        if (resource.isPaused()) {
            throw new IOException(
                    resource + " is paused, and Postrider would not let it go. Go on by: kubectl annotate "
                            + resource.argument() + " postrider.dev/paused-");
        }
        terminal.print(Consequences.of(resource, client, question -> ask(client, question)).describe(terminal));
        if (!isConfirmed()) {
            terminal.print("Nothing was deleted.");
            return 1;
        }
        if (resource.kind() != Kind.LICENSE_NOTICE) {
            // With the uid, so that another resource of the same name is not confirmed in its place.
            resource.kind()
                    .resource(client, resource.key())
                    .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of(
                            "metadata", Map.of("uid", resource.object().getMetadata().getUid()),
                            "spec", Map.of("deletionConfirmation", PostriderApi.DELETION_CONFIRMATION))));
        }
        resource.kind().resource(client, resource.key()).delete();
        awaitGone(client, resource);
        terminal.print(resource + " is deleted.");
        return 0;
    }

    private QueueCounts ask(KubernetesClient client, Consequences.Question question) throws InterruptedException {
        try (RelayConnection connection = relay.connect(spec.commandLine(), client)) {
            return question.of(connection);
        } catch (IOException e) {
            return new QueueCounts.Untold(String.valueOf(e.getMessage()));
        }
    }

    private boolean isConfirmed() {
        if (confirmation != null) {
            return true;
        }
        return Terminal.ask("Type " + PostriderApi.DELETION_CONFIRMATION + " to go ahead: ")
                .orElseThrow(() -> new ParameterException(spec.commandLine(),
                        "Nobody is here to confirm it: say --confirm " + PostriderApi.DELETION_CONFIRMATION
                                + ", or run it on a terminal. Nothing was deleted"))
                .equals(PostriderApi.DELETION_CONFIRMATION);
    }

    private void awaitGone(KubernetesClient client, Inspected resource) throws IOException, InterruptedException {
        try (Progress progress = Progress.of(spec.commandLine())) {
            Optional<Boolean> gone = Waiting.until(timeout,
                    () -> left(client, resource).isEmpty() ? Optional.of(true) : Optional.empty(), progress,
                    () -> left(client, resource).flatMap(ConfirmDeleteCommand::holds)
                            .orElse("waiting until " + resource + " is gone"));
            if (gone.isEmpty()) {
                throw new IOException(
                        "%s is not gone after %s%s. It goes on without you; look again with kubectl get %s"
                                .formatted(resource, Durations.write(timeout),
                                        left(client, resource).map(this::why).orElse(""),
                                        resource.argument()));
            }
        }
    }

    /** The same resource, if it is still there. */
    private static Optional<Inspected> left(KubernetesClient client, Inspected resource) {
        return resource.kind()
                .find(client, resource.key())
                .filter(now -> Objects.equals(now.object().getMetadata().getUid(),
                        resource.object().getMetadata().getUid()));
    }

    private static Optional<String> holds(Inspected resource) {
        return resource.condition(ConditionType.DeletionConfirmed)
                .map(Condition::message)
                .map(Attention::withoutCommand)
                .filter(message -> !message.equals("being deleted"));
    }

    private String why(Inspected resource) {
        List<String> finalizers = Objects.requireNonNullElse(resource.object().getMetadata().getFinalizers(),
                List.of());
        return holds(resource).map(message -> ": " + message)
                .orElse(finalizers.equals(List.of(PostriderApi.FINALIZER))
                        ? ": the operator has not let it go; does it run? kubectl -n " + relay.namespace + " get pods"
                        : ": finalizers hold it: " + String.join(", ", finalizers));
    }
}
