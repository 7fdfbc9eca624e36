package dev.postrider.route;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Joins an organization's route with the servers': through which servers its mail goes, or why it goes nowhere. */
public sealed interface Routing {

    /**
     * Mail may be accepted, and goes through any of these.
     *
     * @param servers active ones, at least one
     */
    record Through(List<ServerRoute> servers) implements Routing {

        /** Those that take mail with the login of whoever submitted it, in place of the organization's. */
        public List<ServerRoute> forSubmitters() {
            return servers.stream().filter(server -> server.endpoint().wantsSubmitter()).toList();
        }

        /** Whether there is a server for mail of the organization's own login. */
        public boolean takesOwn() {
            return servers.stream().anyMatch(server -> !server.endpoint().wantsSubmitter());
        }
    }

    /**
     * No mail is accepted, and queued mail waits.
     *
     * @param permanent whether a person decided so (5xx), or it may change by itself or by the installation (4xx)
     * @param status    enhanced status code (RFC 3463), as {@code 5.7.1}
     * @param reason    for the reply, one line of ASCII
     */
    record Nowhere(boolean permanent, String status, String reason) implements Routing {}

    /**
     * Where new mail of an organization goes.
     *
     * @param globalServerRequired see {@link RelayRoute#globalServerRequired()}
     * @param globals              all active global servers
     * @param server               finds a server's route
     */
    static Routing of(OrganizationRoute organization, boolean globalServerRequired, List<ServerRoute> globals,
            Function<ResourceKey, Optional<ServerRoute>> server) {
        if (organization.state() == OrganizationRoute.State.SUSPENDED) {
            return new Nowhere(true, "5.7.1", "sending is switched off for this organization (spec.sendingEnabled)");
        }
        List<ServerRoute> active = globals.stream().filter(ServerRoute::active).toList();
        if (globalServerRequired && active.isEmpty()) {
            return new Nowhere(false, "4.3.2", "sending is switched off: no global mail server is active");
        }
        List<ServerRoute> servers = servers(organization, active, server).stream()
                .filter(ServerRoute::active)
                .toList();
        return servers.isEmpty()
                ? new Nowhere(false, "4.3.2", "no mail server is active for this organization")
                : new Through(servers);
    }

    /**
     * The servers that mail of an organization is for, whether or not any may go there now. Those that it names and that
     * have no route, or belong to others now, are left out. Each has the preference that counts for this organization.
     *
     * @param globals the global servers that count
     * @param server  finds a server's route
     */
    static List<ServerRoute> servers(OrganizationRoute organization, List<ServerRoute> globals,
            Function<ResourceKey, Optional<ServerRoute>> server) {
        // An organization that names servers goes through those or nowhere: another way would be a surprise to whoever
        // receives its mail, and to whoever pays for the global servers.
        return organization.servers().isEmpty()
                ? globals
                : organization.servers()
                        .stream()
                        .flatMap(key -> server.apply(key).stream())
                        // Whatever a route says, no organization uses a server of another namespace that is not everybody's.
                        .filter(s -> s.global() || s.key().namespace().equals(organization.key().namespace()))
                        .filter(organization::means)
                        .map(s -> s.preferred(organization.preference(s.key())))
                        .toList();
    }
}
