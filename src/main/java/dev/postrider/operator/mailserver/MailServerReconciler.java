package dev.postrider.operator.mailserver;

import dev.postrider.api.MailServer;
import dev.postrider.api.PostriderApi;
import dev.postrider.operator.installation.AuthoritySecrets;
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
import dev.postrider.operator.kit.Started;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.Notice;
import dev.postrider.plan.Refusal;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.TestOrder;
import dev.postrider.reconcile.Effects;
import dev.postrider.reconcile.Mails;
import dev.postrider.reconcile.Reconciliation;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult;
import dev.postrider.transport.Sends;
import io.fabric8.kubernetes.api.model.ConfigMap;
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
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Observes a MailServer, plans, applies its route, starts its test and writes its status. */
public final class MailServerReconciler implements Reconciler<MailServer> {
    private final Cluster cluster;
    private final Sends<ResourceKey, TestOrder, TestResult> tests;
    private final Events events;
    private final Refusals refusals;
    private final FirstReconciliations first = new FirstReconciliations();
    private final Runnable changed;
    private final Consumer<Secret> secretChanged;
    private final Consumer<ResourceKey> bundleChanged;
    private final Nudges<MailServer> nudges;
    private final Started<InformerEventSource<Secret, MailServer>> routes = new Started<>("the routes of servers");
    private final Started<IndexerResourceCache<MailServer>> servers = new Started<>("the MailServers");

    /**
     * A reconciler of all servers.
     *
     * @param changed       told when the status of a server has changed, or one of another shard
     * @param secretChanged told of a credentials Secret that has changed: there is one informer
     * @param bundleChanged told of an organization whose route names a bundle that came or went: the same
     */
    public MailServerReconciler(Cluster cluster, Sends<ResourceKey, TestOrder, TestResult> tests, Events events,
            Refusals refusals, Runnable changed, Consumer<Secret> secretChanged,
            Consumer<ResourceKey> bundleChanged) {
        this.refusals = refusals;
        this.cluster = cluster;
        this.tests = tests;
        this.events = events;
        this.changed = changed;
        this.secretChanged = secretChanged;
        this.bundleChanged = bundleChanged;
        this.nudges = new Nudges<>(cluster.shard(), this::otherChanged);
    }

