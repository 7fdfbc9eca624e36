package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An installation with rights in a list of namespaces, one of which is deleted, and the rights with it. */
@UsesCluster
final class WatchedNamespaceIT {
    private static final Duration PATIENCE = Installation.PATIENCE;

    @Test
    void aDeletedNamespaceIsLetGoByHandWhileTheOperatorGoesOnInTheOthers(Cluster cluster) {
        try (Installation installation = Installation.of(cluster, "helm/postrider")) {
            SinkPod sink = SinkPod.start(installation, "mail-sink");
            installation.declare(sink.host(), 2525, "acme");

            installation.must("delete", "namespace", "$TENANT", "--wait=false");

            cluster.await(PATIENCE, "Some content in the namespace has finalizers remaining: postrider.dev/", "get",
                    "namespace", installation.tenant(), "-o", "jsonpath={.status.conditions[*].message}");
            installation.must("-n", "$SYSTEM", "patch", "ms", "company", "--type=merge", "-p",
                    "{\"spec\":{\"description\":\"changed while the namespace ends\"}}");
            cluster.await(PATIENCE, "2 2", "-n", installation.namespace(), "get", "ms", "company", "-o",
                    "jsonpath={.metadata.generation} {.status.observedGeneration}");
            assertThat(installation.pods("operator")).endsWith(" 0");
            // As docs/resources.md tells it.
            cluster.paste("""
                    for resource in $(kubectl -n %1$s get ms,oms -o name); do
                      kubectl -n %1$s patch "$resource" --type json -p '[{"op":"remove","path":"/metadata/finalizers"}]'
                    done
                    """.formatted(installation.tenant()));
            installation.must("wait", "--for=delete", "namespace/$TENANT", "--timeout=120s");
        }
    }
}
