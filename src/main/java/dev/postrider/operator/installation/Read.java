package dev.postrider.operator.installation;

import dev.postrider.plan.World;
import dev.postrider.route.ResourceKey;
import java.util.Optional;

/** Something of the cluster that plans ask their {@link World} for. */
public sealed interface Read {

    /** What is there under the name of a Secret: credentials, a binding, a copy of one. */
    record Secret(ResourceKey key) implements Read {}

    /** What is there under the name of a ConfigMap. */
    record ConfigMap(ResourceKey key) implements Read {}

    /** What others see of a MailServer. */
    record Server(ResourceKey key) implements Read {}

    /** What others see of the global MailServers. */
    record GlobalServers() implements Read {}

    /** When a MailServer was tested last. */
    record TestTime(ResourceKey server) implements Read {}

    /** The relay's route of a MailServer. */
    record Route(ResourceKey server) implements Read {}

    /** Whether a MailServer rests. */
    record Rest(ResourceKey server) implements Read {}

    /** An organization. */
    record Organization(ResourceKey key) implements Read {}

    /** The licenses of an organization. */
    record Licenses(ResourceKey organization) implements Read {}

    /** Which organizations send through a server that is being deleted. */
    record Users() implements Read {}

    /** Who has links at a host, by whoever may not have them there. */
    record LinkHost(String hostName) implements Read {}

    /** The resources of a kind that a namespace has, by whoever is one too many of them. */
    record InNamespace(Dependencies.Reader.Kind kind, String namespace) implements Read {}

    /** Which resources of a namespace are beyond the octets that it may have. */
    record Octets(String namespace) implements Read {}

    /**
     * The answer now, of what so many look at that none of them should be woken for the same answer again; empty of the
     * rest. It must come out of a cache.
     */
    default Optional<Object> shared(World world) {
        return switch (this) {
            case Server(ResourceKey key) -> Optional.of(world.mailServer(key));
            case GlobalServers() -> Optional.of(world.globalServers());
            case TestTime(ResourceKey server) -> Optional.of(world.testedAt(server));
            case Route(ResourceKey server) -> Optional.of(world.serverRoute(server));
            case Rest(ResourceKey server) -> Optional.of(world.rest(server));
            case Secret _,ConfigMap _,Organization _,Licenses _,Users _,InNamespace _,LinkHost _,Octets _ ->
                Optional.empty();
        };
    }
}
