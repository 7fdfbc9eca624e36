package dev.postrider.operator.notice;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("isolation")
final class LicenseGaugesTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final LicenseGauges gauges = new LicenseGauges(registry, 3);

    private static ResourceID id(String namespace, String name) {
        return new ResourceID(name, namespace);
    }

    private List<String> series() {
        gauges.refresh();
        return registry.scrape()
                .lines()
                .filter(line -> line.startsWith("postrider_license_days_left{"))
                .map(line -> line.replaceAll(
                        ".*\\{license=\"(.*)\",name=\"(.*)\",namespace=\"(.*)\"} (.*)", "$3/$2 $1 $4"))
                .sorted()
                .toList();
    }

    @Test
    void aNamespaceFullOfExpiredLicensesHidesNoOthers() {
        for (int i = 0; i < 100; i++) {
            gauges.set(id("evil", "n" + i), "E" + i, 0);
        }
        gauges.set(id("shop", "later"), "L", 40);
        gauges.set(id("shop", "soon"), "S", 7);
        gauges.set(id("acme", "one"), "A", 300);
        assertThat(series()).containsExactly("acme/one A 300.0", "evil/n0 E0 0.0", "other/other other 0.0",
                "shop/soon S 7.0");

        for (int i = 0; i < 100; i++) {
            gauges.forget(id("evil", "n" + i));
        }
        gauges.set(id("acme", "one"), "A", null);
        gauges.set(id("shop", "soon"), "renamed", 6);
        assertThat(series()).containsExactly("shop/later L 40.0", "shop/soon renamed 6.0");
    }
}
