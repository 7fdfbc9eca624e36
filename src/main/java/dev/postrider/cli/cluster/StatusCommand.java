package dev.postrider.cli.cluster;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Terminal;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Shows all that there is, what is wrong with it first. */
@Command(name = "status", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Shows the mail servers, organizations, license notices and queued mail of a namespace on one screen, with "
                + "what is not Ready first, and what to do about it.",
        "With --senders: the organizations of which senderDomains: Granted would refuse senders, and the grants to write.",
        "Exit code 0: all are Ready, or nothing would be refused; 1: something is not."})
public final class StatusCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    NamespaceOption namespace;

    @Option(names = {"-A", "--all-namespaces"}, description = "Those of all namespaces.")
    boolean allNamespaces;

    @Option(names = "--senders", description = "Which senders the grants of the global servers do not cover, in place of "
            + "the status. Looks at the MailServers of all namespaces.")
    boolean senders;

    @Option(names = {"-o", "--output"}, paramLabel = "FORMAT", defaultValue = "table",
            description = Output.DESCRIPTION)
    Output output;

    @Mixin
    ClusterOptions cluster;

    @Mixin
    InstalledRelay relay;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (allNamespaces && namespace.namespace != null) {
            throw new ParameterException(spec.commandLine(), "--namespace and --all-namespaces exclude each other");
        }
        Terminal terminal = Terminal.of(spec.commandLine());
        if (senders) {
            SendersReport report = cluster.with(this::senders);
            terminal.print(output == Output.TABLE ? report.screen(terminal) : Output.of(report.json(), output));
            return report.rows().isEmpty() ? 0 : 1;
        }
        StatusReport report = cluster.with(this::report);
        terminal.print(switch (output) {
            case JSON, YAML -> Output.of(report.json(), output);
            case TABLE -> StatusScreen.of(report, Instant.now(), terminal);
        });
        return report.notReady() == 0 ? 0 : 1;
    }

    private SendersReport senders(KubernetesClient client) {
        Optional<String> where = allNamespaces ? Optional.empty() : Optional.of(namespace.of(client));
        return SendersReport.of(list(client, where, OrganizationMailSettings.class),
                list(client, Optional.empty(), MailServer.class),
                name -> Optional.ofNullable(client.namespaces().withName(name).get())
                        .flatMap(found -> Optional.ofNullable(found.getMetadata().getLabels()))
                        .orElse(Map.of()));
    }

    private StatusReport report(KubernetesClient client) throws InterruptedException {
        Optional<String> where = allNamespaces ? Optional.empty() : Optional.of(namespace.of(client));
        List<CustomResource<?, ?>> resources = new ArrayList<>();
        resources.addAll(list(client, where, MailServer.class));
        List<OrganizationMailSettings> organizations = list(client, where, OrganizationMailSettings.class);
        resources.addAll(organizations);
        resources.addAll(list(client, where, LicenseExpiryNotice.class));
        return StatusReport.of(where, resources, queue(client, organizations),
                new NextStep(spec.root().name(), relay.namespace));
    }

    private static <T extends CustomResource<?, ?>> List<T> list(KubernetesClient client, Optional<String> namespace,
            Class<T> type) {
        var all = client.resources(type);
        return (namespace.isPresent() ? all.inNamespace(namespace.get()) : all.inAnyNamespace()).list().getItems();
    }

    /** Who may not see the queue, or has no way to it, still sees the rest. */
    private QueueCounts queue(KubernetesClient client, List<OrganizationMailSettings> organizations)
            throws InterruptedException {
        if (organizations.isEmpty() && !allNamespaces) {
            return new QueueCounts.Counted(List.of(), true);
        }
        try (RelayConnection connection = relay.connect(spec.commandLine(), client)) {
            return allNamespaces
                    ? QueueCounts.ofAll(connection)
                    : QueueCounts.of(connection,
                            organizations.stream().map(some -> new Inspected(some).key()).sorted().toList());
        } catch (IOException e) {
            return new QueueCounts.Untold(String.valueOf(e.getMessage()));
        }
    }
}
