package dev.postrider.operator;

import dev.postrider.access.Decision;
import dev.postrider.access.MetricsPage;
import dev.postrider.access.Outcome;
import dev.postrider.access.TokenReviews;
import dev.postrider.operator.installation.Caches;
import dev.postrider.operator.installation.Cluster;
import dev.postrider.operator.installation.Dependencies;
import dev.postrider.operator.installation.DomainLookups;
import dev.postrider.operator.installation.InstallationSecrets;
import dev.postrider.operator.installation.Read;
import dev.postrider.operator.installation.RelayLookup;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.operator.installation.RelayQueue;
import dev.postrider.operator.installation.RelaySubmission;
import dev.postrider.operator.installation.Settings;
import dev.postrider.operator.installation.TestMails;
import dev.postrider.operator.kit.Events;
import dev.postrider.operator.kit.HealthServer;
import dev.postrider.operator.kit.LeaderElection;
import dev.postrider.operator.kit.Leadership;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.ObjectMetadata;
import dev.postrider.operator.kit.OtherShards;
import dev.postrider.operator.kit.Refusals;
import dev.postrider.operator.kit.Shard;
import dev.postrider.operator.kit.SharingCloner;
import dev.postrider.operator.kit.SubmittedReconciliations;
import dev.postrider.operator.mailserver.MailServerReconciler;
import dev.postrider.operator.notice.NoticeReconciler;
import dev.postrider.operator.notice.NoticeSubmission;
import dev.postrider.operator.organization.OrganizationReconciler;
import dev.postrider.operator.organization.UsageReportSubmission;
import dev.postrider.operator.relay.RelayReconciler;
import dev.postrider.operator.relay.RelayWorkload;
import dev.postrider.plan.NoticeOrder;
import dev.postrider.plan.TestOrder;
import dev.postrider.plan.UsageReportOrder;
import dev.postrider.reconcile.RelayRests;
import dev.postrider.reply.CurrentRules;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailRest;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.Sha256;
import dev.postrider.route.TestResult;
import dev.postrider.route.UsedLimit;
import dev.postrider.transport.EgressPolicy;
import dev.postrider.transport.FairExecutor;
import dev.postrider.transport.GraphEndpoints;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.OwnAddresses;
import dev.postrider.transport.Sends;
import dev.postrider.transport.TestSender;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.javaoperatorsdk.operator.processing.event.rate.LinearRateLimiter;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The operator, put together and running. */
public final class OperatorProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorProcess.class);

    /**
     * How many resources are reconciled at a time, far fewer than the 100 streams that an API server allows on one
     * connection (its option --http2-max-streams-per-connection): the client's requests beyond that fail.
     */
    private static final int RECONCILIATIONS = 16;

    /** How often a resource is reconciled within a second, however often it is changed. */
    private static final int MOST_OF_ONE = 10;

    /** How many notices are handed to the relay at a time: at nine o'clock many are due, and applications send, too. */
    private static final int NOTICES = 8;

    /** Each resource is planned for at least so often: an event that was lost on its way must not be missed for long. */
    private static final Duration LONGEST_UNSEEN = Duration.ofMinutes(5);

    /** Between two attempts to reach the API server at the start: the first time, and at last. */
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    /** RFC 6585, section 4. */
    private static final int TOO_MANY_REQUESTS = 429;

    private final Leadership leadership;
    private final Operator operator;
    private final LeaderElection election;
    private final HealthServer health;
    private final DomainLookups domains;
    private final RelayRests<ServerRest> rests;
    private final RelayRests<MailRest> mailRests;
    private final RelayLookup<LostReports> lostReports;
    private final NoticeReconciler notices;
    private final OrganizationReconciler organizations;
    private final RelayLookup<UsedLimit> usedLimits;
    private volatile Optional<OtherShards> otherShards = Optional.empty();
    /** SHA-256 of the installation's token; empty, which no token has, before that is known. */
    private volatile String installation = "";
    private volatile boolean started;

    /**
     * How the operator runs.
     *
     * @param namespace  where it runs, and where its settings and the routes are
     * @param settings   name of the ConfigMap with the settings
     * @param identity   tells this replica from the others
     * @param image      that the relay runs where the settings name none
     * @param healthPort of /healthz and /readyz; 0 for one that the system chooses
     * @param metricsPort of /metrics; 0 for one that the system chooses
     * @param graph      where the relay finds Microsoft Graph
     * @param shard      whose namespaces it works for
     */
    public record Options(String namespace, String settings, String identity, String image, int healthPort,
            int metricsPort, GraphEndpoints graph, Shard shard) {

        /** With the Microsoft Graph of Microsoft. */
        public Options(String namespace, String settings, String identity, String image, int healthPort,
                int metricsPort, Shard shard) {
            this(namespace, settings, identity, image, healthPort, metricsPort, GraphEndpoints.MICROSOFT, shard);
        }
    }

    /** Makes what sends tests, so that they prove what the relay will do. */
    public interface TestSenders {

        /**
         * A sender of test mails.
         *
         * @param greeting  the name that it greets with, the relay's
         * @param tenants   where it is let
         * @param installed what replies mean, at each moment, to the relay of this installation
         */
        TestSender of(String greeting, EgressPolicy tenants, Supplier<ReplyRules> installed);
    }

    /**
     * Starts the operator.
     *
     * @param sender     makes what sends tests
     * @param leadership that the client was made with
     * @throws IOException              if the port for health is taken
     * @throws IllegalArgumentException if the settings are missing or cannot be read
     */
    public OperatorProcess(KubernetesClient client, Options options,
            TestSenders sender, InstantSource clock, Leadership leadership) throws IOException {
        this(client, options, sender, clock, clock, leadership);
    }

    /**
     * Starts the operator.
     *
     * @param calendar by which notices are due; certificates must keep to the time of those who check them
     */
    OperatorProcess(KubernetesClient client, Options options, TestSenders sender,
            InstantSource clock, InstantSource calendar, Leadership leadership) throws IOException {
        this.leadership = leadership;
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        // Before all else: a slow start is no reason to be restarted.
        var reviews = new TokenReviews(client, clock);
        health = new HealthServer(options.healthPort(), options.metricsPort(), this::isReady, this::waitsFor,
                token -> Sha256.matches(token, installation)
                        ? new Decision(Outcome.ALLOWED, "the installation's token")
                        : reviews.decide(token, new TokenReviews.Right.Path(MetricsPage.PATH)),
                registry, () -> metrics(registry));
        ConfigMap configMap = settings(client, options);
        Settings settings = Settings.of(configMap);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);

        InstallationSecrets secrets = secrets(client, options, configMap, settings, clock);
        installation = Sha256.of(secrets.adminToken());
        String relayAdmin = settings.relay()
                .adminAddress()
                .orElse("http://" + RelayNames.host(options.namespace()) + ":8080");
        domains = new DomainLookups(settings.dnsServer(), DomainLookups.Waits.DEFAULT, clock);
        Cluster cluster = new Cluster(options.namespace(), settings.namespaces(options.namespace()),
                options.shard(), new ObjectMetadata(client),
                new RelayQueue(() -> relayAdmin, secrets.adminToken()), clock, settings.namespaceLimits(), domains,
                new Cluster.State(configMap, RelayReconciler.installation(settings, options.namespace(), secrets)));
        lostReports = cluster.lostReports();
        Events events = new Events(client, options.identity(), clock, registry);
        Refusals refusals = new Refusals(events, registry);
        String greeting = RelayWorkload.greetingName(options.namespace(), settings.relay());
        CurrentRules rules = new CurrentRules();
        rules.set(settings.relay().replyRules().valid());
        TestSender tester = sender.of(greeting, EgressPolicy.of(settings.connections().allowedNetworks(),
                settings.connections().deniedNetworks(),
                OwnAddresses.ofInstallation(RelayNames.host(options.namespace()), client.getMasterUrl().getHost(),
                        settings.relay().stores())),
                rules);
        Executor threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("send-", 0).factory());
        var testMails = new TestMails(tester, registry);
        Sends<ResourceKey, TestOrder, TestResult> tests = new Sends<>(order -> order.mail().server().key(),
                testMails::send, testMails::failed, TestMails::lanes, threads);
        RelaySubmission submission = new RelaySubmission(cluster,
                new MailUpstreams("postrider-operator." + options.namespace() + ".svc", false, EgressPolicy.OPEN),
                settings.relay().submission(), calendar);
        notices = new NoticeReconciler(cluster,
                new Sends<>(NoticeOrder::id, new NoticeSubmission(submission)::send,
                        (_, defect) -> submission.failed(defect), NOTICES, new FairExecutor("notice", NOTICES)),
                events, refusals, registry,
                calendar);
        usedLimits = cluster.usedLimits();
        organizations = new OrganizationReconciler(cluster, tests,
                new Sends<>(UsageReportOrder::period,
                        new UsageReportSubmission(cluster.relayQueue(), submission)::send,
                        (_, defect) -> submission.failed(defect), NOTICES, new FairExecutor("report", NOTICES)),
                events, refusals, calendar);

        Reconcilers reconcilers = new Reconcilers(cluster, secrets, events, refusals, tests, notices, organizations,
                options, rules, clock);
        registry.gauge("postrider.operator.waiting", this, process -> process.waitsFor().isPresent() ? 1 : 0);
        registry.gauge("postrider.operator.reply.rules.invalid", reconcilers.relay, RelayReconciler::invalidRules);
        // Whoever stands by has everything in its caches, and begins with it once it leads.
        FairExecutor reconciliations = FairExecutor.waiting("reconciliation", RECONCILIATIONS);
        registry.gauge("postrider.operator.reconciliations.waiting", reconciliations, FairExecutor::waiting);
        operator = new Operator(o -> o.withKubernetesClient(client)
                .withCloseClientOnStop(false)
                .withResourceCloner(new SharingCloner(client.getKubernetesSerialization()))
                .withExecutorService(reconciliations)
                .withReconciliationTerminationTimeout(Duration.ofSeconds(10))
                .withUseSSAToPatchPrimaryResource(true)
                .withMetrics(new SubmittedReconciliations(MicrometerMetricsV2.newBuilder(registry).build())));
        reconcilers.register(operator, options, settings);
        operator.start();
        OtherShards others = new OtherShards(client.getConfiguration(), options.namespace(), options.shard(),
                settings.leaderElection(), leadership::now);
        otherShards = Optional.of(others);
        election = new LeaderElection(client.getConfiguration(), options.namespace(), options.shard().lease(),
                options.shard()::annotations, options.identity(), settings.leaderElection(), clock, leadership, () -> {
                    if (!others.await()) {
                        return;
                    }
                    reconcilers.begin(client);
                    usedLimits.start(organizations::nudge);
                    lostReports.start(organizations::nudge);
                    cluster.mailRests().start(organizations::nudge);
                    reconciliations.begin();
                });
        election.start();
        cluster.rests().start(server -> cluster.dependencies().changed(new Read.Rest(server)));
        rests = cluster.rests();
        mailRests = cluster.mailRests();
        started = true;
        LOG.info("operator {}{}, watches {}, health on port {}, metrics on port {}", options.identity(),
                options.shard().equals(Shard.ONLY) ? "" : ", " + options.shard(),
                settings.watchNamespaces().isEmpty()
                        ? "all namespaces"
                        : settings.namespaces(options.namespace()).stream().sorted().toList(),
                health.healthPort(), health.metricsPort());
    }

    private String metrics(PrometheusMeterRegistry registry) {
        if (started) {
            notices.refreshMetrics();
        }
        return registry.scrape();
    }

    private static ConfigMap settings(KubernetesClient client, Options options) throws InterruptedIOException {
        return patiently("the settings", () -> {
            ConfigMap found = client.configMaps()
                    .inNamespace(options.namespace())
                    .withName(options.settings())
                    .get();
            if (found == null) {
                throw new IllegalArgumentException(
                        "there is no ConfigMap \"%s\" in namespace \"%s\"; the chart writes it, or name another with --settings"
                                .formatted(options.settings(), options.namespace()));
            }
            return Optional.of(found);
        });
    }

    /** Those of the installation, which its first shard makes. */
    private static InstallationSecrets secrets(KubernetesClient client, Options options, ConfigMap configMap,
            Settings settings, InstantSource clock) throws InterruptedIOException {
        return options.shard().isFirst()
                ? InstallationSecrets.ensure(client, options.namespace(), configMap,
                        RelayReconciler.sourceAtStart(options.namespace(), settings.relay()), clock)
                : patiently("the Secrets that the first shard makes",
                        () -> InstallationSecrets.read(client, options.namespace()));
    }

    /**
     * Reads what an operator needs to start, however long it is not there, or the API server is away or too busy: a
     * process that ended would only be started again, ever more seldom.
     */
    private static <T> T patiently(String what, Supplier<Optional<T>> question) throws InterruptedIOException {
        for (Duration wait = FIRST_WAIT;; wait = longer(wait)) {
            try {
                Optional<T> found = question.get();
                if (found.isPresent()) {
                    return found.get();
                }
                LOG.info("{} are not there yet, and are asked for again in {} s", what, wait.toSeconds());
            } catch (KubernetesClientException e) {
                if (!mayPass(e)) {
                    throw e;
                }
                LOG.warn("the API server does not answer, and is asked for {} again in {} s: {}", what,
                        wait.toSeconds(), e.getMessage());
            }
            try {
                Thread.sleep(wait);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (InterruptedIOException) new InterruptedIOException("stopped at the start").initCause(e);
            }
        }
    }

    private static Duration longer(Duration wait) {
        Duration doubled = wait.multipliedBy(2);
        return doubled.compareTo(LONGEST_WAIT) < 0 ? doubled : LONGEST_WAIT;
    }

    /** Whether it lies with the API server or the way to it (no code), and not with what was asked. */
    private static boolean mayPass(KubernetesClientException e) {
        return !Thread.currentThread().isInterrupted()
                && (e.getCode() == 0 || e.getCode() == TOO_MANY_REQUESTS
                        || e.getCode() >= HttpURLConnection.HTTP_INTERNAL_ERROR);
    }

    /** The reconcilers; what their plans look at wakes them, see {@link Dependencies}. */
    private static final class Reconcilers {
        private final OrganizationReconciler organizations;
        private final MailServerReconciler servers;
        private final RelayReconciler relay;
        private final NoticeReconciler notices;
        private final Caches caches;
        private final boolean isFirst;
        private volatile boolean begun;

        Reconcilers(Cluster cluster, InstallationSecrets secrets, Events events, Refusals refusals,
                Sends<ResourceKey, TestOrder, TestResult> tests, NoticeReconciler notices,
                OrganizationReconciler organizations, Options options, CurrentRules rules, InstantSource clock) {
            this.notices = notices;
            this.organizations = organizations;
            caches = cluster.caches();
            isFirst = cluster.shard().isFirst();
            servers = new MailServerReconciler(cluster, tests, events, refusals, this::serverChanged,
                    this::certificateChanged, organizations::nudge);
            relay = new RelayReconciler(cluster, secrets, events, refusals,
                    new RelayReconciler.Program(options.image(), options.graph()), rules, clock,
                    this::installationChanged);
        }

        private void certificateChanged(Secret secret) {
            if (isFirst) {
                relay.secretChanged(Lifecycle.key(secret));
            }
        }

        /** A relay that is there stays, whatever becomes of servers; to look at all that it consists of takes a while. */
        private void serverChanged() {
            if (isFirst && begun && caches.relayDeployment().isEmpty()) {
                relay.nudge();
            }
        }

        private void installationChanged() {
            servers.nudgeAll();
            organizations.nudgeAll();
            notices.nudgeAll();
        }

        /** What came before that is in the caches. */
        private void begin(KubernetesClient client) {
            begun = true;
            organizations.removeOrphans(client);
            servers.removeOrphans(client);
        }

        void register(Operator operator, Options options, Settings settings) {
            Set<String> watched = settings.namespaces(options.namespace());
            operator.register(relay, o -> configure(o, "installation", Set.of(options.namespace()))
                    .withLabelSelector(Settings.LABEL + "=true"));
            operator.register(servers, o -> declared(o, "mailserver", watched, options.shard()));
            operator.register(organizations,
                    o -> declared(o, "organizationmailsettings", watched, options.shard()));
            operator.register(notices, o -> declared(o, "licenseexpirynotice", watched, options.shard()));
        }

        /** Of what others declare: of this shard's namespaces, though the caches hold all. */
        private static <R extends HasMetadata> ControllerConfigurationOverrider<R> declared(
                ControllerConfigurationOverrider<R> o, String name, Set<String> namespaces, Shard shard) {
            return configure(o, name, namespaces).withOnUpdateFilter(Lifecycle.passAllButStatus())
                    .withGenericFilter(shard::holds);
        }

        private static <R extends HasMetadata> ControllerConfigurationOverrider<R> configure(
                ControllerConfigurationOverrider<R> o, String name, Set<String> namespaces) {
            return (namespaces.isEmpty() ? o.watchingAllNamespaces() : o.settingNamespaces(namespaces)).withName(name)
                    .withFieldManager(Lifecycle.FIELD_MANAGER)
                    .withInformerListLimit(Caches.LIST_LIMIT)
                    .withGenerationAware(false)
                    .withTriggerReconcilerOnAllEvents(true)
                    .withReconciliationMaxInterval(LONGEST_UNSEEN)
                    .withRateLimiter(new LinearRateLimiter(Duration.ofSeconds(1), MOST_OF_ONE))
                    // Without end: whoever waits for the API server to come back should not wait for a restart.
                    .withRetry(new GenericRetry().setInitialInterval(500)
                            .setIntervalMultiplier(2)
                            .setMaxInterval(60_000)
                            .withoutMaxAttempts());
        }
    }

    /** What it waits for though it leads. */
    private Optional<String> waitsFor() {
        return otherShards.flatMap(OtherShards::waitsFor);
    }

    /** Whether all informers have what they watch; a replica that waits to lead is ready, too. */
    public boolean isReady() {
        return started && operator.getRuntimeInfo().allEventSourcesAreHealthy();
    }

    /** Looks at all notices and reports again, as after a change of their clock. */
    void lookAgain() {
        organizations.nudgeAll();
        notices.nudgeAll();
    }

    public int healthPort() {
        return health.healthPort();
    }

    public int metricsPort() {
        return health.metricsPort();
    }

    @Override
    public void close() {
        leadership.close();
        started = false;
        otherShards.ifPresent(OtherShards::close);
        operator.stop();
        domains.close();
        rests.close();
        mailRests.close();
        lostReports.close();
        notices.close();
        usedLimits.close();
        organizations.close();
        health.close();
        election.close();
    }
}
