package dev.postrider.operator.kit;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a leader waits for before it begins, where the number of shards was changed: no namespace may be reconciled by
 * two. Each leader writes into its Lease of how many shards it is one, and reads those of all others only afterwards. So
 * of two that might hold the same namespace, the one that took its lease last sees the other's, and waits until that
 * ends; where both see each other, both wait. Nothing new need be looked for by one that has begun: whoever comes later
 * waits for it.
 *
 * <p>Whether the holder of a lease is alive is judged as {@link LeaderElection} judges it, by this process's own clock
 * and from when the lease was seen. One that has run out is given back in its holder's place, so that nobody who starts
 * later has to see for himself that it has.
 */
public final class OtherShards implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OtherShards.class);

    private final KubernetesClient client;
    private final String namespace;
    private final Shard shard;
    private final LeaderElection.Timing timing;
    private final LongSupplier nanoTime;
    private final Map<String, SeenLease> seen = new HashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile Optional<String> waitsFor = Optional.empty();

    /**
     * Those of an installation.
     *
     * @param config   of the operator's other client
     * @param shard    that waits for them
     * @param nanoTime a clock as {@link System#nanoTime}
     */
    public OtherShards(Config config, String namespace, Shard shard, LeaderElection.Timing timing,
            LongSupplier nanoTime) {
        this.client = OperatorClient.ofLease(config, timing.requestTimeout());
        this.namespace = namespace;
        this.shard = shard;
        this.timing = timing;
        this.nanoTime = nanoTime;
    }

    /**
     * Waits until no other holds what this one is to hold. To be called once its own lease is written.
     *
     * @return whether that is so; false if it was closed before
     */
    public boolean await() {
        try {
            do {
                Optional<String> before = waitsFor;
                waitsFor = look();
                if (waitsFor.isEmpty()) {
                    before.ifPresent(_ -> LOG.info("this replica waits no longer, and begins"));
                    return true;
                }
                if (!waitsFor.equals(before)) {
                    LOG.warn("this replica leads, and {}", waitsFor.get());
                }
            } while (!closing.await(timing.retryPeriod().toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    /** What it waits for now; empty if for nothing. */
    Optional<String> look() {
        List<String> alive = new ArrayList<>();
        try {
            // Without a version: what the API server knows at last, not what some cache of it remembers.
            for (Lease lease : client.leases().inNamespace(namespace).list().getItems()) {
                if (concerns(lease) && isAlive(lease)) {
                    alive.add("%s of %s".formatted(lease.getMetadata().getName(), Shard.of(lease)
                            .map(other -> other.count() + (other.count() == 1 ? " shard" : " shards"))
                            .orElse("a number of shards that cannot be read")));
                }
            }
        } catch (RuntimeException e) {
            // Whatever it is: a leader that neither begins nor looks again would keep its namespaces from all others.
            return Optional.of("waits until it can read the leases of namespace %s: %s".formatted(namespace, e));
        }
        return alive.isEmpty()
                ? Optional.empty()
                : Optional.of("waits for an operator of another number of shards to end, which may hold its namespaces "
                        + "(lease " + String.join(", ", alive) + ")");
    }

    private boolean concerns(Lease lease) {
        return Shard.isLease(lease) && !lease.getMetadata().getName().equals(shard.lease())
                && Shard.of(lease).map(shard::mayShareWith).orElse(true);
    }

    private boolean isAlive(Lease lease) {
        SeenLease now = seen.compute(lease.getMetadata().getName(),
                (_, before) -> SeenLease.read(lease, before, nanoTime.getAsLong()));
        return !now.holder().isEmpty()
                && (!now.isFree(nanoTime.getAsLong(), timing.lease()) || !giveBack(now));
    }

    private boolean giveBack(SeenLease lease) {
        String name = lease.lease().getMetadata().getName();
        try {
            lease.giveBack(client);
            LOG.info("lease {} has run out, and is given back", name);
            return true;
        } catch (KubernetesClientException e) {
            LOG.info("lease {} has run out, and is not given back: {}", name, e.getMessage());
            return e.getCode() != HttpURLConnection.HTTP_CONFLICT;
        }
    }

    /** What it waits for, if it leads and waits. */
    public Optional<String> waitsFor() {
        return waitsFor;
    }

    /** Waits no longer. */
    @Override
    public void close() {
        closing.countDown();
        client.close();
    }
}
