package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.testing.PostgresServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Two relays with their queue in a PostgreSQL on this machine. */
@UsesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SeveralRelaysIT {
    private static final Duration PATIENCE = Installation.PATIENCE;

    private PostgresServer postgres;
    private Installation installation;
    private Upstream upstream;
    private Application shop;

    @BeforeAll
    void install(Cluster cluster) throws Exception {
        assumeTrue(cluster.machineAddress().isPresent(), "pods of that cluster do not reach this machine's PostgreSQL");
        String machine = cluster.machineAddress().orElseThrow();
        postgres = PostgresServer.startAt(machine);
        installation = Installation.of(cluster, "helm/postrider", "relay.replicas=2",
                "relay.queue.url=" + postgres.url(machine, postgres.newDatabase()), "relay.queue.secretName=queue");
        installation.must("-n", "$SYSTEM", "create", "secret", "generic", "queue",
                "--from-literal=username=" + PostgresServer.USER, "--from-literal=password=" + PostgresServer.PASSWORD);
        upstream = Upstream.start(cluster, installation);
        installation.declare(upstream.host(), upstream.port(), "acme");
        installation.awaitRelay();
        shop = Application.start(installation, "shop", "acme");
    }

    @AfterAll
    void uninstall() {
        if (installation != null) {
            installation.close();
            upstream.close();
            postgres.close();
        }
    }

    @Test
    void aRollingUpdateUnderLoadInterruptsNobodyAndLosesNothing() {
        String pods = installation.pods("relay");
        CompletableFuture<Application.Sent> sending = CompletableFuture.supplyAsync(() -> shop.send("rolled", 200));
        await().atMost(PATIENCE).until(() -> upstream.subjects("rolled").contains("rolled 2") || sending.isDone());

        installation.must("-n", "$SYSTEM", "rollout", "restart", "deployment/postrider-relay");
        installation.awaitRelay();
        Application.Sent sent = sending.join();

        assertThat(installation.pods("relay")).isNotEqualTo(pods);
        assertThat(sent.failures()).isEmpty();
        assertThat(sent.acknowledged()).hasSize(200);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(upstream.subjects("rolled"))
                        .containsExactlyInAnyOrderElementsOf(sent.acknowledged()));
    }

    @Test
    void oneRelayThatIsKilledUnderLoadLosesNothingForTheOtherGoesOn() {
        CompletableFuture<Application.Sent> sending = CompletableFuture.supplyAsync(() -> shop.send("killed", 200));
        await().atMost(PATIENCE).until(() -> upstream.subjects("killed").contains("killed 2") || sending.isDone());

        String one = installation.must("-n", "$SYSTEM", "get", "pods", "-l", "app.kubernetes.io/component=relay", "-o",
                "jsonpath={.items[0].metadata.name}");
        installation.must("-n", "$SYSTEM", "delete", "pod", one, "--force", "--grace-period=0");
        List<String> acknowledged = sending.join().acknowledged();

        assertThat(acknowledged).hasSize(200);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(upstream.subjects("killed")).containsAll(acknowledged));
        Cluster.say("200 acknowledged, " + upstream.subjects("killed").size() + " delivered");
    }
}
