package dev.postrider.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this replica may write, as the requests of its own client tell that renew its lease. Once the lease has not
 * been renewed for as long as it lasts, when another replica may take it, every request that would change something is
 * refused before it is sent, and the process ends. A process that was stopped for a while (a node without breath, a
 * debugger) so learns of it from the first thing that it wants to write, however late the timer of the leader election
 * comes. A client that never wrote a lease, as one that stands by, is not hindered.
 *
 * <p>The lease counts from {@code renewTime}, which the other replicas count from, and not from when the answer came.
 * Its age is taken from {@link System#nanoTime}, on Linux CLOCK_MONOTONIC: it goes on while a process is stopped
 * (SIGSTOP, the freezer of cgroups) and nobody sets it; it stands still while the whole machine is suspended, of which
 * no node of a cluster makes use. A virtual machine that is paused may not see that time pass.
 *
 * <p>What is left is the time between this check and the receipt by the API server: a request may wait that long, for
 * at most the client's timeout, and be carried out when another leads. Nor are clocks of nodes that differ made up for:
 * the lease ends for another replica by its own clock.
 */
public final class Leadership implements Interceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
    private static final Set<String> CHANGING = Set.of("POST", "PUT", "PATCH", "DELETE");
    private static final String LEASES = "/apis/coordination.k8s.io/";

    private final LongSupplier nanoTime;
    private final InstantSource clock;
    private final Runnable replaced;
    /** When it is over, by {@link #nanoTime}; empty before the first lease. */
    private volatile OptionalLong end = OptionalLong.empty();
    private boolean ended;

    /**
     * One that is not fenced yet.
     *
     * @param replaced called once, when it leads no longer without having been closed: it must end the process without
     *                 writing anything, since another replica may lead by now
     */
    public Leadership(Runnable replaced) {
        this(System::nanoTime, InstantSource.system(), replaced);
    }

    /** @param clock that {@code renewTime} is of */
    Leadership(LongSupplier nanoTime, InstantSource clock, Runnable replaced) {
        this.nanoTime = nanoTime;
        this.clock = clock;
        this.replaced = replaced;
    }

    /** @throws KubernetesClientException if the request would change something and the lease is over */
    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        if (isOver() && changes(request)) {
            lost();
            throw new KubernetesClientException("%s %s is not sent: the lease is over, and another replica may lead"
                    .formatted(request.method(), request.uri().getPath()));
        }
    }

    @Override
    public void after(HttpRequest request, HttpResponse<?> response, AsyncBody.Consumer<List<ByteBuffer>> consumer) {
        if (response.isSuccessful() && CHANGING.contains(request.method()) && isOfLease(request)) {
            written(Serialization.unmarshal(request.bodyString(), Lease.class).getSpec());
        }
    }

    private void written(LeaseSpec lease) {
        long now = nanoTime.getAsLong();
        boolean held = lease.getHolderIdentity() != null && !lease.getHolderIdentity().isEmpty();
        Duration left = held
                ? Duration.between(clock.instant(), lease.getRenewTime().toInstant())
                        .plusSeconds(lease.getLeaseDurationSeconds())
                : Duration.ZERO;
        end = OptionalLong.of(now + left.toNanos());
    }

    private boolean isOver() {
        OptionalLong known = end;
        return known.isPresent() && nanoTime.getAsLong() - known.getAsLong() >= 0;
    }

    /** Reviews of tokens and permissions store nothing. */
    private static boolean changes(HttpRequest request) {
        return CHANGING.contains(request.method()) && !isOfLease(request)
                && !request.uri().getPath().endsWith("reviews");
    }

    private static boolean isOfLease(HttpRequest request) {
        return request.uri().getPath().startsWith(LEASES);
    }

    /** It leads no longer; what comes here after the first waits until that has ended the process. */
    synchronized void lost() {
        if (!ended) {
            ended = true;
            LOG.error("the lease could not be renewed in time, so another replica may lead by now; this one ends, "
                    + "and stands by once it is started again");
            replaced.run();
        }
    }

    /** From now on it ends in order, and nobody has to be told. */
    synchronized void close() {
        ended = true;
    }
}
