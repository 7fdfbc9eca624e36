package dev.postrider.local;

import dev.postrider.api.Condition;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.plan.Installation;
import dev.postrider.plan.LicenseNoticePlan;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.Notice;
import dev.postrider.plan.NoticeNews;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.OrganizationTestNews;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.TestOrder;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult;
import dev.postrider.transport.Sends;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
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
    private final Consumer<Snapshot> observer;
    private Declared declared = Declared.nothing();
    private Optional<Instant> lookAgain = Optional.empty();

    /**
     * @param tests    makes the test sends
     * @param observer hears of every change of a status
     */
    LocalCluster(Routes routes, BindingDirectories bindings, Installation installation, InstantSource clock,
            Sends<ResourceKey, TestOrder, TestResult> tests, Consumer<Snapshot> observer) {
        this.routes = routes;
        this.bindings = bindings;
        this.installation = installation;
        this.clock = clock;
        this.tests = tests;
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
        boolean news = false;
        boolean changed = true;
        for (int round = 0; changed && round < MAX_ROUNDS; round++) {
            lookAgain = Optional.empty();
            changed = false;
            for (Map.Entry<ResourceKey, MailServer> entry : declared.servers().entrySet()) {
                changed |= !isPaused(entry.getValue()) && plan(entry.getKey(), entry.getValue());
            }
            for (Map.Entry<ResourceKey, OrganizationMailSettings> entry : declared.organizations().entrySet()) {
                changed |= !isPaused(entry.getValue()) && plan(entry.getKey(), entry.getValue());
            }
            for (LicenseExpiryNotice notice : declared.licenseNotices().values()) {
                changed |= !isPaused(notice) && plan(notice);
            }
            news |= changed;
        }
        if (news) {
            observer.accept(snapshot());
        }
    }

    /** When {@link #reconcile} should be called though nothing has changed: a failed test is due again. */
    synchronized Optional<Instant> lookAgain() {
        return lookAgain;
    }

    private static boolean isPaused(HasMetadata resource) {
        Map<String, String> annotations = resource.getMetadata().getAnnotations();
        return annotations != null && "true".equals(annotations.get(PostriderApi.PAUSED_ANNOTATION));
    }

    private static String owner(String kind, ResourceKey key) {
        return kind + " " + key;
    }

    private boolean plan(ResourceKey key, MailServer server) {
        String owner = owner(Kinds.MAIL_SERVER, key);
        TestNews news = switch (tests.of(owner).get(key)) {
            case null -> TestNews.none();
            case Sends.Send.Running<TestOrder, TestResult>(TestOrder order) -> TestNews.running(order);
            case Sends.Send.Ended<TestOrder, TestResult>(TestOrder order, TestResult result) ->
                TestNews.finished(order, result);
        };
        MailServerPlan plan = MailServerPlan.of(server, world(), news);
        news.finished().ifPresent(_ -> tests.written(owner, key));
        plan.test().ifPresent(order -> tests.start(owner, order, this::reconcile));
        plan.route().ifPresent(routes::put);
        plan.notices().forEach(notice -> log(owner, notice));
        lookAgain(plan.lookAgain());
        boolean changed = !plan.status().equals(server.getStatus());
        server.setStatus(plan.status());
        return changed;
    }

    private boolean plan(ResourceKey key, OrganizationMailSettings organization) {
        String owner = owner(Kinds.ORGANIZATION, key);
        Map<ResourceKey, TestOrder> running = new TreeMap<>();
        Map<ResourceKey, OrganizationTestNews.Finished> finished = new TreeMap<>();
        tests.of(owner).forEach((server, test) -> {
            switch (test) {
                case Sends.Send.Running<TestOrder, TestResult>(TestOrder order) -> running.put(server, order);
                case Sends.Send.Ended<TestOrder, TestResult>(TestOrder order, TestResult result) ->
                    finished.put(server, new OrganizationTestNews.Finished(order, result));
            }
        });
        OrganizationPlan plan = OrganizationPlan.of(organization, world(),
                new OrganizationTestNews(running, finished));
        finished.keySet().forEach(server -> tests.written(owner, server));
        plan.tests().forEach(order -> tests.start(owner, order, this::reconcile));
        // The route first: a login that an application has found must work.
        plan.route().ifPresent(routes::put);
        plan.binding().ifPresent(binding -> bindings.write(key.namespace(), binding));
        plan.notices().forEach(notice -> log(owner, notice));
        lookAgain(plan.lookAgain());
        boolean changed = !plan.status().equals(organization.getStatus());
        organization.setStatus(plan.status());
        return changed;
    }

    /**
     * Tells when notices are due and what is wrong with them. None is sent: the statuses are forgotten with the process,
     * and a notice must not come anew with each start.
     */
    private boolean plan(LicenseExpiryNotice notice) {
        LicenseNoticePlan plan = LicenseNoticePlan.of(notice, world(), NoticeNews.none());
        lookAgain(plan.lookAgain());
        LicenseExpiryNoticeStatus status = plan.orders().isEmpty() ? plan.status() : notSent(plan.status());
        boolean changed = !status.equals(notice.getStatus());
        notice.setStatus(status);
        return changed;
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
        return new LocalWorld(declared, routes, bindings, installation, clock.instant());
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
