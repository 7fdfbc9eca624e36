package dev.postrider.plan;

import dev.postrider.api.Condition.Status;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.ServerReference;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Preference;
import dev.postrider.route.PreferredServer;
import dev.postrider.route.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The servers that an organization sends through.
 *
 * @param own      whether the organization names servers; otherwise the global ones serve it
 * @param allowed  the servers that are there and that it may use, active or not
 * @param problems what is wrong with the ones that it names
 * @param required whether nobody sends without an active global server
 * @param globals  the global servers that are honoured
 * @param preferences those of the allowed ones that are not of the default priority and weight
 */
record Servers(boolean own, List<ServerView> allowed, List<Problem> problems, boolean required,
        List<ServerView> globals, List<PreferredServer> preferences) {

    static Servers of(OrganizationMailSettings organization, World world) {
        Installation installation = world.installation();
        List<ServerView> globals = world.globalServers()
                .stream()
                .filter(server -> server.isHonouredGlobal(installation))
                .toList();
        List<ServerReference> references = Optional.ofNullable(organization.getSpec().servers()).orElse(List.of());
        if (references.isEmpty()) {
            return new Servers(false, globals, List.of(), installation.globalServerRequired(), globals, List.of());
        }
        List<ServerView> allowed = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        List<PreferredServer> preferences = new ArrayList<>();
        String namespace = organization.getMetadata().getNamespace();
        for (int i = 0; i < references.size(); i++) {
            ServerReference reference = references.get(i);
            String field = "spec.servers[" + i + "]";
            ResourceKey key = new ResourceKey(Optional.ofNullable(reference.namespace()).orElse(namespace),
                    reference.name());
            Optional<ServerView> server = world.mailServer(key);
            if (!key.namespace().equals(namespace)
                    && server.filter(s -> s.isHonouredGlobal(installation)).isEmpty()) {
                // Whether the server exists is not told: it is another tenant's business. A global one may come later.
                problems.add(new Problem(Area.SERVERS,
                        installation.trustedNamespaces().contains(key.namespace())
                                ? Reason.ServerNotGlobalYet
                                : Reason.ServerNotAllowed,
                        field,
                        "MailServer %s is no global server, and only those may be used from another namespace; declare a MailServer in namespace \"%s\""
                                .formatted(key, namespace)));
            } else if (server.isEmpty()) {
                problems.add(new Problem(Area.SERVERS, Reason.ServerNotFound, field,
                        "there is no MailServer \"%s\" in namespace \"%s\"; create it, or take it out of the list"
                                .formatted(key.name(), key.namespace())));
            } else {
                allowed.add(server.get());
                Preference preference = preference(reference.priority(), reference.weight());
                if (!preference.isDefault()) {
                    preferences.add(new PreferredServer(key, preference));
                }
            }
        }
        return new Servers(true, allowed, problems, installation.globalServerRequired(), globals,
                List.copyOf(preferences));
    }

    /** As declared, be it of a server or where an organization names one. */
    static Preference preference(@Nullable Integer priority, @Nullable Integer weight) {
        return new Preference(Objects.requireNonNullElse(priority, Preference.DEFAULT.priority()),
                Objects.requireNonNullElse(weight, Preference.DEFAULT.weight()));
    }

    /** Whether a route can be made of them: an empty list of own servers would mean the global ones. */
    boolean usable() {
        return !own || !allowed.isEmpty();
    }

    /** What the route names: the own servers, or none for the global ones. */
    List<ResourceKey> named() {
        return own ? allowed.stream().map(ServerView::key).toList() : List.of();
    }

    /** Whether mail may leave through a global server. */
    boolean throughGlobal() {
        return !own || allowed.stream().anyMatch(globals::contains);
    }

    /** Whether mail may leave through a server that is switched on and not everybody's. */
    boolean throughOwn() {
        return own && allowed.stream().anyMatch(server -> server.active() && !globals.contains(server));
    }

    /** Whether nobody sends: the installation wants a global server that takes mail, and there is none. */
    private boolean blocked() {
        return required && globals.stream().noneMatch(ServerView::takesMail);
    }

    /** Global servers that are switched on and not proved yet, on which all others wait. */
    private List<ServerView> awaited() {
        return blocked() ? globals.stream().filter(ServerView::active).toList() : List.of();
    }

    /** Those that are switched on, proved or not; none where the master switch is what keeps them from sending. */
    List<ServerView> active() {
        return blocked() && (own || awaited().isEmpty())
                ? List.of()
                : allowed.stream().filter(ServerView::active).toList();
    }

    /**
     * Whether the relay takes mail for a route of these servers, as it decides itself: see
     * {@link dev.postrider.route.Routing}.
     *
     * @param organization whose route it is
     * @param through      what the route names, which may be no server for it any more
     */
    boolean takeMail(ResourceKey organization, List<ResourceKey> through, World world) {
        return !blocked() && (through.isEmpty()
                ? globals.stream()
                : through.stream()
                        .flatMap(key -> world.mailServer(key).stream())
                        .filter(server -> server.key().namespace().equals(organization.namespace())
                                || globals.contains(server)))
                .anyMatch(ServerView::takesMail);
    }

    /** Whether one of them takes mail with the login of whoever submits it. */
    boolean wantSubmitters() {
        return allowed.stream().anyMatch(ServerView::wantsSubmitter);
    }

    /** Whether none of those that mail goes through takes it with the organization's own login. */
    boolean wantOnlySubmitters() {
        List<ServerView> proved = active().stream().filter(ServerView::routed).toList();
        List<ServerView> counted = proved.isEmpty() ? active() : proved;
        return !counted.isEmpty() && counted.stream().allMatch(ServerView::wantsSubmitter);
    }

    /** What the status lists, the active ones as namespace/name. */
    List<String> keys() {
        return keys(active());
    }

    private static List<String> keys(List<ServerView> servers) {
        return servers.stream().map(server -> server.key().toString()).toList();
    }

    String summary() {
        List<ServerView> active = active();
        if (active.isEmpty()) {
            return "none";
        }
        String names = String.join(",", active.stream().map(s -> s.key().name()).limit(3).toList());
        return (own ? "" : "global: ") + names + (active.size() > 3 ? ",… (" + active.size() + ")" : "");
    }

    Status status() {
        if (!problems.isEmpty()) {
            return Status.False;
        }
        return !active().isEmpty() ? Status.True : isMasterUnderTest() ? Status.Unknown : Status.False;
    }

    /** Whether own servers wait for a global one that has not failed. */
    private boolean isMasterUnderTest() {
        return own && awaited().stream()
                .anyMatch(server -> server.tested().filter(t -> t.status() == Status.False).isEmpty());
    }

    Reason reason() {
        if (!problems.isEmpty()) {
            return problems.getFirst().reason();
        }
        if (!active().isEmpty()) {
            return own ? Reason.OwnServers : Reason.GlobalServers;
        }
        if (isMasterUnderTest()) {
            return Reason.WaitingForServer;
        }
        return own && !blocked() ? Reason.NoActiveServer : Reason.NoActiveGlobalServer;
    }

    String message() {
        if (!problems.isEmpty()) {
            return Problem.describe(problems);
        }
        if (!active().isEmpty()) {
            return (own ? "sends through its own " : "has no own servers and sends through the global ")
                    + Names.some(keys());
        }
        if (!awaited().isEmpty()) {
            return ("nobody may send until a global MailServer is proved, and none of those that are active is: %s; "
                    + "see its status, or install with globalServerPolicy: Optional")
                    .formatted(Names.some(keys(awaited())));
        }
        return own && !blocked()
                ? "all of the organization's servers are switched off (spec.active of the MailServers)"
                : "no global MailServer is active, so %s; activate one in the operator's namespace%s".formatted(
                        blocked() ? "nobody may send" : "there is no server to send through",
                        blocked()
                                ? ", or install with globalServerPolicy: Optional"
                                : ", or name own servers in spec.servers");
    }
}
