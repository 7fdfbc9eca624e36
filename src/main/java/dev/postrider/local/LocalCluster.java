package dev.postrider.local;

import dev.postrider.api.Condition;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.Reason;
import dev.postrider.plan.Binding;
import dev.postrider.plan.Installation;
import dev.postrider.plan.LicenseNoticePlan;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.Notice;
import dev.postrider.plan.NoticeNews;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.OrganizationTestNews;
import dev.postrider.plan.Refusal;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.TestOrder;
import dev.postrider.plan.UsageReportNews;
import dev.postrider.reconcile.Effects;
import dev.postrider.reconcile.Mails;
import dev.postrider.reconcile.Reconciliation;
import dev.postrider.reconcile.RelayRests;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.MailRest;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.TestResult;
import dev.postrider.transport.Sends;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.CustomResource;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the operator is in a cluster: plans for each resource whenever something changes, gives the relay its routes and
 * applications their bindings, and keeps the statuses, in memory. Safe for many threads.
 */
final class LocalCluster {
    private static final Logger LOG = LoggerFactory.getLogger(LocalCluster.class);

    /** More rounds than resources ever wait for each other: an organization waits for a server, a server for none. */
    private static final int MAX_ROUNDS = 10;

    private final Routes routes;
    private final BindingDirectories bindings;
    private final Installation installation;
    private final InstantSource clock;
    private final Sends<ResourceKey, TestOrder, TestResult> tests;
    private final RelayRests<ServerRest> rests;
    private final RelayRests<MailRest> mailRests;
    private final Consumer<Snapshot> observer;
    private Declared declared = Declared.nothing();
    private Optional<Instant> lookAgain = Optional.empty();
    /** Whether a status was changed in this round. */
    private boolean changed;
    private boolean idle = true;

    /**
     * @param tests     makes the test sends
     * @param rests     servers that take no mail
     * @param mailRests organizations whose own mail rests
     * @param observer  hears of every change of a status
     */
    LocalCluster(Routes routes, BindingDirectories bindings, Installation installation, InstantSource clock,
            Sends<ResourceKey, TestOrder, TestResult> tests, RelayRests<ServerRest> rests,
            RelayRests<MailRest> mailRests, Consumer<Snapshot> observer) {
        this.routes = routes;
        this.bindings = bindings;
        this.installation = installation;
        this.clock = clock;
        this.tests = tests;
        this.rests = rests;
        this.mailRests = mailRests;
        this.observer = observer;
    }

    /**
     * Puts other resources in place of those there were; what stays keeps its status.
     *
     * @param complete whether these are all there are: then bindings of other organizations are removed
     */
    synchronized void declare(Declared next, boolean complete) {
        declared.servers().forEach((key, old) -> {
            MailServer server = next.servers().get(key);
            if (server == null) {
                routes.removeServer(key);
                tests.forget(owner(Kinds.MAIL_SERVER, key));
            } else {
                server.setStatus(old.getStatus());
                generation(old, old.getSpec(), server, server.getSpec());
            }
        });
        declared.organizations().forEach((key, old) -> {
            OrganizationMailSettings organization = next.organizations().get(key);
            if (organization == null) {
                routes.removeOrganization(key);
                tests.forget(owner(Kinds.ORGANIZATION, key));
            } else {
                organization.setStatus(old.getStatus());
                generation(old, old.getSpec(), organization, organization.getSpec());
            }
        });
        declared.licenseNotices().forEach((key, old) -> {
            LicenseExpiryNotice notice = next.licenseNotices().get(key);
            if (notice != null) {
                notice.setStatus(old.getStatus());
                generation(old, old.getSpec(), notice, notice.getSpec());
            }
        });
        declared = next;
        if (complete) {
            bindings.retain(declared.organizations()
                    .values()
                    .stream()
                    .map(o -> new ResourceKey(o.getMetadata().getNamespace(), OrganizationPlan.bindingName(o)))
                    .collect(Collectors.toSet()));
        }
        reconcile();
        observer.accept(snapshot());
    }

