package dev.postrider.plan;

import dev.postrider.api.ConditionType;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.ServerReference;
import dev.postrider.api.SenderGrant;
import dev.postrider.plan.SenderGrants.Refused;
import dev.postrider.route.ResourceKey;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the policy Granted would refuse, for somebody who looks at an installation from outside before it is set. */
public final class SenderPreview {
    private final Map<ResourceKey, MailServer> servers;
    private final Set<ResourceKey> globals;
    private final List<SenderGrant> grants;

    /** @param servers all that there are; the operator says of a global one in its status that it is honoured */
    public SenderPreview(List<MailServer> servers) {
        this.servers = servers.stream().collect(Collectors.toMap(MailServerPlan::key, server -> server));
        List<MailServer> honoured = servers.stream().filter(SenderPreview::isHonoured).toList();
        this.globals = honoured.stream().map(MailServerPlan::key).collect(Collectors.toSet());
        this.grants = honoured.stream()
                .flatMap(server -> Objects.requireNonNullElse(server.getSpec().senders(), List.<SenderGrant>of())
                        .stream())
                .toList();
    }

    private static boolean isHonoured(MailServer server) {
        return server.getStatus() != null
                && Conditions.find(server.getStatus().conditions(), ConditionType.SendersRestricted).isPresent();
    }

    /** Whether the labels of namespaces must be known, and not their names alone. */
    public boolean needsLabels() {
        return SenderGrants.needLabels(grants);
    }

    /**
     * The senders of an organization whose mail would be refused.
     *
     * @param labels of its namespace
     */
    public List<Refused> refused(OrganizationMailSettings organization, Map<String, String> labels) {
        String namespace = organization.getMetadata().getNamespace();
        List<ResourceKey> named = Optional.ofNullable(organization.getSpec().servers())
                .orElse(List.<ServerReference>of())
                .stream()
                .map(server -> new ResourceKey(Objects.requireNonNullElse(server.namespace(), namespace),
                        server.name()))
                .toList();
        boolean global = named.isEmpty() || named.stream().anyMatch(globals::contains);
        boolean own = named.stream()
                .filter(key -> key.namespace().equals(namespace) && !globals.contains(key))
                .flatMap(key -> Optional.ofNullable(servers.get(key)).stream())
                .anyMatch(MailServerPlan::isActive);
        return global && !own
                ? SenderGrants.refused(organization, SenderGrants.of(namespace, labels, grants))
                : List.of();
    }
}
