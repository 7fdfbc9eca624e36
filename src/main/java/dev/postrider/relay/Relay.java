package dev.postrider.relay;

import dev.postrider.relay.admin.AdminServer;
import dev.postrider.relay.delivery.Delivery;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.events.WebhookTimes;
import dev.postrider.relay.events.Webhooks;
import dev.postrider.relay.links.Downloads;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.links.Links;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.ListenerSettings;
import dev.postrider.relay.smtp.SmtpListener;
import dev.postrider.relay.smtp.SubmissionPolicy;
import dev.postrider.relay.telemetry.Lookout;
import dev.postrider.relay.telemetry.MeteredUpstreams;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.ServerRest;
import dev.postrider.transport.Upstreams;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The relay in one piece: listener, queue, delivery, and what watches them. */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    private final Routes routes;
    private final RelaySettings settings;
    private final CurrentTls tls;
    private final SqlQueue queue;
    private final Delivery delivery;
    private final SmtpListener listener;
    private final AdminServer admin;
    private final Webhooks webhooks;
    private Optional<Links> links = Optional.empty();
    private Optional<Downloads> downloads = Optional.empty();
    private final Lookout looking;
    private @Nullable Owners owners;
    private final OrganizationQuotas quotas;
    private final Tracing tracing;
    private final int submissionPort;
    private final int submissionsPort;
    private final AtomicReference<String> lastQueueProblem = new AtomicReference<>("");
    /** Why it is not there yet; nothing once all of it is. */
    private volatile Optional<String> starting = Optional.of("the queue is being opened");
    private boolean stopped;

    private Relay(RelaySettings settings, Routes routes, Upstreams upstreams, DeliverySettings deliverySettings,
            Exposure exposure, InstantSource clock, UnaryOperator<SubmissionPolicy> policy) throws IOException {
        this.routes = routes;
        this.settings = settings;
        this.tracing = exposure.tracing();
        this.tls = new CurrentTls(routes);
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        this.admin = new AdminServer(settings.bind(), settings.adminPort(), exposure.healthPort(), meters,
                this::problem);
        try {
            this.queue = openQueue(clock);
        } catch (IOException | RuntimeException e) {
            admin.close();
            throw e;
        }
        RelayMeters relayMeters;
        try {
            relayMeters = new RelayMeters(meters, exposure.namedInMetrics(), clock);
            Gauge.builder("postrider.queue.damaged.files", queue, SqlQueue::damagedFiles)
                    .description("damaged queue files that were set aside")
                    .register(meters);
            Gauge.builder("postrider.queue.room.bytes", queue, SqlQueue::room)
                    .description("what may be queued, of all organizations")
                    .register(meters);
            Gauge.builder("postrider.queue.taken.bytes", queue, SqlQueue::taken)
                    .description("what of that room is taken, by rows and by messages that are coming in as well")
                    .register(meters);
            queue.shareAmong(routes::organizationsOfNamespaces);
            queue.limit(routes.configured(now -> QueueLimits.of(now.queue()), settings.queue().limits()));
            queue.onCommit(relayMeters::committed);
            queue.countDaysIn(key -> routes.organization(key).flatMap(OrganizationRoute::reportZone));
            this.links = openLinks(settings, clock);
            this.delivery = new Delivery(queue, routes, new MeteredUpstreams(upstreams, relayMeters),
                    routes.configured(now -> new DeliverySettings(settings.hostName(), now.delivery()),
                            deliverySettings),
                    clock, relayMeters, exposure.tracing(), links,
                    Optional.of(settings.dataDirectory().resolve("attempts")), new GrantedSenders(routes));
            this.quotas = OrganizationQuotas.start(queue, routes, relayMeters, clock);
            this.listener = new SmtpListener(
                    new ListenerSettings(settings.hostName(), settings.limits(),
                            settings.allowPlaintextAuthentication()),
                    policy.apply(
                            new OrganizationSubmissions(routes, queue, delivery.submitters().logins(),
                                    delivery.submitters().cipher(), settings.hostName(),
                                    routes.configured(RelayConfiguration::received, settings.received()), clock,
                                    relayMeters, exposure.tracing(), quotas)),
                    tls, meters);
            admin.open(queue, delivery.waiting(), delivery::rests, delivery::mailRests, routes, exposure.access(),
                    () -> {
                        relayMeters.refresh(queue);
                        return meters.scrape();
                    });
        } catch (IOException | RuntimeException e) {
            links.ifPresent(Links::close);
            admin.close();
            queue.close();
            throw e;
        }
        this.webhooks = new Webhooks(queue.outbox(), routes, exposure.webhooks(), WebhookTimes.DEFAULT, relayMeters,
                clock);
        this.looking = Lookout.start(() -> relayMeters.look(queue));
        try {
            this.owners = Owners.start(queue, routes);
            delivery.start();
            webhooks.start();
            this.submissionPort = listener.listen(new InetSocketAddress(settings.bind(), settings.submissionPort()),
                    SmtpListener.Start.PLAIN);
            this.submissionsPort = listener.listen(new InetSocketAddress(settings.bind(), settings.submissionsPort()),
                    SmtpListener.Start.TLS);
            this.downloads = serveLinks(meters);
            this.starting = Optional.empty();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private Optional<Links> openLinks(RelaySettings settings, InstantSource clock) throws IOException {
        return settings.links().isEmpty()
                ? Optional.empty()
                : Optional.of(Links.open(settings.links().get(), settings.dataDirectory(), queue.keptAttachments(),
                        clock));
    }

    private Optional<Downloads> serveLinks(MeterRegistry meters) throws IOException {
        if (links.isEmpty()) {
            return Optional.empty();
        }
        LinkSettings serving = settings.links().orElseThrow();
        var server = new Downloads(new InetSocketAddress(settings.bind(), serving.port()),
                serving.tls() ? Optional.of(tls) : Optional.empty(), links.get(), serving, meters,
                routes::mayHaveLinks);
        LOG.info("attachments are served on port {} ({})", server.port(), serving.tls() ? "HTTPS" : "HTTP");
        return Optional.of(server);
    }

    /**
     * Opens the queue and the ports and begins to deliver.
     *
     * @param routes    what it knows of organizations and servers, now and when that changes
     * @param upstreams the way to servers
     * @throws IOException if the queue's file cannot be used or a port not be had; the message says which. A database
     *                     is waited for, until the thread is interrupted, while {@code /readyz} says why
     */
    public static Relay start(RelaySettings settings, Routes routes, Upstreams upstreams, InstantSource clock)
            throws IOException {
        return start(settings, routes, upstreams, DeliverySettings.of(settings.hostName()), clock);
    }

    /** As {@link #start(RelaySettings, Routes, Upstreams, InstantSource)}, with other times for delivery. */
    public static Relay start(RelaySettings settings, Routes routes, Upstreams upstreams, DeliverySettings delivery,
            InstantSource clock) throws IOException {
        return start(settings, routes, upstreams, delivery, Exposure.DEFAULT, clock);
    }

    /** As {@link #start(RelaySettings, Routes, Upstreams, InstantSource)}, seen as is said. */
    public static Relay start(RelaySettings settings, Routes routes, Upstreams upstreams, DeliverySettings delivery,
            Exposure exposure, InstantSource clock) throws IOException {
        return start(settings, routes, upstreams, delivery, exposure, clock, UnaryOperator.identity());
    }

    /** As above, with another rule for who may submit: for programs that measure and cannot log in. */
    static Relay start(RelaySettings settings, Routes routes, Upstreams upstreams, DeliverySettings delivery,
            Exposure exposure, InstantSource clock, UnaryOperator<SubmissionPolicy> policy) throws IOException {
        var relay = new Relay(settings, routes, upstreams, delivery, exposure, clock, policy);
        LOG.info("{} listens on {} ports {} (STARTTLS) and {} (TLS), health and metrics on {}, {} messages queued",
                settings.hostName(), settings.bind().getHostAddress(), relay.submissionPort, relay.submissionsPort,
                relay.adminPort(), relay.queue.usage().messages());
        return relay;
    }

    /** The port with STARTTLS. */
    public int submissionPort() {
        return submissionPort;
    }

    /** The port with TLS from the first octet. */
    public int submissionsPort() {
        return submissionsPort;
    }

    /** The port of health and metrics. */
    public int adminPort() {
        return admin.port();
    }

    /** The port for probes alone, if there is one. */
    public OptionalInt healthPort() {
        return admin.healthPort();
    }

    /** The port of downloads, if there is one. */
    public OptionalInt linksPort() {
        return downloads.map(server -> OptionalInt.of(server.port())).orElseGet(OptionalInt::empty);
    }

    /** The servers that take no mail now. */
    public List<ServerRest> rests() {
        return delivery.rests();
    }

    /** The organizations whose own mail rests. */
    public List<MailRest> mailRests() {
        return delivery.mailRests();
    }

    /** How many messages are queued. */
    public long queued() {
        return queue.usage().messages();
    }

    /** Looks at the clock again: for tests that turn it. */
    public void wake() {
        delivery.wake();
    }

    /** One in a database is waited for, whatever it lacks: that is mended there, or in the files of its login. */
    private SqlQueue openQueue(InstantSource clock) throws IOException {
        Duration wait = FIRST_WAIT;
        String last = "";
        while (true) {
            try {
                return SqlQueue.open(settings.queue(), settings.dataDirectory(), clock);
            } catch (QueueException e) {
                if (settings.queue().postgres().isEmpty()) {
                    throw e;
                }
                String why = "the relay waits for its queue: " + e.getMessage();
                if (!why.equals(last)) {
                    LOG.error("{}", why);
                }
                last = why;
                starting = Optional.of(why);
            }
            try {
                Thread.sleep(wait);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (InterruptedIOException) new InterruptedIOException("stopped while " + last).initCause(e);
            }
            wait = wait.multipliedBy(2).compareTo(LONGEST_WAIT) < 0 ? wait.multipliedBy(2) : LONGEST_WAIT;
        }
    }

    private Optional<String> problem() {
        Optional<String> notYet = starting;
        if (notYet.isPresent()) {
            return notYet;
        }
        if (!listener.isListening()) {
            return Optional.of("the ports are closed");
        }
        if (!routes.isComplete()) {
            return Optional.of("the routes are not all known yet");
        }
        if (tls.get().isEmpty() && !settings.allowPlaintextAuthentication()) {
            return Optional.of("there is no certificate, so nobody can log in");
        }
        try {
            queue.probe();
            lastQueueProblem.set("");
            return Optional.empty();
        } catch (QueueException e) {
            String why = "the queue cannot be written: " + e.getMessage();
            if (!why.equals(lastQueueProblem.getAndSet(why))) {
                LOG.error("{}", why);
            }
            return Optional.of(why);
        }
    }

    /**
     * Takes no more mail, lets sessions and attempts finish, and ends. What was answered with 250 is delivered or on
     * disk.
     *
     * @param grace for all of it
     */
    public synchronized void stop(Duration grace) {
        if (stopped) {
            return;
        }
        stopped = true;
        long end = System.nanoTime() + grace.toNanos();
        listener.stop(grace.dividedBy(2));
        delivery.stop(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        admin.close();
        downloads.ifPresent(Downloads::close);
        links.ifPresent(Links::close);
        quotas.close();
        if (owners != null) {
            owners.close();
        }
        webhooks.close();
        looking.close();
        queue.close();
        tracing.close();
        LOG.info("stopped with {} messages queued", queue.usage().messages());
    }

    @Override
    public void close() {
        stop(Duration.ZERO);
    }
}