    private static void generation(HasMetadata old, Object oldSpec, HasMetadata next, Object nextSpec) {
        long before = Objects.requireNonNullElse(old.getMetadata().getGeneration(), 1L);
        next.getMetadata().setGeneration(oldSpec.equals(nextSpec) ? before : before + 1);
    }

    /** Plans until nothing changes any more. */
    synchronized void reconcile() {
        boolean wasIdle = idle;
        boolean news = false;
        changed = true;
        for (int round = 0; changed && round < MAX_ROUNDS; round++) {
            lookAgain = Optional.empty();
            changed = false;
            declared.servers().forEach(this::plan);
            declared.organizations().forEach(this::plan);
            declared.licenseNotices().forEach(this::plan);
            news |= changed;
        }
        idle = tests.isIdle();
        if (news || idle != wasIdle) {
            observer.accept(snapshot());
        }
    }

    /** Asks the relay what rests, and plans anew where that is news or it is time for it. */
    void lookAgain(Instant now) {
        List<ResourceKey> told = new ArrayList<>();
        rests.ask(told::add);
        mailRests.ask(told::add);
        if (!told.isEmpty() || isDue(now)) {
            reconcile();
        }
    }

    /** Whether to plan though nothing has changed: a failed test is due again. */
    private synchronized boolean isDue(Instant now) {
        return lookAgain.filter(time -> !time.isAfter(now)).isPresent();
    }

    private static String owner(String kind, ResourceKey key) {
        return kind + " " + key;
    }

    private void plan(ResourceKey key, MailServer server) {
        LocalWorld world = world();
        if (Reconciliation.isPaused(server)) {
            MailServerPlan.paused(server, world).ifPresent(routes::put);
            return;
        }
        String owner = owner(Kinds.MAIL_SERVER, key);
        var test = Mails.testOfServer(tests, owner, this::reconcile);
        TestNews news = Mails.testNews(test);
        MailServerPlan plan = Reconciliation.carryOut(MailServerPlan.of(server, world, news),
                refusal -> MailServerPlan.of(server, world, news, refusal),
                new InMemory<>(owner, wanted -> wanted.route().ifPresent(routes::put), _ -> Optional.empty(),
                        wanted -> set(server, wanted.status())),
                List.of(test));
        lookAgain(plan.lookAgain());
    }

    private void plan(ResourceKey key, OrganizationMailSettings organization) {
        LocalWorld world = world();
        if (Reconciliation.isPaused(organization)) {
            OrganizationPlan.paused(organization, world).ifPresent(routes::put);
            return;
        }
        String owner = owner(Kinds.ORGANIZATION, key);
        var testMails = Mails.testsOfOrganization(tests, owner, this::reconcile);
        OrganizationTestNews news = Mails.testsNews(testMails);
        OrganizationPlan plan = Reconciliation.carryOut(OrganizationPlan.of(organization, world, news),
                refusal -> OrganizationPlan.of(organization, world, news, UsageReportNews.none(), refusal),
                new InMemory<>(owner, wanted -> wanted.route().ifPresent(routes::put),
                        wanted -> wanted.binding().flatMap(binding -> write(key.namespace(), binding)),
                        wanted -> set(organization, wanted.status())),
                List.of(testMails));
        lookAgain(plan.lookAgain());
    }

    /** A disk that refuses a binding keeps nothing else from being done, as an API server that does. */
    private Optional<Refusal> write(String namespace, Binding binding) {
        try {
            bindings.write(namespace, binding);
            return Optional.empty();
        } catch (UncheckedIOException e) {
            return Optional.of(new Refusal(
                    "binding \"%s\" is not written: %s (%s); see to it that the directory can be written, it is tried again"
                            .formatted(binding.name(), e.getMessage(), e.getCause())));
        }
    }

