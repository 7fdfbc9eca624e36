package dev.postrider.operator.kit;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Elects a leader among replicas by a Lease, as client-go does (its package {@code leaderelection}): on a client and on
 * threads of its own, so that nothing else that the operator does can be in the way.
 *
 * <p>No clock of a node decides. A replica that stands by counts the lease from when it saw it change; the leader counts
 * from before it asked, which is never later. {@code acquireTime} and {@code renewTime} are only told. So a clock that is
 * set makes neither two leaders nor none. The leader renews with what it wrote last, one request each time, which the
 * API server refuses (409) where somebody else has written in between.
 */
public final class LeaderElection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderElection.class);

    /** By how much of {@link Timing#retryPeriod} a replica that stands by waits longer, at most (client-go,
     * JitterFactor). */
    private static final double JITTER = 1.2;

    /**
     * How long things last.
     *
     * @param lease         after which of silence another replica takes the lease; whole seconds, as the Lease has it
     * @param renewDeadline after which a leader that could not renew ends; shorter than the lease
     * @param retryPeriod   between two attempts; more than one of them fits into the deadline, with
     *                      {@link #JITTER}
     */
    public record Timing(Duration lease, Duration renewDeadline, Duration retryPeriod) {
        /** @throws IllegalArgumentException if they do not fit together */
        public Timing {
            if (lease.toSeconds() < 1 || !lease.equals(lease.truncatedTo(ChronoUnit.SECONDS))) {
                throw new IllegalArgumentException("a lease of " + lease.toMillis()
                        + " ms is not possible; allowed are whole seconds, from 1s");
            }
            if (renewDeadline.compareTo(lease) >= 0) {
                throw new IllegalArgumentException("the deadline of " + renewDeadline.toMillis()
                        + " ms for a renewal must be shorter than the lease of " + lease.toMillis() + " ms");
            }
            if (retryPeriod.toMillis() < 1 || retryPeriod.toMillis() * JITTER >= renewDeadline.toMillis()) {
                throw new IllegalArgumentException("attempts " + retryPeriod.toMillis()
                        + " ms apart must be more than one within the deadline of " + renewDeadline.toMillis()
                        + " ms for a renewal");
            }
        }

        /** In the proportions that Kubernetes' own components have: 15, 10 and 2 seconds. */
        public static Timing of(Duration lease) {
            return new Timing(lease, lease.multipliedBy(2).dividedBy(3), lease.multipliedBy(2).dividedBy(15));
        }

        /** Of one request: there is time for a second one, over another connection. */
        Duration requestTimeout() {
            return renewDeadline.dividedBy(2);
        }
    }

    private final KubernetesClient client;
    private final Resource<Lease> resource;
    private final String namespace;
    private final String name;
    private final IntFunction<Map<String, String>> annotations;
    private final String identity;
    private final Timing timing;
    private final InstantSource clock;
    private final Leadership leadership;
    private final Runnable elected;
    private @Nullable Thread thread;
    private final ScheduledExecutorService deadlines;
    private final CountDownLatch closing = new CountDownLatch(1);
    private @Nullable ScheduledFuture<?> deadline;
    private @Nullable SeenLease known;
    private volatile boolean leading;

    /**
     * One that has not begun.
     *
     * @param config      of the operator's other client
     * @param annotations of the Lease while this one has it, by its {@code leaseTransitions}
     * @param identity    tells this replica from the others; one that starts again with the same takes its lease at
     *                    once
     * @param clock       of the times that the Lease tells
     * @param leadership  told until when this one leads, and when it could not renew
     * @param elected     called once, on a thread of its own, when this one leads
     */
    public LeaderElection(Config config, String namespace, String name,
            IntFunction<Map<String, String>> annotations, String identity, Timing timing, InstantSource clock,
            Leadership leadership, Runnable elected) {
        this.client = OperatorClient.ofLease(config, timing.requestTimeout());
        this.resource = client.leases().inNamespace(namespace).withName(name);
        this.namespace = namespace;
        this.name = name;
        this.annotations = annotations;
        this.identity = identity;
        this.timing = timing;
        this.clock = clock;
        this.leadership = leadership;
        this.elected = elected;
        deadlines = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("lease-deadline").daemon().factory());
    }

    /** Begins. */
    public void start() {
        thread = Thread.ofPlatform().name("lease").daemon().start(this::run);
    }

    private void run() {
        try {
            do {
                attempt();
            } while (!closing.await((leading ? timing.retryPeriod : jittered(timing.retryPeriod)).toMillis(),
                    TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Duration jittered(Duration period) {
        return period.plusMillis((long) (period.toMillis() * JITTER * ThreadLocalRandom.current().nextDouble()));
    }

    /** Takes or renews the lease if that is possible now; what fails is tried again with the next. */
    void attempt() {
        try {
            if (!leading) {
                look();
            }
            takeOrRenew();
        } catch (RuntimeException e) {
            LOG.warn("the lease {}/{} could not be {}, which is tried again in {} ms: {}", namespace, name,
                    leading ? "renewed" : "looked at or taken", timing.retryPeriod.toMillis(), e.toString());
        }
    }

    private void look() {
        Lease now = resource.get();
        known = now == null ? null : SeenLease.read(now, known, leadership.now());
    }

    private void takeOrRenew() {
        long sent = leadership.now();
        try {
            if (known == null) {
                held(sent, client.resource(withSpec(null)).create());
            } else if (isOwn(known) || known.isFree(sent, timing.lease)) {
                held(sent, client.resource(withSpec(known.lease())).update());
            }
        } catch (KubernetesClientException e) {
            if (!leading || e.getCode() != HttpURLConnection.HTTP_CONFLICT
                    && e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
            // Somebody has changed or deleted it, or this one's own write came through though its answer did not.
            look();
            if (known != null && !isOwn(known)) {
                leadership.lost();
            } else {
                sent = leadership.now();
                held(sent, known == null
                        ? client.resource(withSpec(null)).create()
                        : client.resource(withSpec(known.lease())).update());
            }
        }
    }

    private boolean isOwn(SeenLease lease) {
        return identity.equals(lease.holder());
    }

    /** A lease that this one holds from now on; with the version of the one before it, if there is one. */
    private Lease withSpec(@Nullable Lease before) {
        ZonedDateTime now = clock.instant().atZone(ZoneOffset.UTC);
        LeaseSpec spec = new LeaseSpec();
        if (before != null && before.getSpec() != null) {
            spec = before.edit().buildSpec();
        }
        int transitions = spec.getLeaseTransitions() == null ? 0 : spec.getLeaseTransitions();
        if (before == null || !identity.equals(spec.getHolderIdentity())) {
            transitions = before == null ? 0 : transitions + 1;
            spec.setAcquireTime(now);
        }
        spec.setLeaseTransitions(transitions);
        spec.setHolderIdentity(identity);
        spec.setLeaseDurationSeconds(Math.toIntExact(timing.lease.toSeconds()));
        spec.setRenewTime(now);
        return (before == null
                ? new LeaseBuilder().withNewMetadata().withNamespace(namespace).withName(name).endMetadata()
                : new LeaseBuilder(before)).editMetadata()
                .addToAnnotations(annotations.apply(transitions))
                .endMetadata()
                .withSpec(spec)
                .build();
    }

    private void held(long sent, Lease lease) {
        known = new SeenLease(lease, leadership.now());
        leadership.renewed(sent, timing.lease);
        if (deadline != null) {
            deadline.cancel(false);
        }
        long left = sent + timing.renewDeadline.toNanos() - leadership.now();
        deadline = deadlines.schedule(leadership::lost, Math.max(0, left), TimeUnit.NANOSECONDS);
        if (!leading) {
            leading = true;
            LOG.info("this replica leads: {}", identity);
            Thread.ofVirtual().name("elected").start(elected);
        }
    }

    /** Ends, and gives the lease back, so that the next replica leads at once. */
    @Override
    public void close() {
        if (closing.getCount() == 0) {
            return;
        }
        closing.countDown();
        boolean quiet = awaitQuiet();
        deadlines.shutdownNow();
        SeenLease held = known;
        if (leading && quiet && held != null) {
            leadership.givenBack();
            giveBack(held);
        }
        client.close();
    }

    /** A request is not interrupted: it might be carried out, and then the lease is another than the known one. */
    private boolean awaitQuiet() {
        try {
            return thread == null || thread.join(timing.lease);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void giveBack(SeenLease held) {
        try {
            held.giveBack(client);
        } catch (KubernetesClientException e) {
            LOG.info("the lease is not given back, the next replica waits until it has run out: {}", e.getMessage());
        }
    }
}
