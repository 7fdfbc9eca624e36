package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.CommandResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A release of the chart in a namespace of its own, for one more namespace: that of a tenant. */
final class Installation implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Who installs it; its image is loaded, and there is nothing to pull it from. */
    private static final List<String> IMAGE = List.of("image.repository=" + Cluster.IMAGE, "image.tag=" + Cluster.TAG,
            "image.pullPolicy=Never");

    private final Cluster cluster;
    private final String namespace;
    private final String tenant;

    private Installation(Cluster cluster) {
        this.cluster = cluster;
        this.namespace = cluster.newName("postrider");
        this.tenant = cluster.newName("acme");
    }

    /** Installs a chart, and waits until the operator runs. */
    static Installation of(Cluster cluster, String chart, String... settings) {
        Installation installation = new Installation(cluster);
        cluster.must("create", "namespace", installation.namespace);
        cluster.must("create", "namespace", installation.tenant);
        cluster.must("apply", "--server-side", "--force-conflicts", "-f", "crds");
        CommandResult installed = installation.helm("install", chart, settings);
        assertThat(installed.exitCode()).as(installed.err()).isZero();
        cluster.must("-n", installation.namespace, "rollout", "status", "deployment/postrider-operator",
                "--timeout=120s");
        return installation;
    }

    /** Upgrades it to another chart or other settings. */
    void upgrade(String chart, String... settings) {
        CommandResult upgraded = helm("upgrade", chart, settings);
        assertThat(upgraded.exitCode()).as(upgraded.err()).isZero();
        cluster.must("-n", namespace, "rollout", "status", "deployment/postrider-operator", "--timeout=120s");
    }

    private CommandResult helm(String verb, String chart, String... settings) {
        List<String> command = new ArrayList<>(List.of(verb, "postrider", chart, "--namespace", namespace, "--set",
                "crds.install=false,watchNamespaces={" + tenant + "}"));
        for (String setting : IMAGE) {
            command.addAll(List.of("--set", setting));
        }
        for (String setting : settings) {
            command.addAll(List.of("--set", setting));
        }
        return cluster.helm(command.toArray(String[]::new));
    }

    String namespace() {
        return namespace;
    }

    String tenant() {
        return tenant;
    }

    /** Applies manifests in which {@code $SYSTEM} and {@code $TENANT} are the two namespaces. */
    void apply(String manifests) {
        cluster.apply(named(manifests));
    }

    /** What kubectl prints, with the same names in its arguments; it must not fail. */
    String must(String... arguments) {
        return cluster.must(named(arguments));
    }

    CommandResult kubectl(String... arguments) {
        return cluster.kubectl(named(arguments));
    }

    void awaitReady(String kind, String namespace, String name) {
        String where = named(namespace);
        CommandResult waited = cluster.kubectl("-n", where, "wait", "--for=condition=Ready", "--timeout=120s",
                kind + "/" + name);
        assertThat(waited.exitCode()).as("%s%s", waited.err(), waited.exitCode() == 0
                ? ""
                : cluster.kubectl("-n", where, "describe", kind, name).out() + logs())
                .isZero();
    }

    /** What operator and relay wrote last, for the message of a failing test. */
    String logs() {
        return cluster.kubectl("-n", namespace, "get", "pods", "-o", "wide").out()
                + cluster.kubectl("-n", namespace, "logs", "deployment/postrider-operator", "--tail=30").out()
                + cluster.kubectl("-n", namespace, "logs", "deployment/postrider-relay", "--tail=30").out();
    }

    private String named(String text) {
        return text.replace("$SYSTEM", namespace).replace("$TENANT", tenant);
    }

    private String[] named(String... texts) {
        return Arrays.stream(texts).map(this::named).toArray(String[]::new);
    }

    /** Confirms all deletions, deletes, uninstalls. */
    @Override
    public void close() {
        for (String where : List.of(tenant, namespace)) {
            for (String kind : List.of("oms", "ms")) {
                String found = cluster.kubectl("-n", where, "get", kind, "-o", "name").out();
                for (String resource : found.lines().toList()) {
                    cluster.kubectl("-n", where, "patch", resource, "--type=merge", "-p",
                            "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
                }
            }
            cluster.kubectl("-n", where, "delete", "len,oms,ms", "--all", "--timeout=60s");
        }
        cluster.helm("uninstall", "postrider", "--namespace", namespace, "--wait");
        cluster.kubectl("delete", "namespace", tenant, namespace, "--wait=false");
    }
}
