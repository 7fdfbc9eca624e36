package dev.postrider.operator.notice;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The metric {@code postrider_license_days_left}: a value for each license, no more than a number of them. Those that
 * expire soonest have one, the soonest of each namespace before the second of any, so that a namespace full of licenses
 * hides no other's; the rest share a value named "other", that of the soonest among them.
 */
final class LicenseGauges {
    /** How many have a value of their own. */
    static final int NAMED = 1_000;

    private static final String OTHER = "other";

    private final MultiGauge gauge;
    private final int named;
    private final Map<ResourceID, License> licenses = new ConcurrentHashMap<>();

    private record License(String namespace, String name, String license, int daysLeft) {}

    private record Ranked(License license, int rank) {}

    LicenseGauges(MeterRegistry registry) {
        this(registry, NAMED);
    }

    LicenseGauges(MeterRegistry registry, int named) {
        this.named = named;
        this.gauge = MultiGauge.builder("postrider.license.days.left")
                .description("Days until the license expires, the expiry day counted; 0 when it has expired")
                .register(registry);
    }

    /** Sets the value, or removes it where it is not known. */
    void set(ResourceID resource, String license, @Nullable Integer daysLeft) {
        if (daysLeft == null) {
            licenses.remove(resource);
        } else {
            licenses.put(resource,
                    new License(resource.getNamespace().orElse(""), resource.getName(), license, daysLeft));
        }
    }

    void forget(ResourceID resource) {
        licenses.remove(resource);
    }

    /** Decides anew who has a value: to be called before the metrics are read. */
    synchronized void refresh() {
        List<License> sorted = licenses.values()
                .stream()
                .collect(Collectors.groupingBy(License::namespace))
                .values()
                .stream()
                .flatMap(LicenseGauges::ranked)
                .sorted(Comparator.comparingInt(Ranked::rank)
                        .thenComparingInt(ranked -> ranked.license.daysLeft)
                        .thenComparing(ranked -> ranked.license.namespace))
                .map(Ranked::license)
                .toList();
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        sorted.stream().limit(named).map(LicenseGauges::row).forEach(rows::add);
        sorted.stream()
                .skip(named)
                .min(Comparator.comparingInt(License::daysLeft))
                .ifPresent(soonest -> rows.add(row(new License(OTHER, OTHER, OTHER, soonest.daysLeft))));
        gauge.register(rows, true);
    }

    private static Stream<Ranked> ranked(List<License> ofNamespace) {
        List<License> soonestFirst = ofNamespace.stream()
                .sorted(Comparator.comparingInt(License::daysLeft).thenComparing(License::name))
                .toList();
        List<Ranked> ranked = new ArrayList<>();
        soonestFirst.forEach(license -> ranked.add(new Ranked(license, ranked.size())));
        return ranked.stream();
    }

    private static MultiGauge.Row<?> row(License license) {
        return MultiGauge.Row.of(
                Tags.of("namespace", license.namespace, "name", license.name, "license", license.license),
                license.daysLeft);
    }
}
