package dev.postrider.operator.organization;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsStatus.SenderDomain;
import dev.postrider.api.OrganizationMailSettingsStatus;
import dev.postrider.api.PostriderApi;
import dev.postrider.operator.installation.BindingSecrets;
import dev.postrider.operator.installation.Caches;
import dev.postrider.operator.installation.Cluster;
import dev.postrider.operator.installation.Dependencies;
import dev.postrider.operator.installation.OrphanedRoutes;
import dev.postrider.operator.installation.Read;
import dev.postrider.operator.installation.RouteSecrets;
import dev.postrider.operator.kit.Events;
import dev.postrider.operator.kit.FirstReconciliations;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Nudges;
import dev.postrider.operator.kit.Refusals;
import dev.postrider.operator.kit.Secrets;
import dev.postrider.operator.kit.Started;
import dev.postrider.operator.kit.WakeTimer;
import dev.postrider.plan.Notice;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.OrganizationTestNews;
import dev.postrider.plan.Refusal;
import dev.postrider.plan.SubmissionResult;
import dev.postrider.plan.TestOrder;
import dev.postrider.plan.UsagePeriod;
import dev.postrider.plan.UsageReportNews;
import dev.postrider.plan.UsageReportOrder;
import dev.postrider.reconcile.Effects;
import dev.postrider.reconcile.Mails;
import dev.postrider.reconcile.Reconciliation;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.TestResult;
import dev.postrider.transport.Sends;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ErrorStatusUpdateControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Observes an OrganizationMailSettings, plans, applies its route and binding and writes its status. */
public final class OrganizationReconciler implements Reconciler<OrganizationMailSettings>, AutoCloseable {
    private static final Duration PAUSED = Duration.ofMinutes(1);

    private final Cluster cluster;
    private final Sends<ResourceKey, TestOrder, TestResult> tests;
    private final Sends<UsagePeriod, UsageReportOrder, SubmissionResult> reports;
    private final Events events;
    private final Refusals refusals;
    private final FirstReconciliations first = new FirstReconciliations();
    private final InstantSource calendar;
    private final WakeTimer timer;
    private final Nudges<OrganizationMailSettings> nudges;
    private final Started<InformerEventSource<Secret, OrganizationMailSettings>> routes = new Started<>(
            "the routes of organizations");
    private final Started<InformerEventSource<Secret, OrganizationMailSettings>> bindings = new Started<>(
            "the bindings");
    private final Started<BindingCopyWriter> copies = new Started<>("copies of bindings");
    private final Started<IndexerResourceCache<OrganizationMailSettings>> organizations = new Started<>(
            "the organizations");

    /**
     * A reconciler of all organizations.
     *
     * @param calendar by which usage reports are due
     */
    public OrganizationReconciler(Cluster cluster, Sends<ResourceKey, TestOrder, TestResult> tests,
            Sends<UsagePeriod, UsageReportOrder, SubmissionResult> reports, Events events, Refusals refusals,
            InstantSource calendar) {
        this.refusals = refusals;
        this.cluster = cluster;
        this.tests = tests;
        this.events = events;
        this.reports = reports;
        this.calendar = calendar;
        this.nudges = new Nudges<>(cluster.shard(), this::otherChanged);
        this.timer = new WakeTimer("organization", calendar, nudges::propagateEvent);
    }

