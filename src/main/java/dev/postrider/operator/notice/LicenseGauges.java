package dev.postrider.operator.notice;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The metric {@code postrider_license_days_left}, one value for each resource. */
final class LicenseGauges {
    private static final String NAME = "postrider.license.days.left";

    private final MeterRegistry registry;
    private final Map<ResourceID, Value> values = new ConcurrentHashMap<>();

    private record Value(String license, AtomicInteger days, Gauge gauge) {}

    LicenseGauges(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Sets the value, or removes it where it is not known. */
    void set(ResourceID resource, String license, @Nullable Integer daysLeft) {
        values.compute(resource, (_, old) -> {
            if (old != null && (daysLeft == null || !old.license.equals(license))) {
                registry.remove(old.gauge);
            }
            if (daysLeft == null) {
                return null;
            }
            Value value = old != null && old.license.equals(license) ? old : make(resource, license);
            value.days.set(daysLeft);
            return value;
        });
    }

    void forget(ResourceID resource) {
        set(resource, "", null);
    }

    private Value make(ResourceID resource, String license) {
        AtomicInteger days = new AtomicInteger();
        Gauge gauge = Gauge.builder(NAME, days, AtomicInteger::get)
                .description("Days until the license expires, the expiry day counted; 0 when it has expired")
                .tag("namespace", resource.getNamespace().orElse(""))
                .tag("name", resource.getName())
                .tag("license", license)
                .register(registry);
        return new Value(license, days, gauge);
    }
}
