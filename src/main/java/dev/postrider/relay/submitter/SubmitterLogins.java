package dev.postrider.relay.submitter;

import dev.postrider.relay.queue.ConnectionPermits.Permit;
import dev.postrider.relay.queue.ConnectionPermits;
import dev.postrider.relay.submitter.KnownLogins.Who;
import dev.postrider.reply.Reply;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.Login;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Opening;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the logins of submitters at the mail servers that they are for. A check takes half a minute at most, keeps to
 * the server's limit of connections, and is one of few at a time, so that nobody floods a server through the relay.
 */
public final class SubmitterLogins implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SubmitterLogins.class);
    private static final Duration LONGEST_CHECK = Duration.ofSeconds(30);
    private static final Duration PERMIT_RETRY = Duration.ofMillis(50);
    private static final int CHECKS_AT_ONCE = 4;
    /** How long a server that could not be asked is not asked again. */
    private static final Duration REST = Duration.ofSeconds(5);
    /** How long credentials that the server refused at a delivery are not tried again. */
    private static final Duration REFUSED_REST = Duration.ofMinutes(1);

    /** What a check says. */
    public sealed interface Answer {}

    /** A server let the user in, just now or a short time ago. */
    public record Right() implements Answer {}

    /** A server says that they are wrong. */
    public record Wrong() implements Answer {}

    /**
     * It cannot be said now.
     *
     * @param why for the client, one line of ASCII
     */
    public record Later(String why) implements Answer {}

    private record Away(Instant until) {}

    private final Upstreams upstreams;
    private final ConnectionPermits permits;
    private final Consumer<ResourceKey> makeRoom;
    private final InstantSource clock;
    private final Duration longestCheck;
    private final KnownLogins known = new KnownLogins();
    private final RunningChecks running = new RunningChecks();
    private final Map<ResourceKey, Semaphore> checks = new ConcurrentHashMap<>();
    private final Map<ResourceKey, Away> away = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("submitter-login-", 0).factory());

    /**
     * Checks through these.
     *
     * @param makeRoom asked to close a connection to a server that nobody uses, since another is needed
     */
    public SubmitterLogins(Upstreams upstreams, ConnectionPermits permits, Consumer<ResourceKey> makeRoom,
            InstantSource clock) {
        this(upstreams, permits, makeRoom, clock, LONGEST_CHECK);
    }

    /** For tests. */
    SubmitterLogins(Upstreams upstreams, ConnectionPermits permits, Consumer<ResourceKey> makeRoom,
            InstantSource clock, Duration longestCheck) {
        this.upstreams = upstreams;
        this.permits = permits;
        this.makeRoom = makeRoom;
        this.clock = clock;
        this.longestCheck = longestCheck;
    }

    /**
     * Checks a login at the first of these servers that can be asked.
     *
     * @param servers of the organization, active, at least one; they have the same users
     */
    public Answer check(ResourceKey organization, List<ServerRoute> servers, Credentials credentials) {
        Who who = new Who(organization, credentials.user());
        byte[] mac = known.mac(who, credentials);
        Duration within = rememberFor(servers.getFirst());
        if (known.isGood(who, mac, servers, within, clock.instant())) {
            return new Right();
        }
        Optional<String> tooMany = running.begin(organization);
        if (tooMany.isPresent()) {
            return new Later(tooMany.get());
        }
        try {
            return check(who, mac, servers, credentials);
        } finally {
            running.end(organization);
        }
    }

    private Answer check(Who who, byte[] mac, List<ServerRoute> servers, Credentials credentials) {
        Duration within = rememberFor(servers.getFirst());
        long end = System.nanoTime() + longestCheck.toNanos();
        KnownLogins.Failures failures = known.of(who, clock.instant());
        try {
            if (!failures.turn.tryLock(left(end).toNanos(), TimeUnit.NANOSECONDS)) {
                return new Later("other logins of this user are being checked, try again later");
            }
            try {
                if (known.isGood(who, mac, servers, within, clock.instant())) {
                    return new Right();
                }
                Optional<Duration> wait = known.isFamiliar(who, mac, clock.instant())
                        ? Optional.empty()
                        : known.wait(who, clock.instant());
                if (wait.isPresent()) {
                    return new Later("too many failed logins, try again in "
                            + Math.max(1, wait.get().plusMillis(999).toSeconds()) + " s");
                }
                Answer answer = ask(servers, credentials, end);
                switch (answer) {
                    case Right() -> known.succeeded(who, mac, servers, clock.instant());
                    case Wrong() -> known.failed(who, mac, clock.instant());
                    case Later _ -> {
                    }
                }
                return answer;
            } finally {
                failures.turn.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Later("the relay is shutting down");
        }
    }

    private static Duration rememberFor(ServerRoute server) {
        return server.endpoint() instanceof Endpoint.Smtp smtp
                && smtp.login().orElse(null) instanceof Login.Submitter login ? login.rememberFor() : Duration.ZERO;
    }

    private static Duration left(long end) {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    private Answer ask(List<ServerRoute> servers, Credentials credentials, long end) throws InterruptedException {
        for (ServerRoute server : servers) {
            if (away.getOrDefault(server.key(), new Away(Instant.MIN)).until.isAfter(clock.instant())) {
                continue;
            }
            Semaphore checking = checks.computeIfAbsent(server.key(), _ -> new Semaphore(CHECKS_AT_ONCE, true));
            if (!checking.tryAcquire(left(end).toNanos(), TimeUnit.NANOSECONDS)) {
                continue;
            }
            try {
                Optional<Answer> answer = ask(server, credentials, end);
                if (answer.isPresent()) {
                    return answer.get();
                }
            } finally {
                checking.release();
            }
        }
        return new Later("the mail server cannot be asked about this login now, try again later");
    }

    /** Empty if this server does not say. */
    private Optional<Answer> ask(ServerRoute server, Credentials credentials, long end) throws InterruptedException {
        Optional<Permit> permit = permits.tryTake(server.key(), server.endpoint().maxConnections());
        while (permit.isEmpty() && left(end).isPositive()) {
            makeRoom.accept(server.key());
            Thread.sleep(PERMIT_RETRY);
            permit = permits.tryTake(server.key(), server.endpoint().maxConnections());
        }
        if (permit.isEmpty()) {
            LOG.warn("a login at server {} could not be checked: all {} connections are in use (maxConnections)",
                    server.key(), server.endpoint().maxConnections());
            return Optional.empty();
        }
        Permit taken = permit.get();
        Future<Opening> opening;
        try {
            opening = threads.submit(() -> {
                try (taken; Upstream upstream = upstreams.to(server.as(credentials))) {
                    return upstream.open();
                }
            });
        } catch (RejectedExecutionException e) {
            // The relay is shutting down.
            taken.close();
            return Optional.empty();
        }
        try {
            return judge(server, opening.get(left(end).toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            opening.cancel(true);
            rests(server, "it took longer than " + longestCheck.toSeconds() + " s");
            return Optional.empty();
        } catch (ExecutionException e) {
            LOG.error("a login at server {} could not be checked by a fault of the relay", server.key(), e.getCause());
            return Optional.empty();
        }
    }

    private Optional<Answer> judge(ServerRoute server, Opening opening) {
        if (opening.refused().isEmpty()) {
            return Optional.of(new Right());
        }
        Verdict.Refused refused = opening.refused().get();
        if (isWrongLogin(refused) && !isOfNoLogin(refused.reply().orElseThrow())) {
            return Optional.of(new Wrong());
        }
        rests(server, refused.message());
        return Optional.empty();
    }

    private void rests(ServerRoute server, String why) {
        away.put(server.key(), new Away(clock.instant().plus(REST)));
        LOG.warn("a login at server {} could not be checked: {}", server.key(), why);
    }

    /** Whether a server refused somebody for his credentials, and not for want of something else. */
    public static boolean isWrongLogin(Verdict.Refused refused) {
        return refused.step() == Step.Authentication
                && refused.reply().filter(reply -> reply.code() / 100 == 5).isPresent();
    }

    /**
     * Whether a server that refused a login takes none of this kind, whatever the password: the command or its mechanism
     * (RFC 5321 section 4.2.2, RFC 4954 section 6), or logins with passwords at all (Exchange Online: 5.7.30).
     */
    private static boolean isOfNoLogin(Reply reply) {
        return reply.code() / 10 == 50 || reply.code() == 538
                || reply.enhanced().filter("5.7.30"::equals).isPresent();
    }

    /** A server refused these credentials when it was handed a message. */
    public void refusedAtDelivery(ResourceKey organization, Credentials credentials) {
        Who who = new Who(organization, credentials.user());
        known.refusedAtDelivery(who, known.mac(who, credentials), clock.instant());
    }

    /** How long these credentials are not tried for want of a better answer than the last: too many lock accounts. */
    public Optional<Duration> restAtDelivery(ResourceKey organization, Credentials credentials) {
        Who who = new Who(organization, credentials.user());
        return known.refusedAtDelivery(who, known.mac(who, credentials))
                .map(time -> Duration.between(clock.instant(), time.plus(REFUSED_REST)))
                .filter(Duration::isPositive);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
