package dev.postrider.plan;

import dev.postrider.api.Condition.Status;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.ServerReference;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The servers that an organization sends through.
 *
 * @param own      whether the organization names servers; otherwise the global ones serve it
 * @param allowed  the servers that are there and that it may use, active or not
 * @param problems what is wrong with the ones that it names
 * @param blocked  why nobody sends: the installation wants an active global server and there is none
 */
record Servers(boolean own, List<MailServer> allowed, List<Problem> problems, boolean blocked) {

    static Servers of(OrganizationMailSettings organization, World world) {
        Installation installation = world.installation();
        List<MailServer> globals = world.globalServers()
                .stream()
                .filter(s -> MailServerPlan.isHonouredGlobal(s, installation))
                .toList();
        boolean blocked = installation.globalServerRequired() && globals.stream().noneMatch(MailServerPlan::isActive);
        List<ServerReference> references = Optional.ofNullable(organization.getSpec().servers()).orElse(List.of());
        if (references.isEmpty()) {
            return new Servers(false, globals, List.of(), blocked);
        }
        List<MailServer> allowed = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        String namespace = organization.getMetadata().getNamespace();
        for (int i = 0; i < references.size(); i++) {
            ServerReference reference = references.get(i);
            String field = "spec.servers[" + i + "]";
            ResourceKey key = new ResourceKey(Optional.ofNullable(reference.namespace()).orElse(namespace),
                    reference.name());
            Optional<MailServer> server = world.mailServer(key);
            if (!key.namespace().equals(namespace)
                    && server.filter(s -> MailServerPlan.isHonouredGlobal(s, installation)).isEmpty()) {
                // Whether the server exists is not told: it is another tenant's business. A global one may come later.
                problems.add(new Problem(Area.SERVERS, "ServerNotAllowed", field,
                        "MailServer %s is no global server, and only those may be used from another namespace; declare a MailServer in namespace \"%s\""
                                .formatted(key, namespace),
                        installation.trustedNamespaces().contains(key.namespace())));
            } else if (server.isEmpty()) {
                problems.add(Problem.notThereYet(Area.SERVERS, "ServerNotFound", field,
                        "there is no MailServer \"%s\" in namespace \"%s\"; create it, or take it out of the list"
                                .formatted(key.name(), key.namespace())));
            } else {
                allowed.add(server.get());
            }
        }
        return new Servers(true, allowed, problems, blocked);
    }

    /** Whether a route can be made of them: an empty list of own servers would mean the global ones. */
    boolean usable() {
        return !own || !allowed.isEmpty();
    }

    /** What the route names: the own servers, or none for the global ones. */
    List<ResourceKey> named() {
        return own ? allowed.stream().map(MailServerPlan::key).toList() : List.of();
    }

    List<MailServer> active() {
        return blocked ? List.of() : allowed.stream().filter(MailServerPlan::isActive).toList();
    }

    /** Whether one of them takes mail with the login of whoever submits it. */
    boolean wantSubmitters() {
        return allowed.stream().anyMatch(MailServerPlan::wantsSubmitter);
    }

    /** Whether none of the active ones takes mail with the organization's own login. */
    boolean wantOnlySubmitters() {
        return !active().isEmpty() && active().stream().allMatch(MailServerPlan::wantsSubmitter);
    }

    /** What the status lists, the active ones as namespace/name. */
    List<String> keys() {
        return active().stream().map(s -> MailServerPlan.key(s).toString()).toList();
    }

    String summary() {
        List<MailServer> active = active();
        if (active.isEmpty()) {
            return "none";
        }
        String names = String.join(",", active.stream().map(s -> s.getMetadata().getName()).limit(3).toList());
        return (own ? "" : "global: ") + names + (active.size() > 3 ? ",… (" + active.size() + ")" : "");
    }

    Status status() {
        return problems.isEmpty() && !active().isEmpty() ? Status.True : Status.False;
    }

    String reason() {
        if (!problems.isEmpty()) {
            return problems.getFirst().reason();
        }
        if (blocked) {
            return "NoActiveGlobalServer";
        }
        if (active().isEmpty()) {
            return own ? "NoActiveServer" : "NoActiveGlobalServer";
        }
        return own ? "OwnServers" : "GlobalServers";
    }

    String message() {
        if (!problems.isEmpty()) {
            return Problem.describe(problems);
        }
        if (blocked || active().isEmpty() && !own) {
            return "no global MailServer is active, so %s; activate one in the operator's namespace%s".formatted(
                    blocked ? "nobody may send" : "there is no server to send through",
                    blocked
                            ? ", or install with globalServerPolicy: Optional"
                            : ", or name own servers in spec.servers");
        }
        if (active().isEmpty()) {
            return "all of the organization's servers are switched off (spec.active of the MailServers)";
        }
        return (own ? "sends through its own " : "has no own servers and sends through the global ")
                + Names.some(keys());
    }
}
