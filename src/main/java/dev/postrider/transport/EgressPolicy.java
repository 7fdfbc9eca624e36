package dev.postrider.transport;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Which addresses may be connected to on behalf of a tenant. It is asked with the addresses that a name was resolved
 * to, and what is connected to is one of those that it let pass: there is no second lookup in between.
 *
 * <p>The rule with the longest prefix decides, as in routing; of two that are equal, one that denies. So a wide network
 * that an administrator allows opens no metadata service within it. An IPv6 address that stands for an IPv4 address
 * (mapped, translated, tunnelled) is good only if that one is, too.
 */
public final class EgressPolicy {
    /** For those who are trusted: everything is allowed. */
    public static final EgressPolicy OPEN = new EgressPolicy(List.of(), List.of(), List::of, true);

    /** What nobody has a reason to name: see "Where Postrider connects" in docs/security.md. */
    private static final List<Rule> REFUSED = Stream.of(
            refused("unspecified", "0.0.0.0/8", "::/128"),
            refused("loopback", "127.0.0.0/8", "::1/128"),
            refused("link-local", "169.254.0.0/16", "fe80::/10"),
            refused("multicast", "224.0.0.0/4", "ff00::/8"),
            refused("broadcast", "255.255.255.255/32"),
            // Metadata services: of AWS, Azure, Google, Oracle, OpenStack and others; ECS and EKS of AWS; Tencent;
            // Scaleway; Azure's wire server; Alibaba; Oracle Classic; AWS, Google, Scaleway and Linode by IPv6.
            refused("a metadata service", "169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32",
                    "169.254.0.23/32", "169.254.42.42/32", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
                    "fe80::a9fe:a9fe/128", "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128",
                    "fd00:42::42/128", "fd00:a9fe:a9fe::1/128"))
            .flatMap(List::stream)
            .toList();

    private final List<Rule> denied;
    private final List<Rule> allowed;
    private final Supplier<? extends Collection<InetAddress>> own;
    private final boolean open;

    private record Rule(Network network, boolean allows, String what) {}

    private EgressPolicy(List<Rule> denied, List<Rule> allowed, Supplier<? extends Collection<InetAddress>> own,
            boolean open) {
        this.denied = denied;
        this.allowed = allowed;
        this.own = own;
        this.open = open;
    }

    /**
     * A policy of an installation.
     *
     * @param allowed networks that may be connected to, though they are refused by default
     * @param denied  networks that may not, though they are allowed by default
     * @param own     addresses of the installation's own services, asked for with each connection
     * @throws IllegalArgumentException if one of the networks cannot be read; the message tells which
     */
    public static EgressPolicy of(Collection<String> allowed, Collection<String> denied,
            Supplier<? extends Collection<InetAddress>> own) {
        return new EgressPolicy(rules(denied, false, "denied by this installation"), rules(allowed, true, "allowed"),
                own, false);
    }

    /** The policy with more networks allowed. */
    public EgressPolicy allowing(Collection<String> more) {
        return new EgressPolicy(denied, Stream.concat(allowed.stream(), rules(more, true, "allowed").stream()).toList(),
                own, open);
    }

    private static List<Rule> refused(String what, String... networks) {
        return rules(List.of(networks), false, what);
    }

    private static List<Rule> rules(Collection<String> networks, boolean allows, String what) {
        return networks.stream().map(text -> new Rule(Network.parse(text), allows, what)).toList();
    }

    /** Why an address may not be connected to, as {@code loopback}; empty if it may. */
    public Optional<String> refusal(InetAddress address) {
        return open
                ? Optional.empty()
                : Stream.concat(Stream.of(address), EmbeddedAddresses.of(address).stream())
                        .flatMap(one -> decide(one).stream())
                        .findFirst();
    }

    private Optional<String> decide(InetAddress address) {
        Stream<Rule> ofOwn = own.get()
                .stream()
                .map(one -> new Rule(new Network(one, one.getAddress().length * 8), false, "this installation's own"));
        // The first of those that are equal stays.
        return Stream.of(denied.stream(), allowed.stream(), ofOwn, REFUSED.stream())
                .flatMap(rules -> rules)
                .filter(rule -> rule.network().contains(address))
                .reduce((first, next) -> next.network().prefix() > first.network().prefix() ? next : first)
                .filter(rule -> !rule.allows())
                .map(Rule::what);
    }

    /**
     * Those of a host's addresses that may be connected to, in their order.
     *
     * @throws RefusedAddressException if there is none
     */
    public List<InetAddress> permitted(List<InetAddress> addresses) throws RefusedAddressException {
        List<InetAddress> permitted = addresses.stream().filter(address -> refusal(address).isEmpty()).toList();
        if (permitted.isEmpty() && !addresses.isEmpty()) {
            InetAddress first = addresses.getFirst();
            throw new RefusedAddressException("the address " + first.getHostAddress() + " is "
                    + refusal(first).orElse("refused") + ", and Postrider connects to such only where its "
                    + "administrator has allowed the network (connections.allowedNetworks)");
        }
        return permitted;
    }

    /** None of the addresses of a host may be connected to; the message tells why and who can allow it. */
    public static final class RefusedAddressException extends UnknownHostException {
        RefusedAddressException(String message) {
            super(message);
        }
    }
}
