package dev.postrider.operator.mailserver;

import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerStatus;
import dev.postrider.api.PostriderApi;
import dev.postrider.operator.Cluster;
import dev.postrider.operator.Events;
import dev.postrider.operator.Lifecycle;
import dev.postrider.operator.Secrets;
import dev.postrider.operator.Sends;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.TestOrder;
import dev.postrider.plan.World;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Observes a MailServer, plans, applies its route, starts its test and writes its status. */
public final class MailServerReconciler implements Reconciler<MailServer> {
    private static final String BY_SECRET = "by-secret";
    private static final String BY_CONFIG_MAP = "by-config-map";

    private final Cluster cluster;
    private final Sends<ResourceKey, TestOrder, TestResult> tests;
    private final Events events;
    private final Consumer<MailServer> changed;
    private final Consumer<Secret> secretChanged;
    private final Consumer<ConfigMap> configMapChanged;
    private final SimpleInboundEventSource<MailServer> nudges = new SimpleInboundEventSource<>("nudges");
    private @Nullable InformerEventSource<Secret, MailServer> routes;
    private @Nullable IndexerResourceCache<MailServer> servers;

    /**
     * A reconciler of all servers.
     *
     * @param changed       told of a server whose status, and so its meaning to others, has changed
     * @param secretChanged told of a credentials Secret that has changed: others may read it, and there is one informer
     * @param configMapChanged told of a ConfigMap of authorities that has changed, alike
     */
    public MailServerReconciler(Cluster cluster, Sends<ResourceKey, TestOrder, TestResult> tests, Events events,
            Consumer<MailServer> changed, Consumer<Secret> secretChanged, Consumer<ConfigMap> configMapChanged) {
        this.cluster = cluster;
        this.tests = tests;
        this.events = events;
        this.changed = changed;
        this.secretChanged = secretChanged;
        this.configMapChanged = configMapChanged;
    }

