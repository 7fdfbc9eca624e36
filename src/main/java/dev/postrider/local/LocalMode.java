package dev.postrider.local;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.local.Finding.Severity;
import dev.postrider.plan.Installation;
import dev.postrider.plan.Installation.RelayAddress;
import dev.postrider.plan.Installation.SupportSettings;
import dev.postrider.reconcile.RelayRests;
import dev.postrider.relay.Exposure;
import dev.postrider.relay.Relay;
import dev.postrider.relay.RelaySettings;
import dev.postrider.relay.admin.Access;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.events.WebhookPolicy;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.RelayCertificate;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.Sha256;
import dev.postrider.transport.EgressPolicy;
import dev.postrider.transport.GraphEndpoints;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.Sends;
import dev.postrider.transport.TestSender;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directory of manifests as the cluster, with the relay in this process on the loopback address. */
public final class LocalMode implements AutoCloseable {
    /** File of the state with the address of the queue's API. */
    public static final String ADMIN_URL = "admin-url";
    /** File of the state with the token for the queue's API, made anew at each start; for its owner alone. */
    public static final String ADMIN_TOKEN = "admin-token";

    private static final Logger LOG = LoggerFactory.getLogger(LocalMode.class);
    private static final Duration GRACE = Duration.ofSeconds(10);

    /**
     * What to run.
     *
     * @param directory            the manifests
     * @param state                where queue, certificate and bindings are kept; readable by its owner alone
     * @param port                 of the relay, with STARTTLS; 0 for one that the system chooses
     * @param watch                whether changes of files take effect
     * @param trustedNamespaces    where global servers are honoured
     * @param globalServerRequired whether nobody sends while no global server is active
     * @param graph                where Microsoft Graph is
     * @param linksPort            of downloads of attachments, if they are served; 0 for one that the system chooses
     * @param support              who helps organizations
     * @param values               files with values of the chart, of which the rules for replies count
     */
    public record Options(Path directory, Path state, int port, boolean watch, Set<String> trustedNamespaces,
            boolean globalServerRequired, GraphEndpoints graph, OptionalInt linksPort, SupportSettings support,
            List<Path> values) {

        public Options {
            values = List.copyOf(values);
        }

        /** Without downloads. */
        public Options(Path directory, Path state, int port, boolean watch, Set<String> trustedNamespaces,
                boolean globalServerRequired, GraphEndpoints graph) {
            this(directory, state, port, watch, trustedNamespaces, globalServerRequired, graph, OptionalInt.empty(),
                    SupportSettings.OWN, List.of());
        }

        /** With the Microsoft Graph of Microsoft. */
        public Options(Path directory, Path state, int port, boolean watch, Set<String> trustedNamespaces,
                boolean globalServerRequired) {
            this(directory, state, port, watch, trustedNamespaces, globalServerRequired, GraphEndpoints.MICROSOFT);
        }
    }

    /** Hears what happens, one call at a time, on whatever thread it happens. */
    public interface Observer {
        /** The files were read. */
        void checked(Check.Report report);

        /** A resource or a status has changed. */
        void changed(Snapshot snapshot);
    }

