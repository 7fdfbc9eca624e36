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
import java.util.TreeMap;
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
 * <p>An operator of an earlier version has no shards and waits for nobody: where one that stands by takes the lease of
 * the first shard, it reconciles all namespaces at once. So that lease, given back by such a version, counts as held
 * until an operator that has shards takes it, which keeps all of the others out; for
 * {@value #LEASES_UNTIL_NOBODY_IS_THERE} leases at most, since there may be nobody of either version who would. That
 * does not help once another shard has begun and the first gives its lease up again while the earlier version still
 * stands by. Therefore an installation is to be brought to this version with one shard, before it gets more.
 *
 * <p>Whether the holder of a lease is alive is judged as {@link LeaderElection} judges it, by this process's own clock
 * and from when the lease was seen. One that has run out is given back in its holder's place, so that nobody who starts
 * later has to see for himself that it has. One that was deleted may be made anew by its holder, who still leads until
 * it would have run out; nobody renewed it after it was seen to be gone, so it counts from then. A lease that was
 * deleted before this process saw it is not known of.
 */
public final class OtherShards implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OtherShards.class);

    /**
     * For how many leases the first shard's may be free though an operator of an earlier version would take it. Whoever
     * stands by asks for it several times within one; another is for requests that fail, and one for a replica that is
     * starting.
     */
    private static final int LEASES_UNTIL_NOBODY_IS_THERE = 3;

    private final KubernetesClient client;
    private final String namespace;
    private final Shard shard;
    private final LeaderElection.Timing timing;
    private final LongSupplier nanoTime;
    private final Map<String, SeenLease> seen = new TreeMap<>();
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
            see(client.leases().inNamespace(namespace).list().getItems());
            for (SeenLease lease : seen.values()) {
                if (concerns(lease.lease()) && isAlive(lease)) {
                    alive.add(toString(lease));
                }
            }
        } catch (RuntimeException e) {
            if (shard.count() == 1 && e instanceof KubernetesClientException refused
                    && refused.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
                // The Role of a chart that knows no shards lets nobody list leases, and has no other shards.
                return Optional.empty();
            }
            // Whatever it is: a leader that neither begins nor looks again would keep its namespaces from all others.
            return Optional.of("waits until it can read the leases of namespace %s: %s".formatted(namespace, e));
        }
        return alive.isEmpty()
                ? Optional.empty()
                : Optional.of("waits for an operator of another number of shards to end, which may hold its namespaces "
                        + "(lease " + String.join(", ", alive) + ")");
    }

    private void see(List<Lease> there) {
        long now = nanoTime.getAsLong();
        Map<String, Lease> leases = new HashMap<>();
        seen.forEach((name, before) -> leases.put(name, before.deleted()));
        there.stream().filter(Shard::isLease).forEach(lease -> leases.put(lease.getMetadata().getName(), lease));
        leases.forEach((name, lease) -> seen.compute(name, (_, before) -> SeenLease.read(lease, before, now)));
    }

    private static String toString(SeenLease lease) {
        return "%s of %s%s".formatted(lease.lease().getMetadata().getName(),
                Shard.of(lease.lease())
                        .map(other -> other.count() + (other.count() == 1 ? " shard" : " shards"))
                        .orElse("a number of shards that cannot be read"),
                lease.isDeleted() ? ", since deleted" : lease.holder().isEmpty() ? ", since given back" : "");
    }

    private boolean concerns(Lease lease) {
        return !lease.getMetadata().getName().equals(shard.lease())
                && Shard.of(lease).map(shard::mayShareWith).orElse(true);
    }

    private boolean isAlive(SeenLease lease) {
        long now = nanoTime.getAsLong();
        if (!lease.isFree(now, timing.lease())) {
            return true;
        }
        if (!lease.holder().isEmpty() && !lease.isDeleted() && !giveBack(lease)) {
            return true;
        }
        // Not as long as the lease says: whoever gives one back may write that it lasts a second.
        return Shard.isOfEarlierVersion(lease.lease())
                && now - lease.since() < timing.lease().multipliedBy(LEASES_UNTIL_NOBODY_IS_THERE).toNanos();
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
