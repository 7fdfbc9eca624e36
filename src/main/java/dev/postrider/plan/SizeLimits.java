package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsSpec.Limits;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.SizeLimit;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/** Turns how large an organization's messages may be into what the relay needs. */
final class SizeLimits {
    private static final String FIELD = "spec.limits.messageSize";
    private static final long LEAST = 64L << 10;

    private SizeLimits() {}

    /** The limit; empty if there is none, or something is wrong, and then the problem is recorded. */
    static Optional<SizeLimit> of(OrganizationMailSettingsSpec spec, List<Problem> problems) {
        Limits limits = spec.limits();
        if (limits == null) {
            return Optional.empty();
        }
        Optional<Long> octets = Optional.ofNullable(limits.messageSize()).flatMap(SizeLimits::octets);
        if (limits.messageSize() != null && octets.filter(size -> size >= LEAST).isEmpty()) {
            problems.add(new Problem(Area.SPEC, "InvalidSpec", FIELD,
                    "\"%s\" is no size of messages; write a quantity of at least 64Ki, such as 10Mi"
                            .formatted(limits.messageSize())));
            return Optional.empty();
        }
        return Optional.of(new SizeLimit(octets,
                limits.whenTooLarge() == OrganizationMailSettingsSpec.WhenTooLarge.Split
                        ? SizeLimit.WhenTooLarge.SPLIT
                        : SizeLimit.WhenTooLarge.REJECT));
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