    /**
     * Tells when notices are due and what is wrong with them. None is sent: the statuses are forgotten with the process,
     * and a notice must not come anew with each start.
     */
    private void plan(ResourceKey key, LicenseExpiryNotice notice) {
        if (Reconciliation.isPaused(notice)) {
            return;
        }
        LicenseNoticePlan planned = LicenseNoticePlan.of(notice, world(), NoticeNews.none());
        LicenseNoticePlan plan = Reconciliation.carryOut(planned, _ -> planned,
                new InMemory<>(owner(Kinds.LICENSE_NOTICE, key), _ -> {}, _ -> Optional.empty(),
                        wanted -> set(notice,
                                wanted.orders().isEmpty() ? wanted.status() : notSent(wanted.status()))),
                List.of());
        lookAgain(plan.lookAgain());
    }

    private <S> void set(CustomResource<?, S> resource, S status) {
        changed |= !status.equals(resource.getStatus());
        resource.setStatus(status);
    }

    /** What a plan does here, where nothing is held: the files say what there is. */
    private record InMemory<P>(String owner, Consumer<P> route, Function<P, Optional<Refusal>> binding,
            Consumer<P> status) implements Effects<P> {
        @Override
        public Optional<Refusal> applyRoute(P plan) {
            route.accept(plan);
            return Optional.empty();
        }

        @Override
        public Optional<Refusal> applyBinding(P plan) {
            return binding.apply(plan);
        }

        @Override
        public void writeStatus(P plan) {
            status.accept(plan);
        }

        @Override
        public void publish(Notice notice) {
            log(owner, notice);
        }
    }

    private static LicenseExpiryNoticeStatus notSent(LicenseExpiryNoticeStatus due) {
        List<Condition> conditions = Objects.requireNonNullElse(due.conditions(), List.<Condition>of())
                .stream()
                .map(c -> c.is(Reason.Sending)
                        ? new Condition(c.type(), c.status(), Reason.NotSent.toString(),
                                "due, and not sent: without a cluster no notices are sent", c.lastTransitionTime(),
                                c.observedGeneration())
                        : c)
                .toList();
        return new LicenseExpiryNoticeStatus(due.observedGeneration(), conditions, due.expiryDate(), due.daysLeft(),
                due.nextNotice(), null, due.settings(), null);
    }

    private LocalWorld world() {
        return new LocalWorld(declared, routes, bindings, installation, rests, mailRests, clock.instant());
    }

    private void lookAgain(Optional<Instant> time) {
        lookAgain = Stream.of(lookAgain, time).flatMap(Optional::stream).min(Comparator.naturalOrder());
    }

    /** What would be an Event in a cluster. */
    private static void log(String owner, Notice notice) {
        String message = notice.message().replace("\n", " | ");
        if (notice.warning()) {
            LOG.warn("{}: {}: {}", owner, notice.reason(), message);
        } else {
            LOG.info("{}: {}: {}", owner, notice.reason(), message);
        }
    }

    synchronized Snapshot snapshot() {
        SortedMap<ResourceKey, MailServer> servers = declared.servers();
        SortedMap<ResourceKey, OrganizationMailSettings> organizations = declared.organizations();
        var serverRows = servers.entrySet()
                .stream()
                .map(e -> new Snapshot.Server(e.getKey(), e.getValue().getSpec(), e.getValue().getStatus()))
                .toList();
        var organizationRows = organizations.entrySet()
                .stream()
                .map(e -> new Snapshot.Organization(e.getKey(), e.getValue().getSpec(), e.getValue().getStatus()))
                .toList();
        var noticeRows = declared.licenseNotices()
                .entrySet()
                .stream()
                .map(e -> new Snapshot.LicenseNotice(e.getKey(), e.getValue().getSpec(), e.getValue().getStatus()))
                .toList();
        return new Snapshot(serverRows, organizationRows, noticeRows, tests.isIdle());
    }

}
