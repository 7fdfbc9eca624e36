package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.CommandResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A release of the chart in a namespace of its own, for one more namespace: that of a tenant; or for all. */
final class Installation implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Who installs it; its image is loaded, and there is nothing to pull it from. */
    private static final List<String> IMAGE = List.of("image.repository=" + Cluster.IMAGE, "image.tag=" + Cluster.TAG,
            "image.pullPolicy=Never");

    private final Cluster cluster;
    private final String namespace;
    private final String tenant;
    private final String watched;

    /** @param everywhere whether it works in all namespaces, and not in the tenant's alone */
    private Installation(Cluster cluster, boolean everywhere) {
        this.cluster = cluster;
        this.namespace = cluster.newName("postrider");
        this.tenant = cluster.newName("acme");
        this.watched = everywhere ? "[]" : "[\"" + tenant + "\"]";
    }

    /** Installs a chart, and waits until the operator runs. */
    static Installation of(Cluster cluster, String chart, String... settings) {
        return made(new Installation(cluster, false), chart, settings);
    }

    /** Installs one for all namespaces, and waits until the operator runs. */
    static Installation everywhere(Cluster cluster, String chart, String... settings) {
        return made(new Installation(cluster, true), chart, settings);
    }

    private static Installation made(Installation installation, String chart, String... settings) {
        Cluster cluster = installation.cluster;
        cluster.must("create", "namespace", installation.namespace);
        cluster.must("create", "namespace", installation.tenant);
        installation.install(chart, settings);
        return installation;
    }

    /** Installs a chart again, after {@link #uninstall}. */
    void install(String chart, String... settings) {
        helm("install", chart, settings);
    }

    /** Upgrades it to another chart or other settings. */
    void upgrade(String chart, String... settings) {
        helm("upgrade", chart, settings);
    }

    private void helm(String verb, String chart, String... settings) {
        // The definitions may be there from another release; they are of the whole cluster.
        List<String> command = new ArrayList<>(List.of(verb, "postrider", chart, "--namespace", namespace,
                "--take-ownership", "--force-conflicts", "--set-json", "watchNamespaces=" + watched));
        for (String setting : IMAGE) {
            command.addAll(List.of("--set", setting));
        }
        for (String setting : settings) {
            command.addAll(List.of("--set", setting));
        }
        CommandResult done = cluster.helm(command.toArray(String[]::new));
        assertThat(done.exitCode()).as(done.err()).isZero();
        cluster.must("-n", namespace, "rollout", "status", "deployment/postrider-operator", "--timeout=120s");
    }

    /** Uninstalls the release; what the chart's README says of that holds. */
    void uninstall() {
        CommandResult done = cluster.helm("uninstall", "postrider", "--namespace", namespace, "--wait");
        assertThat(done.exitCode()).as(done.err()).isZero();
    }

    /** Declares a global server, and an organization of the tenant, and waits until mail works. */
    void declare(String host, int port, String organization) {
        apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: company, namespace: $SYSTEM}
                spec:
                  scope: Global
                  smtp: {host: %s, port: %d, security: None}
                  sender: {address: postmaster@postfix.test}
                  test: {recipient: postmaster@postfix.test}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: %s, namespace: $TENANT}
                spec:
                  identity: {from: {address: no-reply@postfix.test, name: Acme}}
                  binding: {formats: [Environment, Django, Msmtp]}
                """.formatted(host, port, organization));
        awaitReady("ms", "$SYSTEM", "company");
        awaitReady("oms", "$TENANT", organization);
    }

    /** Waits until the relay is as its Deployment wants it. */
    void awaitRelay() {
        must("-n", "$SYSTEM", "rollout", "status", "deployment/postrider-relay", "--timeout=120s");
    }

    /** The pods of a part, each with how often it was started again: other words mean other pods. */
    String pods(String component) {
        return must("-n", "$SYSTEM", "get", "pods", "-l", "app.kubernetes.io/component=" + component, "-o",
                "jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount}{end}");
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
        cluster.helm("uninstall", "postrider", "--namespace", namespace, "--wait", "--ignore-not-found");
        cluster.kubectl("delete", "namespace", tenant, namespace, "--wait=false");
    }
}