    @Override
    public List<EventSource<?, MailServer>> prepareEventSources(EventSourceContext<MailServer> context) {
        IndexerResourceCache<MailServer> primary = context.getPrimaryCache();
        primary.addIndexer(BY_SECRET, server -> inItsNamespace(server, MailServerPlan.secretNames(server)));
        primary.addIndexer(BY_CONFIG_MAP, server -> inItsNamespace(server, MailServerPlan.configMapNames(server)));
        InformerEventSource<Secret, MailServer> credentials = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Secret.class, MailServer.class)
                        .withName("credentials")
                        .withLabelSelector(PostriderApi.CREDENTIALS_LABEL + "=true")
                        .withNamespacesInheritedFromController()
                        .withFollowControllerNamespacesChanges(true)
                        .withSecondaryToPrimaryMapper(secret -> {
                            // The one informer of these Secrets; others read some of them too.
                            secretChanged.accept(secret);
                            return idsOf(primary.byIndex(BY_SECRET, Cluster.key(secret).toString()));
                        })
                        .build(),
                context);
        InformerEventSource<ConfigMap, MailServer> authorities = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(ConfigMap.class, MailServer.class)
                        .withName("certificate-authorities")
                        .withLabelSelector(PostriderApi.CERTIFICATE_AUTHORITIES_LABEL + "=true")
                        .withNamespacesInheritedFromController()
                        .withFollowControllerNamespacesChanges(true)
                        .withSecondaryToPrimaryMapper(configMap -> {
                            configMapChanged.accept(configMap);
                            return idsOf(primary.byIndex(BY_CONFIG_MAP, Cluster.key(configMap).toString()));
                        })
                        .build(),
                context);
        InformerEventSource<Secret, MailServer> serverRoutes = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Secret.class, MailServer.class)
                        .withName("routes")
                        .withLabelSelector(RouteSecret.LABEL + "=" + RouteSecret.Kind.SERVER.labelValue())
                        .withNamespaces(Set.of(cluster.namespace()))
                        .withFollowControllerNamespacesChanges(false)
                        .withSecondaryToPrimaryMapper(Lifecycle::sourceOf)
                        .build(),
                context);
        cluster.caches().mailServers(primary, credentials, authorities, serverRoutes);
        servers = primary;
        routes = serverRoutes;
        return List.of(credentials, authorities, serverRoutes, nudges);
    }

    private static List<String> inItsNamespace(MailServer server, List<String> names) {
        return names.stream().map(name -> server.getMetadata().getNamespace() + "/" + name).toList();
    }

    private static Set<ResourceID> idsOf(List<MailServer> servers) {
        return servers.stream().map(ResourceID::fromResource).collect(Collectors.toSet());
    }

    /** Plans for every server anew: something that matters to all has changed. */
    public void nudgeAll() {
        if (servers != null) {
            servers.list().map(ResourceID::fromResource).forEach(nudges::propagateEvent);
        }
    }

    @Override
    public UpdateControl<MailServer> reconcile(MailServer server, Context<MailServer> context) {
        ResourceKey key = Cluster.key(server);
        String uid = server.getMetadata().getUid();
        if (context.isPrimaryResourceDeleted()) {
            tests.forget(uid);
            removeRoute(key, context);
            changed.accept(server);
            return UpdateControl.noUpdate();
        }
        boolean deleted = server.getMetadata().getDeletionTimestamp() != null;
        if (Lifecycle.isPaused(server) || deleted && !Lifecycle.hasFinalizer(server)) {
            return UpdateControl.noUpdate();
        }
        return Lifecycle.unlessGone(server, () -> carryOut(server, key, uid, context));
    }

    private UpdateControl<MailServer> carryOut(MailServer server, ResourceKey key, String uid,
            Context<MailServer> context) {
        if (!Lifecycle.hasFinalizer(server)) {
            context.resourceOperations().addFinalizerWithSSA(PostriderApi.FINALIZER);
        }

        World world = cluster.world();
        Optional<Sends.Send<TestOrder, TestResult>> test = Optional.ofNullable(tests.of(uid).get(key));
        MailServerPlan plan = MailServerPlan.of(server, world,
                test.map(MailServerReconciler::news).orElse(TestNews.none()));

        plan.route().ifPresent(route -> applyRoute(route, context));
        if (plan.release()) {
            removeRoute(key, context);
        }
        writeStatus(server, plan.status(), context);
        if (test.isPresent() && test.get() instanceof Sends.Send.Ended) {
            tests.written(uid, key);
        }
        plan.test()
                .ifPresent(
                        order -> tests.start(uid, order, () -> nudges.propagateEvent(ResourceID.fromResource(server))));
        if (plan.release()) {
            context.resourceOperations().removeFinalizer(PostriderApi.FINALIZER);
        }
        // Last, so that what is said is true, and said once.
        plan.notices().forEach(notice -> events.publish(server, notice));
        UpdateControl<MailServer> control = UpdateControl.noUpdate();
        plan.lookAgain().ifPresent(then -> control.rescheduleAfter(Lifecycle.until(then, world.now())));
        return control;
    }

    private static TestNews news(Sends.Send<TestOrder, TestResult> test) {
        return switch (test) {
            case Sends.Send.Running<TestOrder, TestResult> running -> TestNews.running(running.order());
            case Sends.Send.Ended<TestOrder, TestResult> ended -> TestNews.finished(ended.order(), ended.result());
        };
    }

    private void applyRoute(ServerRoute route, Context<MailServer> context) {
        Secret wanted = Secrets.route(RouteSecret.Kind.SERVER, route.key(), route, cluster.namespace(),
                cluster.state().configMap());
        if (routes != null) {
            Secrets.createOrApplyRoute(cluster.caches().serverRouteSecret(route.key()), wanted, routes, context);
        }
    }

    private void removeRoute(ResourceKey key, Context<MailServer> context) {
        cluster.caches().serverRouteSecret(key).ifPresent(secret -> context.getClient().resource(secret).delete());
    }

    private void writeStatus(MailServer server, MailServerStatus status, Context<MailServer> context) {
        if (status.equals(server.getStatus())) {
            return;
        }
        MailServer patch = new MailServer();
        patch.setMetadata(Lifecycle.identityOf(server));
        patch.setStatus(status);
        if (Lifecycle.isOvertaken(server, context.resourceOperations().serverSideApplyPrimaryStatus(patch))) {
            nudges.propagateEvent(ResourceID.fromResource(server));
        }
        changed.accept(server);
    }
}
