package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** From one version to the next, and what stays behind at the end. */
@UsesCluster
final class LifeOfAnInstallationIT {
    private static final Duration PATIENCE = Installation.PATIENCE;
    /** The first version of the chart, as it was packaged. */
    private static final String PREVIOUS = "src/test/resources/chart/postrider-0.1.0.tgz";
    private static final String QUICK_RETRIES = "relay.delivery.retryAfter={2s}";

    @Test
    void mailThatIsQueuedArrivesAfterAnUpgrade(Cluster cluster) {
        try (Installation installation = Installation.of(cluster, PREVIOUS, QUICK_RETRIES,
                "image.tag=" + cluster.previousTag())) {
            // The previous image is this program under another tag, so it must find the kinds as it knows them.
            for (String kind : List.of("mailservers", "organizationmailsettings", "licenseexpirynotices")) {
                String file = "crds/" + kind + ".postrider.dev.yaml";
                cluster.must("patch", "-f", file, "--type=merge", "--patch-file", file);
            }
            SinkPod sink = SinkPod.start(installation, "mail-sink");
            installation.declare(sink.host(), 2525, "acme");
            Application shop = Application.start(installation, "shop", "acme");
            String password = binding(installation, "password");
            sink.stop();
            List<String> acknowledged = shop.send("queued", 5).acknowledged();
            String operators = installation.pods("operator");
            String relays = installation.pods("relay");

            installation.upgrade("helm/postrider", QUICK_RETRIES);

            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(installation.pods("operator")).isNotEqualTo(operators);
                assertThat(installation.pods("relay")).isNotBlank().isNotEqualTo(relays);
            });
            installation.awaitRelay();
            sink.start();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(sink.mails()).as(installation.logs())
                            .containsAll(acknowledged.stream().map(subject -> "Subject: " + subject).toList()));
            assertThat(binding(installation, "password")).isEqualTo(password);
            assertThat(shop.send("after the upgrade", 1).acknowledged()).containsExactly("after the upgrade 0");
        }
    }

    @Test
    void anUninstallTakesTheRelayAndLeavesWhatPeopleDeclaredWhichWorksAgainAfterTheNextInstall(Cluster cluster) {
        try (Installation installation = Installation.of(cluster, "helm/postrider")) {
            SinkPod sink = SinkPod.start(installation, "mail-sink");
            installation.declare(sink.host(), 2525, "acme");
            Application shop = Application.start(installation, "shop", "acme");

            installation.uninstall();

            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(installation.must("-n", "$SYSTEM", "get",
                            "deployments,pvc,secrets,roles,networkpolicies,poddisruptionbudgets,leases", "-o", "name"))
                            .isEqualTo("lease.coordination.k8s.io/postrider-operator\n"));
            assertThat(installation.must("get", "crds", "-o", "name")).contains("mailservers.postrider.dev",
                    "organizationmailsettings.postrider.dev", "licenseexpirynotices.postrider.dev");
            assertThat(installation.must("-n", "$SYSTEM", "get", "ms", "-o", "name"))
                    .isEqualTo("mailserver.postrider.dev/company\n");
            assertThat(installation.must("-n", "$TENANT", "get", "oms,secrets", "-o", "name"))
                    .isEqualTo("organizationmailsettings.postrider.dev/acme\nsecret/acme-mail\n");

            installation.install("helm/postrider");

            installation.awaitReady("oms", "$TENANT", "acme");
            assertThat(shop.send("after the next install", 1).acknowledged())
                    .containsExactly("after the next install 0");
        }
    }

    private static String binding(Installation installation, String entry) {
        return installation.must("-n", "$TENANT", "get", "secret", "acme-mail", "-o",
                "jsonpath={.data." + entry + "}");
    }
}
