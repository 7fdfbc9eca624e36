package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.CommandResult;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Deletions that got past the door, for the policy is switched off or lets a namespace's end through. */
@UsesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HeldDeletionIT {
    private static final Duration PATIENCE = Installation.PATIENCE;

    private Cluster cluster;
    private Installation installation;

    @BeforeAll
    void install(Cluster cluster) {
        this.cluster = cluster;
        installation = Installation.everywhere(cluster, "helm/postrider");
        SinkPod sink = SinkPod.start(installation, "mail-sink");
        installation.declare(sink.host(), 2525, "acme");
    }

    @AfterAll
    void uninstall() {
        if (installation != null) {
            installation.close();
        }
    }

    @Test
    void anUnconfirmedDeletionIsHeldAndSaysHowToConfirmWhileMailGoesOn() {
        installation.upgrade("helm/postrider", "admissionPolicy.enabled=false");
        organization("held");
        Application application = Application.start(installation, "held", "held");

        installation.must("-n", "$TENANT", "delete", "oms", "held", "--wait=false");

        cluster.await(PATIENCE, "kubectl -n " + installation.tenant() + " patch organizationmailsettings held",
                "-n", installation.tenant(), "describe", "oms", "held");
        assertThat(application.send("while it is held", 1).acknowledged()).containsExactly("while it is held 0");
        confirm("held");
        installation.must("-n", "$TENANT", "wait", "--for=delete", "oms/held", "--timeout=60s");
        assertThat(installation.kubectl("-n", "$TENANT", "get", "secret", "held-mail").err()).contains("not found");
    }

    @Test
    void aNamespaceThatIsDeletedSaysWhatHoldsItAndGoesOnceThatIsConfirmed() {
        organization("last");

        installation.must("delete", "namespace", "$TENANT", "--wait=false");

        cluster.await(PATIENCE, "Some content in the namespace has finalizers remaining: postrider.dev/", "get",
                "namespace", installation.tenant(), "-o", "jsonpath={.status.conditions[*].message}");
        cluster.await(PATIENCE, "kubectl -n " + installation.tenant() + " patch organizationmailsettings last",
                "-n", installation.tenant(), "get", "oms", "last", "-o",
                "jsonpath={.status.conditions[?(@.type=='DeletionConfirmed')].message}");
        // What docs/resources.md tells to do then.
        CommandResult confirmed = installation.kubectl("-n", "$TENANT", "get", "ms,oms", "-o", "name");
        confirmed.out().lines().forEach(this::confirmNamed);
        installation.must("wait", "--for=delete", "namespace/$TENANT", "--timeout=120s");
        installation.must("create", "namespace", "$TENANT");
    }

    private void organization(String name) {
        installation.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: %1$s, namespace: $TENANT}
                spec:
                  identity: {from: {address: no-reply@%1$s.test}}
                """.formatted(name));
        installation.awaitReady("oms", "$TENANT", name);
    }

    private void confirm(String organization) {
        confirmNamed("oms/" + organization);
    }

    private void confirmNamed(String resource) {
        installation.must("-n", "$TENANT", "patch", resource, "--type=merge", "-p",
                "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
    }
}