    @Override
    public List<EventSource<?, OrganizationMailSettings>> prepareEventSources(
            EventSourceContext<OrganizationMailSettings> context) {
        InformerEventSource<Secret, OrganizationMailSettings> bindingSecrets = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Secret.class, OrganizationMailSettings.class)
                        .withName("bindings")
                        .withInformerListLimit(Caches.LIST_LIMIT)
                        .withLabelSelector(BindingSecrets.LABEL)
                        .withSecondaryToPrimaryMapper(secret -> {
                            cluster.dependencies().changed(new Read.Secret(Lifecycle.key(secret)));
                            return cluster.shard().held(organizationsOf(secret));
                        })
                        .withOnAddFilter(secret -> first.isNews(organizationsOf(secret)))
                        .withNamespacesInheritedFromController()
                        .withFollowControllerNamespacesChanges(true)
                        .build(),
                context);
        InformerEventSource<Secret, OrganizationMailSettings> organizationRoutes = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Secret.class, OrganizationMailSettings.class)
                        .withName("routes")
                        .withInformerListLimit(Caches.LIST_LIMIT)
                        .withLabelSelector(RouteSecret.LABEL + "=" + RouteSecret.Kind.ORGANIZATION.labelValue())
                        .withNamespaces(Set.of(cluster.namespace()))
                        .withFollowControllerNamespacesChanges(false)
                        .withSecondaryToPrimaryMapper(route -> cluster.shard().held(RouteSecrets.sourceOf(route)))
                        // Known by its name, so that no index of it is kept.
                        .withPrimaryToSecondaryMapper(this::routeOf)
                        .withOnAddFilter(route -> first.isNews(RouteSecrets.sourceOf(route)))
                        .build(),
                context);
        cluster.caches().organizations(context.getPrimaryCache(), bindingSecrets, organizationRoutes);
        organizations.set(context.getPrimaryCache());
        bindings.set(bindingSecrets);
        copies.set(new BindingCopyWriter(cluster, bindingSecrets, context.getClient()));
        routes.set(organizationRoutes);
        return List.of(bindingSecrets, organizationRoutes, nudges);
    }

    private Set<ResourceID> routeOf(OrganizationMailSettings organization) {
        return Set.of(new ResourceID(RouteSecret.Kind.ORGANIZATION.secretName(Lifecycle.key(organization)),
                cluster.namespace()));
    }

    /** Whose binding a Secret is, or a copy of it. */
    private static Set<ResourceID> organizationsOf(Secret secret) {
        return Stream.of(BindingSecrets.owner(secret), BindingSecrets.copyOf(secret))
                .flatMap(Optional::stream)
                .map(key -> new ResourceID(key.name(), key.namespace()))
                .collect(Collectors.toSet());
    }

    /** Removes, beside everything else, the routes and the copies of bindings whose organization is gone. */
    public void removeOrphans(KubernetesClient client) {
        Thread.ofVirtual().name("orphaned-copies").start(copies.get()::removeOrphans);
        Stream<Secret> there = routes.get().list();
        Thread.ofVirtual()
                .name("orphaned-routes")
                .start(() -> OrphanedRoutes.remove(cluster, there, OrganizationMailSettings.class, client));
    }

    private Dependencies.Reader reader(ResourceKey organization) {
        return new Dependencies.Reader(Dependencies.Reader.Kind.ORGANIZATION, organization, nudges::propagateEvent);
    }

    /** Plans for an organization anew. */
    public void nudge(ResourceKey organization) {
        nudges.propagateEvent(new ResourceID(organization.name(), organization.namespace()));
    }

    /** Of another shard: what it declares, or that it is gone, counts for plans here, too. */
    private void otherChanged(OrganizationMailSettings organization) {
        cluster.dependencies().changed(new Read.Organization(Lifecycle.key(organization)), new Read.Users());
    }

    /** Wakes those who look at the organization. */
    private void tellOf(ResourceKey organization) {
        cluster.dependencies().changed(new Read.Organization(organization));
    }

    /** Plans for every organization anew: something that matters to all has changed. */
    public void nudgeAll() {
        organizations.get().list().map(ResourceID::fromResource).forEach(nudges::propagateEvent);
    }

    @Override
    public UpdateControl<OrganizationMailSettings> reconcile(OrganizationMailSettings organization,
            Context<OrganizationMailSettings> context) {
        if (!cluster.shard().holds(organization)) {
            return UpdateControl.noUpdate();
        }
        ResourceKey key = Lifecycle.key(organization);
        String uid = organization.getMetadata().getUid();
        first.begin(organization);
        if (context.isPrimaryResourceDeleted()) {
            first.forget(organization);
            tests.forget(uid);
            lookUp(key, List.of());
            reports.forget(uid);
            refusals.over(organization);
            timer.forget(ResourceID.fromResource(organization));
            removeRoute(key, context);
            copies.get().removeAll(organization);
            cluster.forget(organization, reader(key));
            tellOf(key);
            return UpdateControl.noUpdate();
        }
        if (organization.getStatus() == null || !Objects.equals(organization.getStatus().observedGeneration(),
                organization.getMetadata().getGeneration())) {
            tellOf(key);
        }
        if (cluster.measure(organization, cluster.caches().organizationRouteSecret(key))) {
            removeRoute(key, context);
        }
        boolean deleted = organization.getMetadata().getDeletionTimestamp() != null;
        if (Reconciliation.isPaused(organization)) {
            return leaveAlone(organization, key, context);
        }
        if (deleted && !Lifecycle.hasFinalizer(organization)) {
            // A finalizer of somebody else's may keep it for ever, and nobody plans for it any more: what it had ends.
            lookUp(key, List.of());
            timer.forget(ResourceID.fromResource(organization));
            removeRoute(key, context);
            removeBindings(organization, "", context);
            return UpdateControl.noUpdate();
        }
        return Lifecycle.unlessGone(organization, () -> carryOut(organization, key, context));
    }

    /** Whoever may pause an organization keeps no grant by that. */
    private UpdateControl<OrganizationMailSettings> leaveAlone(OrganizationMailSettings organization,
            ResourceKey key, Context<OrganizationMailSettings> context) {
        grantAnew(organization, key, context);
        lookUp(key, Optional.ofNullable(organization.getStatus())
                .map(OrganizationMailSettingsStatus::senderDomains)
                .orElse(List.of()));
        // Labels of namespaces, by which grants may select, are not watched.
        return UpdateControl.<OrganizationMailSettings>noUpdate().rescheduleAfter(PAUSED);
    }

    /** Brings what is granted into the route that is there. */
    private void grantAnew(OrganizationMailSettings organization, ResourceKey key,
            Context<OrganizationMailSettings> context) {
        Cluster.Planned<Optional<OrganizationRoute>> made = cluster.plan(reader(key), calendar.instant(),
                world -> OrganizationPlan.paused(organization, world));
        made.plan().ifPresent(route -> applyRoute(route, organization, context));
    }

    private UpdateControl<OrganizationMailSettings> carryOut(OrganizationMailSettings organization, ResourceKey key,
            Context<OrganizationMailSettings> context) {
        Instant now = calendar.instant();
        ResourceID id = ResourceID.fromResource(organization);
        String uid = organization.getMetadata().getUid();
        var testMails = Mails.testsOfOrganization(tests, uid, () -> nudges.propagateEvent(id));
        var reportMails = Mails.reports(reports, uid, () -> nudges.propagateEvent(id));
        OrganizationTestNews news = Mails.testsNews(testMails);
        UsageReportNews reported = Mails.reportNews(reportMails);
        if (!Lifecycle.hasFinalizer(organization)) {
            // It may be so large that one more does not fit, and keeps no grant by that. What counts of what a plan
            // looked at is the last one's.
            grantAnew(organization, key, context);
        }
        Cluster.Planned<OrganizationPlan> made = cluster.plan(reader(key), now,
                world -> OrganizationPlan.of(organization, world, news, reported));
        OrganizationPlan plan = Reconciliation.carryOut(made.plan(),
                refusal -> OrganizationPlan.of(organization, made.world(), news, reported, refusal),
                new InCluster(organization, key, context), List.of(reportMails, testMails));
        plan.reportAt().ifPresentOrElse(then -> timer.wakeAt(id, then), () -> timer.forget(id));
        UpdateControl<OrganizationMailSettings> control = UpdateControl.noUpdate();
        Lifecycle.next(plan.lookAgain(), made.again(), now).ifPresent(control::rescheduleAfter);
        return control;
    }

    /** What the plan for an organization does in the cluster. */
    private final class InCluster implements Effects<OrganizationPlan> {
        private final OrganizationMailSettings organization;
        private final ResourceKey key;
        private final Context<OrganizationMailSettings> context;
        private final boolean toldRefused;

        InCluster(OrganizationMailSettings organization, ResourceKey key, Context<OrganizationMailSettings> context) {
            this.organization = organization;
            this.key = key;
            this.context = context;
            this.toldRefused = OrganizationPlan.isToldRefused(organization);
        }

        @Override
        public Optional<Refusal> hold() {
            return Refusals.attemptToHold(organization, toldRefused, context);
        }

        @Override
        public Optional<Refusal> applyRoute(OrganizationPlan plan) {
            if (plan.route().isEmpty()) {
                removeFormer(organization, key, context);
            }
            return plan.route()
                    .flatMap(route -> Refusals.attempt(context, toldRefused,
                            e -> Refusals.ofRoute(e, routeSecret(route, organization), organization),
                            () -> OrganizationReconciler.this.applyRoute(route, organization, context)));
        }

        @Override
        public Optional<Refusal> applyBinding(OrganizationPlan plan) {
            Optional<Secret> wanted = plan.binding().map(binding -> BindingSecrets.binding(binding, organization));
            Optional<Refusal> refused = wanted.flatMap(secret -> Refusals.attempt(context, toldRefused,
                    e -> Refusals.of(e, secret),
                    () -> OrganizationReconciler.this.applyBinding(secret, organization, context)));
            if (wanted.isPresent() && refused.isEmpty()) {
                cluster.bindingWritten(key);
            }
            return refused;
        }

        @Override
        public void refused(Refusal refusal) {
            refusals.count(organization, refusal.message());
        }

        @Override
        public OrganizationPlan applyCopies(OrganizationPlan plan) {
            return plan.refused(copies.get().carryOut(organization, plan, context));
        }

        @Override
        public void remove() {
            removeRoute(key, context);
            removeBindings(organization, "", context);
        }

        @Override
        public void writeStatus(OrganizationPlan plan) {
            if (Lifecycle.writeStatus(organization, new OrganizationMailSettings(), plan.status(),
                    plan.report().isPresent(), context, nudges::propagateEvent)) {
                tellOf(key);
            }
            lookUp(key, plan.release() || plan.status().senderDomains() == null
                    ? List.of()
                    : plan.status().senderDomains());
        }

        @Override
        public void nothingRefused() {
            refusals.over(organization);
        }

        @Override
        public void release() {
            context.resourceOperations().removeFinalizer(PostriderApi.FINALIZER);
        }

        @Override
        public void publish(Notice notice) {
            events.publish(organization, notice);
        }
    }

    @Override
    public ErrorStatusUpdateControl<OrganizationMailSettings> updateErrorStatus(OrganizationMailSettings organization,
            Context<OrganizationMailSettings> context, Exception failure) {
        return refusals.failed(organization, context, failure);
    }

    /** Goes on looking these up, and no others. */
    private void lookUp(ResourceKey organization, List<SenderDomain> domains) {
        cluster.domains()
                .want(organization, domains,
                        key -> nudges.propagateEvent(new ResourceID(key.name(), key.namespace())));
    }

    private void applyRoute(OrganizationRoute route, OrganizationMailSettings organization,
            Context<OrganizationMailSettings> context) {
        cluster.authoritySecrets()
                .apply(cluster.caches().organizationRouteSecret(route.key()), route, routeSecret(route, organization),
                        routes.get(), context);
        // No event tells of what was written here.
        cluster.measure(organization, cluster.caches().organizationRouteSecret(route.key()));
    }

    private Secret routeSecret(OrganizationRoute route, OrganizationMailSettings organization) {
        return RouteSecrets.route(RouteSecret.Kind.ORGANIZATION, route.key(), organization.getMetadata().getUid(),
                route,
                cluster.namespace(), cluster.state().configMap());
    }

    private void applyBinding(Secret wanted, OrganizationMailSettings organization,
            Context<OrganizationMailSettings> context) {
        String name = wanted.getMetadata().getName();
        Optional<Secret> there = cluster.caches()
                .binding(new ResourceKey(organization.getMetadata().getNamespace(), name));
        if (there.filter(secret -> BindingSecrets.isOfFormerOwner(secret, Optional.of(organization))).isPresent()) {
            // It cannot have two controllers, and goes with its former one in any case.
            context.getClient().resource(there.get()).delete();
            there = Optional.empty();
        }
        if (Secrets.createOrApply(there, wanted, bindings.get(), context)) {
            removeBindings(organization, name, context);
        }
    }

    /** Removes the organization's bindings but the one of this name; an earlier name of it leaves one behind. */
    private void removeBindings(OrganizationMailSettings organization, String but,
            Context<OrganizationMailSettings> context) {
        ResourceKey key = Lifecycle.key(organization);
        bindings.get()
                .getSecondaryResources(organization)
                .stream()
                .filter(secret -> BindingSecrets.owner(secret).filter(key::equals).isPresent()
                        && !secret.getMetadata().getName().equals(but))
                .forEach(secret -> context.getClient().resource(secret).delete());
    }

    /** Where there is nothing to put in its place: what the relay has of another resource must not serve this one. */
    private void removeFormer(OrganizationMailSettings organization, ResourceKey key,
            Context<OrganizationMailSettings> context) {
        if (cluster.caches()
                .organizationRouteSecret(key)
                .filter(route -> Caches.isOfFormerOwner(route, Optional.of(organization)))
                .isPresent()) {
            removeRoute(key, context);
        }
    }

    private void removeRoute(ResourceKey key, Context<OrganizationMailSettings> context) {
        cluster.authoritySecrets().remove(cluster.caches().organizationRouteSecret(key), context.getClient());
    }

    @Override
    public void close() {
        timer.close();
    }
}
