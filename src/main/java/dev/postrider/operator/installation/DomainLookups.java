package dev.postrider.operator.installation;

import dev.postrider.api.OrganizationMailSettingsStatus.SenderDomain;
import dev.postrider.plan.DomainAnswer;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import javax.naming.NamingException;

/**
 * Looks up the records by which namespaces show that domains are their own, beside the reconcilers: each domain on a
 * virtual thread, which sleeps between. A namespace has one lookup at a time, so that one whose domains do not answer
 * holds up nobody else for long.
 */
public final class DomainLookups implements AutoCloseable {
    /** Domains of a namespace; those of more are not looked up. */
    static final int MOST = 100;
    private static final int AT_ONCE = 32;

    private final TxtRecords records;
    private final Waits waits;
    private final InstantSource clock;
    private final Semaphore places = new Semaphore(AT_ONCE, true);
    private final Map<String, Claims> namespaces = new HashMap<>();

    /**
     * How long it waits after a lookup.
     *
     * @param soonest  after one that did not find its record; twice as long after each further one
     * @param latest   the longest of these
     * @param verified after one that did
     */
    public record Waits(Duration soonest, Duration latest, Duration verified) {
        /** Somebody has just published a record, as a rule, and caches keep for minutes that it was not there. */
        public static final Waits DEFAULT = new Waits(Duration.ofSeconds(5), Duration.ofMinutes(10),
                Duration.ofHours(1));
    }

    /**
     * A way to look records up.
     *
     * @param server host and port of a DNS server; empty for those of the machine
     */
    public DomainLookups(Optional<String> server, Waits waits, InstantSource clock) {
        this.records = new TxtRecords(server);
        this.waits = waits;
        this.clock = clock;
    }

    /** What a namespace claims, by the domains. */
    private static final class Claims {
        private final Map<String, Watched> domains = new HashMap<>();
        private final Semaphore turn = new Semaphore(1, true);
    }

    /** A domain that somebody claims. */
    private static final class Watched {
        private final Set<ResourceKey> organizations = new HashSet<>();
        private Optional<DomainAnswer> answer = Optional.empty();
        private Optional<Thread> thread = Optional.empty();
    }

    /**
     * Looks these up from now on for an organization, and no others.
     *
     * @param wake told after each lookup of them
     */
    public synchronized void want(ResourceKey organization, List<SenderDomain> domains, Consumer<ResourceKey> wake) {
        Claims claims = namespaces.computeIfAbsent(organization.namespace(), _ -> new Claims());
        Map<String, Watched> watched = claims.domains;
        Set<String> wanted = new HashSet<>();
        for (SenderDomain domain : domains) {
            wanted.add(domain.domain());
            if (watched.containsKey(domain.domain()) || watched.size() < MOST) {
                Watched entry = watched.computeIfAbsent(domain.domain(), _ -> new Watched());
                entry.organizations.add(organization);
                if (entry.thread.isEmpty()) {
                    entry.thread = Optional.of(Thread.ofVirtual()
                            .name("domain-lookup")
                            .start(() -> watch(claims, domain, entry, wake)));
                }
            }
        }
        watched.entrySet().removeIf(entry -> {
            Watched some = entry.getValue();
            boolean over = !wanted.contains(entry.getKey()) && some.organizations.remove(organization)
                    && some.organizations.isEmpty();
            if (over) {
                some.thread.ifPresent(Thread::interrupt);
            }
            return over;
        });
        if (watched.isEmpty()) {
            namespaces.remove(organization.namespace());
        }
    }

    /** What the last lookup came to, or that there is none, since others of the namespace have their places. */
    synchronized Optional<DomainAnswer> answer(String namespace, String domain) {
        Map<String, Watched> watched = Optional.ofNullable(namespaces.get(namespace))
                .map(claims -> claims.domains)
                .orElse(Map.of());
        return watched.size() >= MOST && !watched.containsKey(domain)
                ? Optional.of(new DomainAnswer.BeyondBound(MOST))
                : Optional.ofNullable(watched.get(domain)).flatMap(some -> some.answer);
    }

    private void watch(Claims claims, SenderDomain domain, Watched watched, Consumer<ResourceKey> wake) {
        Duration wait = waits.soonest;
        try {
            while (true) {
                DomainAnswer answer = lookUp(claims, domain, watched);
                Set<ResourceKey> organizations;
                synchronized (this) {
                    if (claims.domains.get(domain.domain()) != watched) {
                        return;
                    }
                    watched.answer = Optional.of(answer);
                    organizations = Set.copyOf(watched.organizations);
                }
                organizations.forEach(wake);
                if (answer instanceof DomainAnswer.Found) {
                    wait = waits.soonest;
                    Thread.sleep(waits.verified);
                } else {
                    Thread.sleep(wait);
                    wait = wait.multipliedBy(2).compareTo(waits.latest) > 0 ? waits.latest : wait.multipliedBy(2);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private DomainAnswer lookUp(Claims claims, SenderDomain domain, Watched watched) throws InterruptedException {
        claims.turn.acquire();
        try {
            places.acquire();
            try {
                return judge(domain, watched);
            } finally {
                places.release();
            }
        } finally {
            claims.turn.release();
        }
    }

    private DomainAnswer judge(SenderDomain domain, Watched watched) {
        try {
            List<String> values = records.of(domain.record());
            Instant now = clock.instant();
            return values.contains(domain.value())
                    ? new DomainAnswer.Found()
                    : new DomainAnswer.Missing(since(watched, now), now, values.isEmpty()
                            ? "there is no TXT record " + domain.record()
                            : "the TXT record " + domain.record() + " has another value");
        } catch (NamingException e) {
            Instant now = clock.instant();
            return new DomainAnswer.Unanswered(since(watched, now), now,
                    "DNS did not answer for " + domain.record() + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    private synchronized Instant since(Watched watched, Instant now) {
        return watched.answer.map(answer -> switch (answer) {
            case DomainAnswer.Found() -> now;
            case DomainAnswer.Missing missing -> missing.since();
            case DomainAnswer.Unanswered unanswered -> unanswered.since();
            case DomainAnswer.BeyondBound(_) -> now;
        }).orElse(now);
    }

    @Override
    public synchronized void close() {
        namespaces.values()
                .forEach(claims -> claims.domains.values()
                        .forEach(entry -> entry.thread.ifPresent(Thread::interrupt)));
        namespaces.clear();
    }
}
