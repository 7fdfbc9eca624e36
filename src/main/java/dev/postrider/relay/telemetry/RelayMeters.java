package dev.postrider.relay.telemetry;

import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueueView.Entry;
import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.Usage;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.Quota;
import dev.postrider.route.ResourceKey;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the relay counts. However many organizations and servers there are, labels have a bounded number of values: see
 * {@link BoundedNames}. Safe for many threads.
 */
public final class RelayMeters {
    /** Organizations, and servers, that labels name unless told otherwise. */
    public static final int DEFAULT_NAMED = RelayConfiguration.DEFAULT.visibility().metricsNames();

    /** What became of a recipient in an attempt. */
    public enum Outcome {
        DELIVERED, DEFERRED,
        /** Refused for good; the sender hears of it. */
        BOUNCED,
        /** Given up after too long; the sender hears of it. */
        EXPIRED
    }

    private static final Logger LOG = LoggerFactory.getLogger(RelayMeters.class);
    private static final Duration[] ATTEMPT = {Duration.ofMillis(5), Duration.ofMillis(25), Duration.ofMillis(100),
            Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(30),
            Duration.ofMinutes(2), Duration.ofMinutes(10)};
    private static final Duration[] END_TO_END = {Duration.ofMillis(25), Duration.ofMillis(100),
            Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(30),
            Duration.ofMinutes(2), Duration.ofMinutes(15), Duration.ofHours(1), Duration.ofHours(4),
            Duration.ofDays(1), Duration.ofDays(5)};
    private static final double[] COMMIT = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
    private static final String ORGANIZATION = "organization";
    private static final String SERVER = "server";
    private static final String NAMESPACE = "namespace";
    private static final String NO_ORGANIZATION = "none";

    private final MeterRegistry registry;
    private final InstantSource clock;
    private final BoundedNames<ResourceKey> organizations;
    private final BoundedNames<ResourceKey> servers;
    private final BoundedNames<String> namespaces;
    private final Map<ResourceKey, AtomicInteger> connections = new ConcurrentHashMap<>();
    private final Map<ResourceKey, Instant> resting = new ConcurrentHashMap<>();
    private final Map<ResourceKey, Instant> overRate = new ConcurrentHashMap<>();
    private final DistributionSummary commits;
    private final MultiGauge openConnections;
    private final MultiGauge restingServers;
    private final MultiGauge serversOverRate;
    private final MultiGauge queueMessages;
    private final MultiGauge queueBytes;
    private final MultiGauge queueOldest;
    private volatile Map<String, Instant> oldest = Map.of();

    /** @param named how many organizations, how many servers and how many namespaces labels name */
    public RelayMeters(MeterRegistry registry, int named, InstantSource clock) {
        this.registry = registry;
        this.clock = clock;
        this.organizations = new BoundedNames<>(named);
        this.servers = new BoundedNames<>(named);
        this.namespaces = new BoundedNames<>(named);
        this.commits = DistributionSummary.builder("postrider.commit.steps")
                .description("what is written to the queue at once, by one fsync")
                .serviceLevelObjectives(COMMIT)
                .register(registry);
        this.openConnections = gauge("postrider.connections", "connections to servers that are open");
        this.restingServers = gauge("postrider.server.resting",
                "1 while a server gets no mail, since it could not be reached or its account may not send");
        this.serversOverRate = gauge("postrider.server.over.rate", "1 while mail waits for the rate of a server");
        this.queueMessages = gauge("postrider.queue.messages", "messages that are neither delivered nor given up");
        this.queueBytes = gauge("postrider.queue.bytes", "size of these messages");
        this.queueOldest = gauge("postrider.queue.oldest.seconds", "age of the oldest of these messages");
    }

    private MultiGauge gauge(String name, String description) {
        return MultiGauge.builder(name).description(description).register(registry);
    }

    /** A message was answered with 250. */
    public void accepted(ResourceKey organization, long octets) {
        String name = organizations.active(organization);
        registry.counter("postrider.accepted", ORGANIZATION, name).increment();
        registry.counter("postrider.accepted.bytes", ORGANIZATION, name).increment((double) octets);
    }

    /** A message was answered with 250 and not queued, since its idempotency key was known. */
    public void duplicate() {
        registry.counter("postrider.duplicates").increment();
    }

