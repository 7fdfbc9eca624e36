package dev.postrider.transport;

import dev.postrider.route.CertificateNames;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Looks up names that tenants choose, whose name servers may be the tenants' too and answer late or never. A lookup is a
 * call of the C library, which keeps the thread that carries a virtual one: two of them would stop all virtual threads
 * of a machine with two processors. So they run on platform threads, some at a time, in shares by namespace, and nobody
 * waits for one for longer than a deadline. Safe for many threads.
 */
public final class NameLookup {
    private static final ScopedValue<String> NAMESPACE = ScopedValue.newInstance();
    private static final NameLookup LOOKUP = new NameLookup(InetAddress::getAllByName, 32, Duration.ofSeconds(10));

    private final Names names;
    private final int atOnce;
    private final Duration deadline;
    private final FairQueue<Lookup> waiting = new FairQueue<>();
    private final Shares running = new Shares();

    /** Asks a name server, for as long as that takes. */
    @FunctionalInterface
    interface Names {
        InetAddress[] of(String host) throws UnknownHostException;
    }

    /** Never equal to another: each has somebody who waits for it. */
    private static final class Lookup {
        private final String namespace;
        private final String host;
        private final CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();

        private Lookup(String namespace, String host) {
            this.namespace = namespace;
            this.host = host;
        }
    }

    NameLookup(Names names, int atOnce, Duration deadline) {
        this.names = names;
        this.atOnce = atOnce;
        this.deadline = deadline;
    }

    /** Does work whose lookups are of a namespace. */
    public static <T> T in(String namespace, Supplier<T> work) {
        return ScopedValue.where(NAMESPACE, namespace).call(work::get);
    }

    /** The namespace that work is done for; empty if it is for none. */
    static String namespace() {
        return NAMESPACE.isBound() ? NAMESPACE.get() : "";
    }

    /**
     * All addresses of a host.
     *
     * @throws UnknownHostException if it has none, or no answer comes in time
     */
    public static List<InetAddress> addresses(String host) throws UnknownHostException {
        return LOOKUP.of(host);
    }

    List<InetAddress> of(String host) throws UnknownHostException {
        if (CertificateNames.isAddress(host)) {
            return List.of(InetAddress.getByName(host));
        }
        Lookup lookup = new Lookup(namespace(), host);
        synchronized (this) {
            waiting.add(lookup.namespace, lookup);
            start();
        }
        try {
            return lookup.answer.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw because(host, "no name server answers within " + deadline.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw because(host, "it is not known", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw because(host, "interrupted", e);
        } finally {
            synchronized (this) {
                waiting.remove(lookup.namespace, lookup);
            }
        }
    }

    private static UnknownHostException because(String host, String why, Exception cause) {
        return (UnknownHostException) new UnknownHostException(host + ": " + why).initCause(cause);
    }

    private synchronized void start() {
        for (Optional<Lookup> next = poll(); next.isPresent(); next = poll()) {
            Lookup lookup = next.get();
            running.take(lookup.namespace, 1);
            Thread.ofPlatform().daemon().name("name-lookup").start(() -> run(lookup));
        }
    }

    private Optional<Lookup> poll() {
        return waiting.poll(namespace -> running.admits(namespace, 1, atOnce));
    }

    private void run(Lookup lookup) {
        try {
            lookup.answer.complete(List.of(names.of(lookup.host)));
        } catch (UnknownHostException | RuntimeException e) {
            lookup.answer.completeExceptionally(e);
        } finally {
            synchronized (this) {
                running.giveBack(lookup.namespace, 1);
                start();
            }
        }
    }
}