    @Override
    public List<EventSource<?, MailServer>> prepareEventSources(EventSourceContext<MailServer> context) {
        IndexerResourceCache<MailServer> primary = context.getPrimaryCache();
        InformerEventSource<Secret, MailServer> credentials = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Secret.class, MailServer.class)
                        .withName("credentials")
                        .withInformerListLimit(Caches.LIST_LIMIT)
                        .withLabelSelector(PostriderApi.CREDENTIALS_LABEL + "=true")
                        .withNamespacesInheritedFromController()
                        .withFollowControllerNamespacesChanges(true)
                        .withSecondaryToPrimaryMapper(secret -> {
                            secretChanged.accept(secret);
                            return told(new Read.Secret(Lifecycle.key(secret)));
                        })
                        .build(),
                context);
        InformerEventSource<ConfigMap, MailServer> authorities = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(ConfigMap.class, MailServer.class)
                        .withName("certificate-authorities")
                        .withInformerListLimit(Caches.LIST_LIMIT)
                        .withLabelSelector(PostriderApi.CERTIFICATE_AUTHORITIES_LABEL + "=true")
                        .withNamespacesInheritedFromController()
                        .withFollowControllerNamespacesChanges(true)
                        .withSecondaryToPrimaryMapper(configMap -> told(new Read.ConfigMap(Lifecycle.key(configMap))))
                        .build(),
                context);
        InformerEventSource<Secret, MailServer> serverRoutes = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Secret.class, MailServer.class)
                        .withName("routes")
                        .withInformerListLimit(Caches.LIST_LIMIT)
                        .withLabelSelector(RouteSecret.LABEL + "=" + RouteSecret.Kind.SERVER.labelValue())
                        .withNamespaces(Set.of(cluster.namespace()))
                        .withFollowControllerNamespacesChanges(false)
                        .withSecondaryToPrimaryMapper(route -> routesChanged(RouteSecrets.sourceOf(route)))
                        .withOnAddFilter(route -> first.isNews(RouteSecrets.sourceOf(route)))
                        .build(),
                context);
        InformerEventSource<Secret, MailServer> bundles = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Secret.class, MailServer.class)
                        .withName("route-authorities")
                        .withInformerListLimit(Caches.LIST_LIMIT)
                        .withLabelSelector(RouteSecret.LABEL + "=" + RouteSecret.AUTHORITIES)
                        .withNamespaces(Set.of(cluster.namespace()))
                        .withFollowControllerNamespacesChanges(false)
                        .withOnUpdateFilter((_, _) -> false)
                        .withSecondaryToPrimaryMapper(this::bundleCameOrWent)
                        // Nobody asks whose they are, and the mapper asks caches that may start only after this one.
                        .withPrimaryToSecondaryMapper(_ -> Set.of())
                        .build(),
                context);
        cluster.caches().mailServers(primary, credentials, authorities, serverRoutes, bundles);
        servers.set(primary);
        routes.set(serverRoutes);
        cluster.authoritySecrets().source(bundles);
        return List.of(credentials, authorities, serverRoutes, bundles, nudges);
    }

    /** Wakes whoever looked at it; the informer itself wakes nobody. */
    private Set<ResourceID> told(Read read) {
        cluster.dependencies().changed(read);
        return Set.of();
    }

    /** What the relay has of servers is another now: for whoever looks at them, and for those of this shard. */
    private Set<ResourceID> routesChanged(Set<ResourceID> sources) {
        sources.forEach(id -> cluster.dependencies().serverChanged(Lifecycle.key(id)));
        Set<ResourceID> held = cluster.shard().held(sources);
        if (!held.containsAll(sources)) {
            changed.run();
        }
        return held;
    }

    /**
     * The routes that name a bundle may be read once it is there, which may be after them if another shard wrote both;
     * and those of this shard write it again where it is gone.
     */
    private Set<ResourceID> bundleCameOrWent(Secret bundle) {
        AuthoritySecrets authorities = cluster.authoritySecrets();
        String name = bundle.getMetadata().getName();
        authorities.naming(RouteSecret.Kind.ORGANIZATION, name)
                .forEach(id -> bundleChanged.accept(Lifecycle.key(id)));
        return routesChanged(authorities.naming(RouteSecret.Kind.SERVER, name)).stream()
                .filter(id -> first.isNews(Set.of(id)))
                .collect(Collectors.toSet());
    }

    /** Removes, beside everything else, the routes whose server is gone. */
    public void removeOrphans(KubernetesClient client) {
        Stream<Secret> there = routes.get().list();
        Thread.ofVirtual()
                .name("orphaned-routes")
                .start(() -> OrphanedRoutes.remove(cluster, there, MailServer.class, client));
    }

    /** Of another shard: what it declares, or that it is gone, counts for plans here, too. */
    private void otherChanged(MailServer server) {
        cluster.dependencies().serverChanged(Lifecycle.key(server));
        changed.run();
    }

    private Dependencies.Reader reader(ResourceKey server) {
        return new Dependencies.Reader(Dependencies.Reader.Kind.MAIL_SERVER, server, nudges::propagateEvent);
    }

    /** Plans for every server anew: something that matters to all has changed. */
    public void nudgeAll() {
        servers.get().list().map(ResourceID::fromResource).forEach(nudges::propagateEvent);
    }

    @Override
    public UpdateControl<MailServer> reconcile(MailServer server, Context<MailServer> context) {
        if (!cluster.shard().holds(server)) {
            return UpdateControl.noUpdate();
        }
        ResourceKey key = Lifecycle.key(server);
        String uid = server.getMetadata().getUid();
        // Of one that is left alone, too: what is declared counts for others where it has no route yet.
        cluster.dependencies().serverChanged(key);
        first.begin(server);
        if (context.isPrimaryResourceDeleted()) {
            first.forget(server);
            tests.forget(uid);
            refusals.over(server);
            removeRoute(key, context);
            cluster.forget(server, reader(key));
            changed.run();
            return UpdateControl.noUpdate();
        }
        if (cluster.measure(server, cluster.caches().serverRouteSecret(key))) {
            removeRoute(key, context);
        }
        boolean deleted = server.getMetadata().getDeletionTimestamp() != null;
        if (Reconciliation.isPaused(server)) {
            // Whoever may pause a server does not keep everybody's mail by that.
            cluster.plan(reader(key), cluster.now(), world -> MailServerPlan.paused(server, world))
                    .plan()
                    .ifPresent(route -> applyRoute(route, server, context));
            return UpdateControl.noUpdate();
        }
        if (deleted && !Lifecycle.hasFinalizer(server)) {
            // A finalizer of somebody else's may keep it for ever, and nobody plans for it any more.
            removeRoute(key, context);
            return UpdateControl.noUpdate();
        }
        return Lifecycle.unlessGone(server, () -> carryOut(server, key, context));
    }

    private UpdateControl<MailServer> carryOut(MailServer server, ResourceKey key, Context<MailServer> context) {
        Instant now = cluster.now();
        var test = Mails.testOfServer(tests, server.getMetadata().getUid(),
                () -> nudges.propagateEvent(ResourceID.fromResource(server)));
        TestNews news = Mails.testNews(test);
        Cluster.Planned<MailServerPlan> planned = cluster.plan(reader(key), now,
                world -> MailServerPlan.of(server, world, news));
        MailServerPlan plan = Reconciliation.carryOut(planned.plan(),
                refusal -> MailServerPlan.of(server, planned.world(), news, refusal),
                new InCluster(server, key, context), List.of(test));
        UpdateControl<MailServer> control = UpdateControl.noUpdate();
        Lifecycle.next(plan.lookAgain(), planned.again(), now).ifPresent(control::rescheduleAfter);
        return control;
    }

    /** What the plan for a server does in the cluster. */
    private final class InCluster implements Effects<MailServerPlan> {
        private final MailServer server;
        private final ResourceKey key;
        private final Context<MailServer> context;
        private final boolean toldRefused;

        InCluster(MailServer server, ResourceKey key, Context<MailServer> context) {
            this.server = server;
            this.key = key;
            this.context = context;
            this.toldRefused = MailServerPlan.isToldRefused(server);
        }

        @Override
        public Optional<Refusal> hold() {
            return Refusals.attemptToHold(server, toldRefused, context);
        }

        @Override
        public Optional<Refusal> applyRoute(MailServerPlan plan) {
            if (plan.route().isEmpty()) {
                removeFormer(server, key, context);
            }
            return plan.route()
                    .flatMap(route -> Refusals.attempt(context, toldRefused,
                            e -> Refusals.ofRoute(e, routeSecret(route, server), server),
                            () -> MailServerReconciler.this.applyRoute(route, server, context)));
        }

        @Override
        public void refused(Refusal refusal) {
            refusals.count(server, refusal.message());
        }

        @Override
        public void remove() {
            removeRoute(key, context);
        }

        @Override
        public void writeStatus(MailServerPlan plan) {
            if (Lifecycle.writeStatus(server, new MailServer(), plan.status(), false, context,
                    nudges::propagateEvent)) {
                changed.run();
            }
            cluster.dependencies().serverChanged(key);
        }

        @Override
        public void nothingRefused() {
            refusals.over(server);
        }

        @Override
        public void release() {
            context.resourceOperations().removeFinalizer(PostriderApi.FINALIZER);
        }

        @Override
        public void publish(Notice notice) {
            events.publish(server, notice);
        }
    }

    @Override
    public ErrorStatusUpdateControl<MailServer> updateErrorStatus(MailServer server, Context<MailServer> context,
            Exception failure) {
        return refusals.failed(server, context, failure);
    }

    private Secret routeSecret(ServerRoute route, MailServer server) {
        return RouteSecrets.route(RouteSecret.Kind.SERVER, route.key(), server.getMetadata().getUid(), route,
                cluster.namespace(), cluster.state().configMap());
    }

    private void applyRoute(ServerRoute route, MailServer server, Context<MailServer> context) {
        cluster.authoritySecrets()
                .apply(cluster.caches().serverRouteSecret(route.key()), route, routeSecret(route, server),
                        routes.get(), context);
        // No event tells of what was written here.
        cluster.measure(server, cluster.caches().serverRouteSecret(route.key()));
    }

    /** Where there is nothing to put in its place: what the relay has of another resource must not serve this one. */
    private void removeFormer(MailServer server, ResourceKey key, Context<MailServer> context) {
        if (cluster.caches()
                .serverRouteSecret(key)
                .filter(route -> Caches.isOfFormerOwner(route, Optional.of(server)))
                .isPresent()) {
            removeRoute(key, context);
        }
    }

    private void removeRoute(ResourceKey key, Context<MailServer> context) {
        cluster.authoritySecrets().remove(cluster.caches().serverRouteSecret(key), context.getClient());
    }
}