    /**
     * Something was refused.
     *
     * @param at connection, login, mail, recipient or data
     */
    public void refused(Optional<ResourceKey> organization, String at) {
        String name = organization.map(organizations::active).orElse(NO_ORGANIZATION);
        registry.counter("postrider.refused", ORGANIZATION, name, "at", at).increment();
    }

    /** Mail was refused since what is queued of its organization or namespace fills its share. */
    public void overLimit(ResourceKey organization) {
        registry.counter("postrider.queue.refused", ORGANIZATION, organizations.active(organization)).increment();
    }

    /** So much, in percent, of a limit of an organization is used up; told once in each hour, day or month. */
    public void limitReached(ResourceKey organization, Quota.Period period, int percent) {
        registry.counter("postrider.limit.reached", ORGANIZATION, organizations.active(organization), "period",
                period.name().toLowerCase(Locale.ROOT), "percent", Integer.toString(percent)).increment();
    }

    /** An attempt ended for one recipient. */
    public void recipient(ResourceKey organization, ResourceKey server, Outcome outcome, Instant received) {
        String name = organizations.active(organization);
        registry.counter("postrider.recipients", ORGANIZATION, name, SERVER, servers.active(server), "outcome",
                label(outcome)).increment();
        if (outcome == Outcome.DELIVERED) {
            Timer.builder("postrider.delivery")
                    .description("from the 250 to the client until a server took it")
                    .tag(ORGANIZATION, name)
                    .serviceLevelObjectives(END_TO_END)
                    .register(registry)
                    .record(Duration.between(received, clock.instant()));
        }
    }

    /**
     * A server refused a recipient or a message for it.
     *
     * @param replyClass what the refusal is about
     */
    public void refusal(ResourceKey server, String replyClass) {
        registry.counter("postrider.refusals", SERVER, servers.active(server), "class", replyClass).increment();
    }

    /** A message is held, since the relay failed twice while it was tried. */
    public void poisoned(ResourceKey organization) {
        registry.counter("postrider.poisoned", ORGANIZATION, organizations.active(organization)).increment();
    }

    /** A report of undelivered mail, or other mail from the null sender, reached nobody. */
    public void reportLost(ResourceKey organization) {
        registry.counter("postrider.reports.lost", ORGANIZATION, organizations.active(organization)).increment();
    }

    /** An organization gets no turn for a while, since its mail made servers fail. */
    public void organizationRests(ResourceKey organization) {
        registry.counter("postrider.organization.rests", ORGANIZATION, organizations.active(organization)).increment();
    }

    /** A server said that it has too many connections. */
    public void fewerConnections(ResourceKey server) {
        registry.counter("postrider.server.crowded", SERVER, servers.active(server)).increment();
    }

    /** Mail of an organization is held since a server wants a person to act first. */
    public void held(ResourceKey organization) {
        registry.counter("postrider.organization.held", ORGANIZATION, organizations.active(organization)).increment();
    }

    /**
     * A namespace waited though there was more, since it had its share.
     *
     * @param resource what there was more of, in one word
     */
    public void shareReached(String namespace, String resource) {
        registry.counter("postrider.share.reached", NAMESPACE, namespaces.active(namespace), "resource", resource)
                .increment();
    }

    /** An attempt ended. */
    void attempt(ResourceKey server, Outcome outcome, Duration duration) {
        Timer.builder("postrider.attempt")
                .description("attempts to hand a message to a server")
                .tags(SERVER, servers.active(server), "outcome", label(outcome))
                .serviceLevelObjectives(ATTEMPT)
                .register(registry)
                .record(duration);
    }

    /**
     * An event went to a webhook, or did not.
     *
     * @param outcome told, failed or dropped
     */
    public void event(ResourceKey organization, String outcome) {
        events(organization, outcome, 1);
    }

    /** The same of several events. */
    public void events(ResourceKey organization, String outcome, int count) {
        registry.counter("postrider.events", ORGANIZATION, organizations.of(organization), "outcome", outcome)
                .increment(count);
    }