    private final Options options;
    private final Observer observer;
    private final Check check;
    private final Path bindings;
    private final Routes routes;
    /** Without what replies mean. */
    private final RelayRoute route;
    private final Relay relay;
    private final LocalCluster cluster;
    private final ExecutorService tests = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("local-timer").factory());
    private final Object change = new Object();
    private Snapshot latest = new Snapshot(List.of(), List.of(), List.of(), false);
    private Map<String, Check.Valid> resources = new TreeMap<>();
    private Optional<DirectoryWatch> watch = Optional.empty();

    /**
     * Reads the directory, starts the relay and the test sends.
     *
     * @throws IOException if the directory cannot be read, the state not be written, or the port not be had
     */
    public LocalMode(Options options, Observer observer, InstantSource clock) throws IOException {
        this.options = options;
        this.observer = observer;
        this.check = new Check(options.trustedNamespaces(), options.values());
        this.bindings = options.state().resolve("bindings");
        RelayCertificate certificate = RelayIdentity.load(PrivateFiles.directory(options.state()).resolve("relay"),
                clock);
        String token = HexFormat.of().formatHex(new SecureRandom().generateSeed(32));
        this.route = new RelayRoute(options.globalServerRequired(), certificate.certificateChain(),
                certificate.privateKey(), Sha256.of(token),
                List.of(RelayIdentity.submitterKey(PrivateFiles.directory(options.state()).resolve("relay"))));
        this.routes = new Routes();
        routes.put(route);
        String name = hostName();
        this.relay = Relay.start(
                new RelaySettings(RelayIdentity.HOST, InetAddress.getLoopbackAddress(), options.port(), 0, 0,
                        PrivateFiles.directory(options.state().resolve("queue")), SmtpLimits.DEFAULT, false,
                        RelayConfiguration.DEFAULT.received(), QueueSettings.DEFAULT, links(options)),
                routes, new MailUpstreams(name, false, EgressPolicy.OPEN, options.graph(), routes::replyRules),
                DeliverySettings.of(RelayIdentity.HOST),
                // Whoever declares servers and webhooks here has the machine to himself.
                new Exposure(Access.NOBODY, RelayMeters.DEFAULT_NAMED, Tracing.OFF,
                        new WebhookPolicy(true, EgressPolicy.OPEN)),
                clock);
        Installation installation = new Installation(options.trustedNamespaces(), options.globalServerRequired(),
                Optional.of(new RelayAddress(RelayIdentity.HOST, relay.submissionPort(),
                        Optional.of(certificate.caCertificate()))),
                options.linksPort().isPresent(), Set.of("localhost"), options.support(),
                Optional.empty(), UUID.randomUUID().toString());
        var sender = new TestSender(
                new MailUpstreams(name, true, EgressPolicy.OPEN, options.graph(), routes::replyRules), clock);
        this.cluster = new LocalCluster(routes, new BindingDirectories(bindings), installation, clock,
                new Sends<>(order -> order.mail().server().key(), order -> sender.send(order.mail()),
                        (order, defect) -> sender.failed(order.mail(), defect), Integer.MAX_VALUE, tests),
                new RelayRests<>("server-rests", relay::rests, clock),
                new RelayRests<>("mail-rests", relay::mailRests, clock), this::changed);
        try {
            PrivateFiles.write(options.state().resolve(ADMIN_URL), "http://127.0.0.1:" + relay.adminPort() + "\n");
            PrivateFiles.write(options.state().resolve(ADMIN_TOKEN), token + "\n");
            // Before the files are read: what changes in between is read again.
            if (options.watch()) {
                watch = Optional.of(new DirectoryWatch(options.directory(), options.values(), this::reload));
            }
            load();
            routes.markComplete();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
        var _ = timer.scheduleWithFixedDelay(() -> lookAgain(clock.instant()), 1, 1, TimeUnit.SECONDS);
    }

    private static Optional<LinkSettings> links(Options options) {
        return options.linksPort().isEmpty()
                ? Optional.empty()
                : Optional.of(new LinkSettings(options.linksPort().getAsInt(), true, Optional.empty(),
                        LinkSettings.ORGANIZATION_OCTETS, LinkSettings.MOST_DOWNLOADS, Optional.empty()));
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return RelayIdentity.HOST;
        }
    }

    private void changed(Snapshot snapshot) {
        observer.changed(snapshot);
        synchronized (change) {
            latest = snapshot;
            change.notifyAll();
        }
    }

    private void reload() {
        try {
            load();
        } catch (IOException | RuntimeException e) {
            LOG.error("{} could not be read again, what was there stays: {}", options.directory(), e.toString());
        }
    }

    /** What a file with errors declared before stays until it is mended, as it does when a cluster refuses a change. */
    private synchronized void load() throws IOException {
        Check.Result result = check.read(List.of(options.directory()));
        Set<String> broken = result.report()
                .findings()
                .stream()
                .filter(finding -> finding.severity() == Severity.ERROR)
                .map(Finding::file)
                // A rule that is wrong is left out, and stops nothing else.
                .filter(file -> options.values().stream().noneMatch(values -> values.toString().equals(file)))
                .collect(Collectors.toSet());
        result.rules().ifPresent(rules -> routes.put(route.replyRules(rules.valid())));
        Map<String, Check.Valid> next = new TreeMap<>();
        resources.forEach((id, valid) -> {
            if (broken.contains(valid.document().file())) {
                next.put(id, valid);
            }
        });
        result.valid().forEach(valid -> next.put(valid.document().id(), valid));
        resources = next;
        observer.checked(result.report());
        cluster.declare(Declared.of(new ArrayList<>(next.values())), broken.isEmpty());
    }

    private void lookAgain(Instant now) {
        try {
            cluster.lookAgain(now);
        } catch (RuntimeException e) {
            // A timer does not go on after a task that threw.
            LOG.error("the resources could not be looked at again", e);
        }
    }

    /** The relay's port with STARTTLS, on the loopback address. */
    public int port() {
        return relay.submissionPort();
    }

    /** Where the bindings are, as {@code <namespace>/<name>/<entry>}. */
    public Path bindings() {
        return bindings;
    }

    /** How many messages the relay has yet to deliver. */
    public long queued() {
        return relay.queued();
    }

    /** The resources and statuses as they are now. */
    public Snapshot snapshot() {
        return cluster.snapshot();
    }

    /** Waits until no test mail is on its way; answers how things are then, or when the time is over. */
    public Snapshot awaitSettled(Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        synchronized (change) {
            while (!latest.settled() && System.nanoTime() < end) {
                TimeUnit.NANOSECONDS.timedWait(change, end - System.nanoTime());
            }
            return latest;
        }
    }

    /** Stops the relay as SIGTERM would: what it has answered for is delivered or on disk. */
    @Override
    public void close() throws IOException {
        if (watch.isPresent()) {
            watch.get().close();
        }
        timer.shutdownNow();
        tests.shutdownNow();
        relay.stop(GRACE);
    }
}
