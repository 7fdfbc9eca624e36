package dev.postrider.cli.cluster;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.MailServer;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Progress;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.plan.TestRequest;
import dev.postrider.route.Durations;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Asks the operator for a test mail, and shows what came of it. */
@Command(name = "test-send", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Asks for a test mail and waits for what comes of it: the server's reply, or the dialogue up to what failed.",
        "Of an organization each of its servers is tested; of a license notice both mails are sent.",
        "Exit code 0: accepted; 1: not, or not in time."})
public final class TestSendCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "[KIND/]NAME", converter = Target.Converter.class, description = "ms/own, oms/acme or "
            + "len/shop-license; the kind may be left out where only one has a resource of that name.")
    Target target;

    @Option(names = "--kind", paramLabel = "KIND", converter = Target.KindConverter.class, description = "The kind, in "
            + "place of KIND/.")
    @Nullable
    Kind kind;

    @Option(names = "--to", paramLabel = "ADDRESS", description = "Who gets the mail. Default: spec.test.recipient of "
            + "the server, else the organization's first administrator.")
    @Nullable
    String recipient;

    @Option(names = "--timeout", paramLabel = "DURATION", defaultValue = "2m", converter = DurationOption.class,
            description = "How long to wait, as 30s or 5m (default: ${DEFAULT-VALUE}). A server that does not answer "
            + "may take longer.")
    Duration timeout;

    @Mixin
    NamespaceOption namespace;

    @Option(names = {"-o", "--output"}, paramLabel = "FORMAT", defaultValue = "table",
            description = Output.DESCRIPTION)
    Output output;

    @Mixin
    ClusterOptions cluster;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (kind != null && target.kind().isPresent() && target.kind().get() != kind) {
            throw new ParameterException(spec.commandLine(),
                    "--kind " + kind.shortName() + " and " + target.kind().get().shortName() + "/ exclude each other");
        }
        Target meant = kind == null ? target : new Target(Optional.of(kind), target.name());
        TestReport report = cluster.with(client -> test(client, meant.find(client, namespace.of(client))));
        Terminal terminal = Terminal.of(spec.commandLine());
        terminal.print(switch (output) {
            case JSON, YAML -> Output.of(report.json(), output);
            case TABLE -> report.describe(terminal);
        });
        return report.accepted() ? 0 : 1;
    }

    private TestReport test(KubernetesClient client, Inspected resource) throws IOException, InterruptedException {
        Optional<String> obstacle = obstacle(resource);
        if (obstacle.isPresent()) {
            throw new IOException("No test was asked for: " + obstacle.get());
        }
        Instant asked = Instant.now();
        String request = request(asked);
        resource.kind()
                .resource(client, resource.key())
                .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("metadata",
                        Map.of("annotations", Map.of(PostriderApi.TEST_SEND_ANNOTATION, request)))));
        try (Progress progress = Progress.of(spec.commandLine())) {
            Optional<List<Inspected.Test>> results = Waiting.until(timeout,
                    () -> resource.kind().find(client, resource.key()).flatMap(now -> results(now, request)), progress,
                    () -> "waiting for the test of " + resource);
            if (results.isEmpty()) {
                throw new IOException(late(client, resource));
            }
            return new TestReport(resource, results.get(),
                    DialogueEvents.since(client, resource, asked, results.get(), progress));
        }
    }

    private String request(Instant now) {
        try {
            return TestRequest.write(Optional.ofNullable(recipient), now);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--to: " + e.getMessage(), e);
        }
    }

    /** Why no test would be made; nobody should have to wait for it. */
    private Optional<String> obstacle(Inspected resource) {
        if (resource.isPaused()) {
            return Optional.of(resource + " is paused. Go on by: kubectl annotate " + resource.argument()
                    + " postrider.dev/paused-");
        }
        if (recipient == null && resource.object() instanceof MailServer server && server.getSpec().test() == null) {
            return Optional.of(resource + " names nobody to send to. Say who gets the mail by --to, or set "
                    + "spec.test.recipient");
        }
        Optional<Condition> refused = resource.condition(ConditionType.TestSendSucceeded)
                .filter(condition -> resource.isCurrent() && condition.is(Reason.SenderNotGranted));
        if (refused.isPresent()) {
            return refused.map(condition -> resource + ": " + condition.message());
        }
        return resource.condition(
                resource.kind() == Kind.ORGANIZATION ? ConditionType.ServersResolved : ConditionType.TestSendSucceeded)
                .filter(condition -> resource.isCurrent())
                .filter(condition -> condition.is(Reason.NotValid)
                        || condition.status() == Condition.Status.False && resource.kind() == Kind.ORGANIZATION)
                .map(condition -> resource + " is not valid: "
                        + resource.condition(ConditionType.Ready).map(Condition::message).orElse(condition.message()));
    }

    /** Those that answer the request, once none is on its way any more. */
    private static Optional<List<Inspected.Test>> results(Inspected resource, String request) {
        List<Inspected.Test> tests = resource.tests()
                .stream()
                .filter(test -> request.equals(test.result().request()))
                .toList();
        boolean underway = resource.condition(ConditionType.TestSendSucceeded)
                .filter(condition -> condition.is(Reason.InProgress))
                .isPresent();
        return tests.isEmpty() || underway ? Optional.empty() : Optional.of(tests);
    }

    private String late(KubernetesClient client, Inspected resource) {
        String state = resource.kind()
                .find(client, resource.key())
                .flatMap(now -> now.condition(ConditionType.TestSendSucceeded)
                        .or(() -> now.condition(ConditionType.Ready)))
                .map(condition -> condition.reason() + ", " + condition.message())
                .orElse("the operator has not looked yet; does it run?");
        return "No result of " + resource + " came within " + Durations.write(timeout)
                + ". Its state: " + state + ". The test goes on; look again with kubectl describe "
                + resource.argument() + ", or wait longer by --timeout";
    }
}
