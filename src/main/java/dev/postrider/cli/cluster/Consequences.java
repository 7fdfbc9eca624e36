package dev.postrider.cli.cluster;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerSpec;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.QueuedMail;
import dev.postrider.api.OrganizationMailSettingsSpec.ServerReference;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What hangs on a resource, and goes or stops with it. */
record Consequences(Inspected about, List<Line> lines) {
    private static final int SHOWN = 10;
    private static final int WIDTH = 100;
    private static final int LABEL = 16;

    /** One of them: what it is about, and what becomes of it. */
    record Line(String label, String text) {}

    /** Asks a relay; fails with what people are told where there is none. */
    @FunctionalInterface
    interface Relay {
        QueueCounts ask(Question question) throws InterruptedException;
    }

    /** What a relay is asked. */
    @FunctionalInterface
    interface Question {
        QueueCounts of(RelayConnection connection) throws IOException, InterruptedException;
    }

    static Consequences of(Inspected resource, KubernetesClient client, Relay relay) throws InterruptedException {
        List<Line> lines = new ArrayList<>(switch (resource.object()) {
            case MailServer server -> ofServer(resource.key(), server, client, relay);
            case OrganizationMailSettings organization -> ofOrganization(resource.key(), organization, client, relay);
            default -> List.of(new Line("Notices", "those to come are not sent any more"));
        });
        Gitops.warning(resource.object()).ifPresent(warning -> lines.add(new Line("GitOps", warning)));
        return new Consequences(resource, lines);
    }

    private static List<Line> ofServer(ResourceKey key, MailServer server, KubernetesClient client, Relay relay)
            throws InterruptedException {
        boolean global = server.getSpec().scope() == MailServerSpec.Scope.Global;
        List<Line> lines = new ArrayList<>();
        try {
            var all = client.resources(OrganizationMailSettings.class);
            List<String> users = (global ? all.inAnyNamespace() : all.inNamespace(key.namespace())).list()
                    .getItems()
                    .stream()
                    .flatMap(organization -> use(organization, key).stream())
                    .sorted()
                    .toList();
            users.stream().limit(SHOWN).forEach(user -> lines.add(new Line("Organizations", user)));
            if (users.isEmpty()) {
                lines.add(new Line("Organizations", "none sends through it"));
            } else if (users.size() > SHOWN) {
                lines.add(new Line("Organizations", "and " + (users.size() - SHOWN) + " more"));
            }
        } catch (KubernetesClientException e) {
            lines.add(new Line("Organizations", "not known which send through it: you may not list those of "
                    + (global ? "all namespaces" : "namespace " + key.namespace())));
        }
        String at = server.getStatus() == null ? null : server.getStatus().server();
        if (at != null) {
            relay.ask(connection -> QueueCounts.ofServer(connection, at))
                    .summary(" last tried there", "What other servers take goes through those")
                    .ifPresent(queued -> lines.add(new Line("Queued mail", queued)));
        }
        return lines;
    }

    /** How an organization uses a server: by what was resolved last, or by what it names. */
    private static Optional<String> use(OrganizationMailSettings organization, ResourceKey server) {
        ResourceKey key = new Inspected(organization).key();
        List<String> resolved = organization.getStatus() == null || organization.getStatus().servers() == null
                ? List.of()
                : organization.getStatus().servers();
        List<ServerReference> named = Objects.requireNonNullElse(organization.getSpec().servers(), List.of());
        boolean names = named.stream()
                .anyMatch(reference -> reference.name().equals(server.name())
                        && Objects.requireNonNullElse(reference.namespace(), key.namespace())
                                .equals(server.namespace()));
        if (!names && !resolved.contains(server.toString())) {
            return Optional.empty();
        }
        return Optional.of(resolved.equals(List.of(server.toString()))
                ? key + " has no other server: it cannot send any more"
                : key.toString());
    }

    private static List<Line> ofOrganization(ResourceKey key, OrganizationMailSettings organization,
            KubernetesClient client, Relay relay) throws InterruptedException {
        List<Line> lines = new ArrayList<>();
        var status = organization.getStatus();
        if (status != null && status.binding() != null) {
            lines.add(new Line("Applications", "those that mount Secret \"" + status.binding().name()
                    + "\" cannot send any more: it is removed, with the login in it"));
        }
        boolean drop = organization.getSpec().queuedMailOnDeletion() == QueuedMail.Drop;
        relay.ask(connection -> QueueCounts.of(connection, List.of(key)))
                .summary("", drop
                        ? "What is queued is thrown away (queuedMailOnDeletion: Drop)"
                        : "What is queued is delivered first (queuedMailOnDeletion: Deliver)")
                .ifPresent(queued -> lines.add(new Line("Queued mail", queued)));
        try {
            client.resources(LicenseExpiryNotice.class)
                    .inNamespace(key.namespace())
                    .list()
                    .getItems()
                    .stream()
                    .filter(notice -> notice.getSpec().organizationRef().name().equals(key.name()))
                    .forEach(notice -> lines.add(new Line("License notices",
                            notice.getMetadata().getName() + " has nobody to send it any more")));
        } catch (KubernetesClientException e) {
            lines.add(new Line("License notices", "not known: you may not list them"));
        }
        return lines;
    }

    String describe(Terminal terminal) {
        String title = "This deletes " + about + (about.object() instanceof MailServer server
                && server.getStatus() != null && server.getStatus().server() != null
                        ? " (" + server.getStatus().server() + ")"
                        : "")
                + ".";
        List<String> text = new ArrayList<>(List.of(terminal.strong(title)));
        String before = "";
        for (Line line : lines) {
            String label = line.label().equals(before) ? "" : line.label();
            before = line.label();
            String start = "  " + label + " ".repeat(LABEL - label.length());
            for (String part : Terminal.wrap(line.text(), WIDTH - start.length())) {
                text.add(start + Terminal.printable(part));
                start = " ".repeat(start.length());
            }
        }
        return String.join("\n", text);
    }
}
