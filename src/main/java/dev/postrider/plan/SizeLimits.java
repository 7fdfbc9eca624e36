package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsSpec.Limits;
import dev.postrider.api.OrganizationMailSettingsSpec.Link;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Linking;
import dev.postrider.route.SizeLimit;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns how large an organization's messages may be into what the relay needs. */
final class SizeLimits {
    private static final String FIELD = "spec.limits.messageSize";
    private static final long LEAST = 64L << 10;
    private static final int DEFAULT_DAYS = 30;

    private SizeLimits() {}

    /** The limit; empty if there is none, or something is wrong, and then the problem is recorded. */
    static Optional<SizeLimit> of(OrganizationMailSettingsSpec spec, Optional<String> linkHost,
            Installation installation, List<Problem> problems) {
        Limits limits = spec.limits();
        if (limits == null) {
            return Optional.empty();
        }
        Optional<Long> octets = Optional.ofNullable(limits.messageSize()).flatMap(SizeLimits::octets);
        if (limits.messageSize() != null && octets.filter(size -> size >= LEAST).isEmpty()) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, FIELD,
                    "\"%s\" is no size of messages; write a quantity of at least 64Ki, such as 10Mi"
                            .formatted(limits.messageSize())));
            return Optional.empty();
        }
        boolean refusesLongLines = limits.longLines() == OrganizationMailSettingsSpec.LongLines.Refuse;
        Optional<SizeLimit> limit = switch (limits.whenTooLarge()) {
            case null -> Optional.of(new SizeLimit(octets, SizeLimit.WhenTooLarge.REJECT));
            case Reject -> Optional.of(new SizeLimit(octets, SizeLimit.WhenTooLarge.REJECT));
            case Split -> Optional.of(new SizeLimit(octets, SizeLimit.WhenTooLarge.SPLIT));
            case Link -> linking(limits.link(), linkHost, installation, problems)
                    .map(linking -> new SizeLimit(octets, SizeLimit.WhenTooLarge.LINK, Optional.of(linking)));
        };
        return limit.map(made -> made.refusingLongLines(refusesLongLines));
    }

    /** A host that is missing or wrong is a problem that is recorded already, or that the schema has refused. */
    private static Optional<Linking> linking(@Nullable Link link, Optional<String> host, Installation installation,
            List<Problem> problems) {
        if (!installation.servesLinks()) {
            problems.add(new Problem(Area.SPEC, Reason.LinksNotServed, "spec.limits.whenTooLarge",
                    "Link is not possible, for this installation serves no downloads; its operator can switch that on "
                            + "(relay.links.enabled of the chart, --links-port of postrider local), or write Reject or Split"));
            return Optional.empty();
        }
        boolean always = link != null && Boolean.TRUE.equals(link.always());
        int days = link == null || link.expiresAfterDays() == null ? DEFAULT_DAYS : link.expiresAfterDays();
        return host.map(name -> new Linking(name, always, days,
                !installation.sharedLinkHosts().contains(Linking.hostName(name))));
    }

    private static Optional<Long> octets(Quantity quantity) {
        try {
            BigDecimal octets = Quantity.getAmountInBytes(quantity);
            return Optional.of(octets.longValueExact());
        } catch (IllegalArgumentException | ArithmeticException e) {
            return Optional.empty();
        }
    }
}
