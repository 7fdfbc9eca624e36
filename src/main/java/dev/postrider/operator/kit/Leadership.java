package dev.postrider.operator.kit;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this replica may write. {@link LeaderElection} says until when its lease lasts; once that is over, when
 * another replica may take it, every request of the operator's client that would change something is refused before it
 * is sent, and the process ends. A process that was stopped for a while (a node without breath, a debugger) so learns of
 * it from the first thing that it wants to write, however late the timers of the leader election come. A client that
 * never led, as one that stands by, is not hindered.
 *
 * <p>Time is {@link System#nanoTime}, on Linux CLOCK_MONOTONIC: it goes on while a process is stopped (SIGSTOP, the
 * freezer of cgroups) and nobody sets it; it stands still while the whole machine is suspended, of which no node of a
 * cluster makes use. A virtual machine that is paused may not see that time pass.
 *
 * <p>What is left is the time between this check and the receipt by the API server: a request may wait that long, for
 * at most the client's timeout, and be carried out when another leads. A leader that is not stopped ends a third of the
 * lease earlier, which takes its requests back.
 */
public final class Leadership implements Interceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
    private static final Set<String> CHANGING = Set.of("POST", "PUT", "PATCH", "DELETE");

    private final LongSupplier nanoTime;
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
        this(System::nanoTime, replaced);
    }

    Leadership(LongSupplier nanoTime, Runnable replaced) {
        this.nanoTime = nanoTime;
        this.replaced = replaced;
    }

    /** The clock of its time. */
    public long now() {
        return nanoTime.getAsLong();
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

    /**
     * The lease was taken or renewed.
     *
     * @param sent  when the request for it was sent, by {@link #now}: no other replica has seen it before that
     * @param lasts how long after that no other takes it
     */
    void renewed(long sent, Duration lasts) {
        end = OptionalLong.of(sent + lasts.toNanos());
    }

    /** The lease is given back: another may lead from now on. */
    void givenBack() {
        end = OptionalLong.of(now());
    }

    private boolean isOver() {
        OptionalLong known = end;
        return known.isPresent() && now() - known.getAsLong() >= 0;
    }

    /** Reviews of tokens and permissions store nothing. */
    private static boolean changes(HttpRequest request) {
        return CHANGING.contains(request.method()) && !request.uri().getPath().endsWith("reviews");
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
    public synchronized void close() {
        ended = true;
    }
}
