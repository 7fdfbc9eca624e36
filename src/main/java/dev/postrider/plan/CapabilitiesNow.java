package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsStatus.CapabilitiesStatus;
import dev.postrider.api.Reason;
import dev.postrider.route.MailClass;
import dev.postrider.route.UnavailableClasses;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What an organization may do now: what is switched on, exactly while its mail works.
 *
 * @param available   now
 * @param switchedOff by the spec
 */
record CapabilitiesNow(Set<Capability> available, Set<Capability> switchedOff) {

    /**
     * Finds them out, and says of each in a condition.
     *
     * @param works whether the mail works that a capability needs
     */
    static CapabilitiesNow of(OrganizationMailSettingsSpec spec, Function<Capability, Works> works,
            Conditions conditions) {
        Set<Capability> available = EnumSet.noneOf(Capability.class);
        Set<Capability> switchedOff = EnumSet.noneOf(Capability.class);
        for (Capability capability : Capability.values()) {
            if (!capability.isSwitchedOn(spec.capabilities())) {
                switchedOff.add(capability);
                conditions.set(capability.conditionType, Status.False, Reason.SwitchedOff,
                        capability.field() + " is false");
            } else {
                Condition condition = switch (works.apply(capability)) {
                    case Works.Yes(Reason reason, String besides) -> conditions.set(capability.conditionType,
                            Status.True, reason, capability.available + besides);
                    case Works.No(Reason reason, String message) -> conditions.set(capability.conditionType,
                            Status.False, reason, message);
                };
                if (condition.status() == Status.True) {
                    available.add(capability);
                }
            }
        }
        return new CapabilitiesNow(available, switchedOff);
    }

    /** Whether the organization's mail works. */
    sealed interface Works {
        /**
         * It does.
         *
         * @param besides what else there is to say of it
         */
        record Yes(Reason reason, String besides) implements Works {}

        /**
         * It does not.
         *
         * @param message when it will
         */
        record No(Reason reason, String message) implements Works {}
    }

    /** What the relay refuses. */
    UnavailableClasses unavailable() {
        return new UnavailableClasses(classes(switchedOff::contains),
                classes(c -> !switchedOff.contains(c) && !available.contains(c)));
    }

    private static List<MailClass> classes(Predicate<Capability> which) {
        return Arrays.stream(Capability.values()).filter(which).map(c -> c.mailClass).toList();
    }

    /** What the binding says of them. */
    Map<String, String> entries() {
        Map<String, String> entries = new TreeMap<>();
        for (Capability capability : Capability.values()) {
            entries.put(capability.bindingKey(), Boolean.toString(available.contains(capability)));
        }
        return entries;
    }

    CapabilitiesStatus status() {
        return new CapabilitiesStatus(available.contains(Capability.PASSWORD_RECOVERY),
                available.contains(Capability.ALERTS), available.contains(Capability.NOTIFICATIONS),
                available.contains(Capability.USAGE_REPORT));
    }
}