    private static String label(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    /** A connection was opened (1) or closed (-1). */
    void connection(ResourceKey server, int more) {
        connections.computeIfAbsent(server, key -> new AtomicInteger()).addAndGet(more);
    }

    /** A server is left out until then. */
    public void rests(ResourceKey server, Instant until) {
        resting.put(server, until);
    }

    /** Mail for a server waits until then, since the server has had what its rate lets it have. */
    public void overRate(ResourceKey server, Instant until) {
        overRate.put(server, until);
    }

    /** An attempt goes to a server in place of one of a former priority. */
    public void backup(ResourceKey server) {
        registry.counter("postrider.server.backup.attempts", SERVER, servers.active(server)).increment();
    }

    /** So much was written to the queue at once. */
    public void committed(int steps) {
        commits.record(steps);
    }

    /** Looks at the queue for what takes a while: to be called every few seconds, not at each scrape. */
    public void look(Queue queue) {
        organizations.rank();
        servers.rank();
        namespaces.rank();
        forgetOthers();
        Map<String, Instant> found = new HashMap<>();
        try {
            for (ResourceKey organization : queue.usages().keySet()) {
                List<Entry> first = queue.view()
                        .list(new Filter(Optional.of(organization), Optional.empty(), Optional.empty(),
                                Optional.empty()), Optional.empty(), 1);
                if (!first.isEmpty()) {
                    found.merge(organizations.of(organization), first.getFirst().received(),
                            (one, two) -> one.isBefore(two) ? one : two);
                }
            }
            oldest = found;
        } catch (QueueException e) {
            LOG.warn("the age of queued mail cannot be told: {}", e.getMessage());
        }
    }

    private void forgetOthers() {
        Set<String> named = organizations.current();
        Set<String> namedServers = servers.current();
        Set<String> namedNamespaces = namespaces.current();
        for (Meter meter : registry.getMeters()) {
            if (!isCurrent(meter, ORGANIZATION, named) || !isCurrent(meter, SERVER, namedServers)
                    || !isCurrent(meter, NAMESPACE, namedNamespaces)) {
                registry.remove(meter);
            }
        }
    }

    private static boolean isCurrent(Meter meter, String label, Set<String> named) {
        String value = meter.getId().getTag(label);
        return value == null || value.equals(BoundedNames.OTHER) || value.equals(NO_ORGANIZATION)
                || named.contains(value);
    }

    /** Brings up to date what is not counted as it happens; to be called before a scrape. */
    public synchronized void refresh(Queue queue) {
        Map<String, Double> messages = new HashMap<>();
        Map<String, Double> bytes = new HashMap<>();
        messages.put(BoundedNames.OTHER, 0.0);
        bytes.put(BoundedNames.OTHER, 0.0);
        for (Map.Entry<ResourceKey, Usage> usage : queue.usages().entrySet()) {
            String name = organizations.of(usage.getKey());
            messages.merge(name, (double) usage.getValue().messages(), Double::sum);
            bytes.merge(name, (double) usage.getValue().octets(), Double::sum);
        }
        Instant now = clock.instant();
        Map<String, Double> ages = new HashMap<>();
        oldest.forEach((name, time) -> {
            if (messages.containsKey(name)) {
                ages.put(name, Math.max(0, Duration.between(time, now).toMillis() / 1000.0));
            }
        });
        Map<String, Double> open = new HashMap<>();
        connections.forEach((server, count) -> open.merge(servers.of(server), (double) count.get(), Double::sum));
        Map<String, Double> rest = until(resting, now);
        show(queueMessages, ORGANIZATION, messages);
        show(queueBytes, ORGANIZATION, bytes);
        show(queueOldest, ORGANIZATION, ages);
        show(openConnections, SERVER, open);
        show(restingServers, SERVER, rest);
        show(serversOverRate, SERVER, until(overRate, now));
    }

    private Map<String, Double> until(Map<ResourceKey, Instant> times, Instant now) {
        Map<String, Double> values = new HashMap<>();
        times.forEach((server, until) -> values.merge(servers.of(server), now.isBefore(until) ? 1.0 : 0.0, Math::max));
        return values;
    }

    private static void show(MultiGauge gauge, String label, Map<String, Double> values) {
        List<Row<?>> rows = new ArrayList<>();
        values.forEach((name, value) -> rows.add(Row.of(Tags.of(label, name), value)));
        gauge.register(rows, true);
    }
}
