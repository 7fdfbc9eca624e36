package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Address;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Support;
import dev.postrider.route.SystemInformation;
import dev.postrider.route.SystemInformation.License;
import dev.postrider.route.SystemInformation.Server;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Who helps an organization, and what they are told. */
final class SupportDesk {
    private static final String FIELD = "spec.support.address";

    private SupportDesk() {}

    /** The address of those who help; empty if there are none. An own one that must not be is a problem. */
    static Optional<String> address(OrganizationMailSettingsSpec spec, Installation installation,
            List<Problem> problems) {
        Optional<String> own = Optional.ofNullable(spec.support()).flatMap(s -> Optional.ofNullable(s.address()));
        MailAddress.check(FIELD, own.orElse(null), problems);
        if (own.isPresent() && !installation.support().allowOwnAddress()) {
            problems.add(new Problem(Area.SPEC, Reason.SupportAddressNotAllowed, FIELD,
                    "an address of the organization's own is not allowed in this installation; remove it (mail to "
                            + "support goes to %s then), or ask its operator for support.allowOwnAddress of the chart"
                                    .formatted(installation.support().address().orElse("nobody"))));
            return Optional.empty();
        }
        return own.or(() -> installation.support().address());
    }

    static Optional<Support> of(ResourceKey organization, OrganizationMailSettingsSpec spec,
            DeclaredOrganization declared, Servers servers, World world) {
        boolean attach = spec.support() != null && Boolean.TRUE.equals(spec.support().attachSystemInformation());
        Optional<Address> administrator = Optional.ofNullable(spec.administrators())
                .flatMap(all -> all.stream().findFirst())
                .map(address -> new Address(address, Optional.empty()));
        return declared.supportAddress()
                .map(address -> new Support(address, declared.identity().replyTo().or(() -> administrator),
                        attach ? Optional.of(information(organization, servers, world)) : Optional.empty()));
    }

    /** Of servers only what is the same for everybody who uses them. */
    private static SystemInformation information(ResourceKey organization, Servers servers, World world) {
        List<License> licenses = world.licenses(organization)
                .stream()
                .flatMap(notice -> Optional.ofNullable(notice.getStatus()).stream())
                .flatMap(status -> Optional.ofNullable(status.settings()).stream())
                .filter(settings -> settings.organization().equals(organization.name()))
                .map(settings -> new License(settings.license(), settings.expiryDate(), settings.timeZone()))
                .distinct()
                .sorted(Comparator.comparing(License::name).thenComparing(License::expiryDate))
                .toList();
        return new SystemInformation(licenses,
                servers.keys().stream().map(name -> server(name, world.mailServer(ResourceKey.parse(name)))).toList());
    }

    private static Server server(String name, Optional<ServerView> server) {
        return server.flatMap(ServerView::ready)
                .map(ready -> new Server(name, ready.status().name(), ready.reason()))
                .orElseGet(() -> new Server(name, Condition.Status.Unknown.name(), Reason.Pending.toString()));
    }
}
