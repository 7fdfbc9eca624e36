package dev.postrider.operator.relay;

import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.operator.installation.CertificateSource;
import dev.postrider.operator.installation.Cluster;
import dev.postrider.operator.installation.InstallationSecrets;
import dev.postrider.operator.installation.RouteSecrets;
import dev.postrider.operator.installation.Settings;
import dev.postrider.operator.kit.Events;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Refusals;
import dev.postrider.operator.kit.Secrets;
import dev.postrider.operator.kit.Started;
import dev.postrider.plan.Installation;
import dev.postrider.plan.Notice;
import dev.postrider.plan.Refusal;
import dev.postrider.plan.RelayState;
import dev.postrider.reply.CurrentRules;
import dev.postrider.reply.InstallationRules;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.Sha256;
import dev.postrider.transport.GraphEndpoints;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ErrorStatusUpdateControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.dependent.kubernetes.SSABasedGenericKubernetesResourceMatcher;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the settings, keeps the relay's objects as they should be, and tells the others what the relay says. Of several
 * shards the first alone writes; the rest take over what it has made.
 */
public final class RelayReconciler implements Reconciler<ConfigMap> {
    private static final Logger LOG = LoggerFactory.getLogger(RelayReconciler.class);
    /** RFC 9110, section 15.5.21: the API server understands the object and does not allow it. */
    private static final int UNPROCESSABLE = 422;
    /** How often the installation's Secrets are looked at: whether they are there, and the certificate is not due. */
    private static final Duration SECRETS_INTERVAL = Duration.ofHours(1);
    /** How often what the API server refuses is tried again. */
    private static final Duration REFUSED_INTERVAL = Duration.ofMinutes(1);
    private static final List<Class<? extends HasMetadata>> KINDS = List.of(ServiceAccount.class, Role.class,
            RoleBinding.class, PersistentVolumeClaim.class, Service.class, NetworkPolicy.class,
            PodDisruptionBudget.class);

    private final Cluster cluster;
    private final InstantSource clock;
    private volatile InstallationSecrets secrets;
    private volatile Instant secretsDue;
    private volatile @Nullable CertificateSource sourceUsed;
    private final Events events;
    private final Refusals refusals;
    private final Program program;
    private final CurrentRules rules;
    private final Runnable changed;
    private final SimpleInboundEventSource<ConfigMap> nudges = new SimpleInboundEventSource<>("nudges");
    private final Map<Class<?>, InformerEventSource<?, ConfigMap>> sources = new HashMap<>();
    private final Started<InformerEventSource<Secret, ConfigMap>> routes = new Started<>("the routes of the relay");
    private volatile boolean toldRefused;
    private volatile List<String> toldOfRules = List.of();

    /**
     * What the relay runs.
     *
     * @param image where the settings name none
     * @param graph where it finds Microsoft Graph
     */
    public record Program(String image, GraphEndpoints graph) {}

    /**
     * A reconciler of the installation.
     *
     * @param program what the relay runs
     * @param rules   gets the installation's rules for replies
     * @param changed told when something that matters to every resource has changed
     */
    public RelayReconciler(Cluster cluster, InstallationSecrets secrets, Events events, Refusals refusals,
            Program program, CurrentRules rules, InstantSource clock, Runnable changed) {
        this.refusals = refusals;
        this.cluster = cluster;
        this.secrets = secrets;
        this.events = events;
        this.program = program;
        this.rules = rules;
        this.clock = clock;
        this.secretsDue = clock.instant().plus(SECRETS_INTERVAL);
        this.changed = changed;
    }

    @Override
    public List<EventSource<?, ConfigMap>> prepareEventSources(EventSourceContext<ConfigMap> context) {
        List<EventSource<?, ConfigMap>> all = new ArrayList<>();
        // The other shards need the Deployment alone, which tells whether there is a relay.
        if (cluster.shard().isFirst()) {
            for (Class<? extends HasMetadata> kind : KINDS) {
                InformerEventSource<?, ConfigMap> source = source(kind, context);
                sources.put(kind, source);
                all.add(source);
            }
        }
        InformerEventSource<Deployment, ConfigMap> deployments = source(Deployment.class, context);
        sources.put(Deployment.class, deployments);
        all.add(deployments);
        cluster.caches().relay(deployments);
        routes.set(source(Secret.class, "routes", RouteSecret.LABEL + "=" + RouteSecret.Kind.RELAY.labelValue(),
                context));
        all.add(routes.get());
        all.add(nudges);
        return all;
    }

    private <R extends HasMetadata> InformerEventSource<R, ConfigMap> source(Class<R> kind,
            EventSourceContext<ConfigMap> context) {
        return source(kind, kind.getSimpleName(),
                "app.kubernetes.io/component=relay," + Secrets.MANAGED_BY_LABEL + "=" + Secrets.MANAGED_BY, context);
    }

    private <R extends HasMetadata> InformerEventSource<R, ConfigMap> source(Class<R> kind, String name,
            String selector,
            EventSourceContext<ConfigMap> context) {
        return new InformerEventSource<>(InformerEventSourceConfiguration.from(kind, ConfigMap.class)
                .withName(name)
                .withLabelSelector(selector)
                .withNamespaces(Set.of(cluster.namespace()))
                .build(), context);
    }

    /** Looks again: there may be a first server to send through. */
    public void nudge() {
        nudges.propagateEvent(ResourceID.fromResource(cluster.state().configMap()));
    }

    @Override
    public UpdateControl<ConfigMap> reconcile(ConfigMap configMap, Context<ConfigMap> context) {
        if (!configMap.getMetadata().getName().equals(cluster.state().configMap().getMetadata().getName())
                || configMap.getMetadata().getDeletionTimestamp() != null) {
            return UpdateControl.noUpdate();
        }
        Settings settings;
        try {
            settings = Settings.of(configMap);
        } catch (IllegalArgumentException e) {
            LOG.error("the settings are left as they were: {}", e.getMessage());
            if (cluster.shard().isFirst()) {
                events.publish(configMap, new Notice(true, Reason.InvalidSettings, String.valueOf(e.getMessage())));
            }
            return UpdateControl.noUpdate();
        }
        rules.set(settings.relay().replyRules().valid());
        if (!cluster.shard().isFirst()) {
            // The relay's route wakes this one, and is written after them.
            secrets = InstallationSecrets.read(context.getClient(), cluster.namespace()).orElse(secrets);
            takeOver(settings, configMap);
            return UpdateControl.<ConfigMap>noUpdate().rescheduleAfter(SECRETS_INTERVAL);
        }
        tell(settings.relay().replyRules(), configMap);
        Optional<String> keyName = InstallationSecrets.submitterKeyName(configMap);
        if (keyName.isEmpty()) {
            events.publish(configMap, new Notice(true, Reason.InvalidSettings, "annotation "
                    + InstallationSecrets.SUBMITTER_KEY_ANNOTATION + " names a key, of letters, digits, dots, hyphens "
                    + "and underscores, at most 63; what it holds now is passed over"));
        }
        boolean keyMissing = keyName.filter(name -> !name.equals(secrets.submitterKeys().getFirst().id())).isPresent();
        CertificateSource source = certificateSource(settings.relay(), configMap);
        if (keyMissing || !source.equals(sourceUsed) || !clock.instant().isBefore(secretsDue)) {
            secrets = InstallationSecrets.ensure(context.getClient(), cluster.namespace(), configMap, source, clock);
            secretsDue = clock.instant().plus(SECRETS_INTERVAL);
            sourceUsed = source;
        }
        List<Refusal> refused = new ArrayList<>();
        applyRoute(settings, configMap, context).ifPresent(refused::add);
        if (cluster.caches().hasActiveServer() || cluster.caches().relayDeployment().isPresent()) {
            for (HasMetadata object : new RelayWorkload(cluster.namespace(), settings, program.image(),
                    configMap,
                    program.graph())
                    .objects()) {
                attempt(object, () -> apply(object, context), context).ifPresent(refused::add);
            }
        }
        tell(refused, configMap);
        takeOver(settings, configMap);
        return UpdateControl.<ConfigMap>noUpdate()
                .rescheduleAfter(refused.isEmpty() ? SECRETS_INTERVAL : REFUSED_INTERVAL);
    }

    /** What is so now counts for all plans. */
    private void takeOver(Settings settings, ConfigMap configMap) {
        RelayState relay = cluster.relay();
        boolean news = cluster.update(
                new Cluster.State(configMap, installation(settings, cluster.namespace(), secrets)));
        // After a start all is planned once in any case, and mostly with what is so now.
        if (cluster.isPlannedWithOther(relay) || news) {
            changed.run();
        }
    }

    /** What came of one of the relay's objects; the others are written all the same. */
    private Optional<Refusal> attempt(HasMetadata object, Runnable write, Context<ConfigMap> context) {
        return Refusals.attempt(context, toldRefused, e -> Refusals.of(e, object), write);
    }

    /** There is no status to tell it in but those of whoever needs the relay. */
    private void tell(List<Refusal> refusedNow, ConfigMap configMap) {
        toldRefused = !refusedNow.isEmpty();
        if (toldRefused) {
            String message = refusedNow.stream().map(Refusal::message).collect(Collectors.joining("; "));
            refusals.tell(configMap, message);
            cluster.relayRefused(Optional.of("what the relay needs is refused by the API server; an Event of ConfigMap "
                    + "%s says why".formatted(Lifecycle.key(configMap))));
        } else {
            refusals.over(configMap);
            cluster.relayRefused(Optional.empty());
        }
    }

    @Override
    public ErrorStatusUpdateControl<ConfigMap> updateErrorStatus(ConfigMap configMap, Context<ConfigMap> context,
            Exception failure) {
        return refusals.failed(configMap, context, failure);
    }

    /** What is wrong with rules for replies, once for each time that it changes. */
    private void tell(InstallationRules declared, ConfigMap configMap) {
        if (!declared.messages().equals(toldOfRules)) {
            toldOfRules = declared.messages();
            for (String problem : toldOfRules) {
                LOG.error("a rule for replies is left out: {}", problem);
            }
            if (!toldOfRules.isEmpty()) {
                events.publish(configMap, new Notice(true, Reason.InvalidSettings, "rules for replies are left out: "
                        + String.join("; ", toldOfRules)));
            }
        }
    }

    /** How many things are wrong with rules for replies. */
    public int invalidRules() {
        return toldOfRules.size();
    }

    /** What is known before any Secret of other people's has been read: where one is named, nothing is replaced yet. */
    public static CertificateSource sourceAtStart(String namespace, Settings.Relay relay) {
        List<String> hosts = RelayWorkload.certificateNames(namespace, relay);
        return relay.certificate().secretName().isPresent()
                ? new CertificateSource.Given(Optional.empty(), hosts)
                : new CertificateSource.OwnAuthority(hosts);
    }

    private CertificateSource certificateSource(Settings.Relay relay, ConfigMap configMap) {
        Optional<String> name = relay.certificate().secretName();
        List<String> hosts = RelayWorkload.certificateNames(cluster.namespace(), relay);
        if (name.isEmpty()) {
            return new CertificateSource.OwnAuthority(hosts);
        }
        ResourceKey key = new ResourceKey(cluster.namespace(), name.get());
        Optional<Secret> secret = cluster.caches().credentials(key);
        if (secret.isEmpty()) {
            warnOfCertificate(configMap, "there is no Secret " + key.name() + " with the label "
                    + PostriderApi.CREDENTIALS_LABEL + "=true (relay.certificate.secretName)");
            return new CertificateSource.Given(Optional.empty(), hosts);
        }
        try {
            return new CertificateSource.Given(Optional.of(GivenCertificate.of(secret.get(),
                    RelayWorkload.bindingHost(cluster.namespace(), relay), clock)), hosts);
        } catch (IllegalArgumentException e) {
            warnOfCertificate(configMap, "Secret " + key.name() + " (relay.certificate.secretName): " + e.getMessage());
            return new CertificateSource.Given(Optional.empty(), hosts);
        }
    }

    private void warnOfCertificate(ConfigMap configMap, String problem) {
        events.publish(configMap, new Notice(true, Reason.InvalidCertificate,
                problem + "; the relay keeps the certificate that it has"));
    }

    /** Looks again if the Secret may be the one with the relay's certificate: that is in the installation's namespace. */
    public void secretChanged(ResourceKey secret) {
        if (secret.namespace().equals(cluster.namespace())) {
            nudge();
        }
    }

    /** What the plan must know of an installation with these settings. */
    public static Installation installation(Settings settings, String namespace, InstallationSecrets secrets) {
        return new Installation(settings.trusted(namespace),
                settings.globalServerPolicy() == Settings.GlobalServerPolicy.Required,
                Optional.of(new Installation.RelayAddress(RelayWorkload.bindingHost(namespace, settings.relay()),
                        RelayWorkload.SUBMISSION_PORT,
                        Optional.of(secrets.certificate().caCertificate()).filter(ca -> !ca.isEmpty()))),
                settings.relay().configuration().links().enabled(),
                Set.copyOf(settings.relay().configuration().links().sharedHosts()),
                settings.support(), Optional.of(settings.senderDomains()), secrets.fingerprintKey());
    }

    private Optional<Refusal> applyRoute(Settings settings, ConfigMap configMap, Context<ConfigMap> context) {
        RelayRoute route = new RelayRoute(settings.globalServerPolicy() == Settings.GlobalServerPolicy.Required,
                secrets.certificate().certificateChain(), secrets.certificate().privateKey(),
                Sha256.of(secrets.adminToken()), secrets.submitterKeys(), settings.relay().replyRules().valid(),
                RelayWorkload.configuration(cluster.namespace(), settings.relay()));
        Secret wanted = RouteSecrets.route(RouteSecret.Kind.RELAY, Lifecycle.key(configMap),
                configMap.getMetadata().getUid(), route, cluster.namespace(),
                configMap);
        return attempt(wanted, () -> RouteSecrets.createOrApply(routes.get().get(ResourceID.fromResource(wanted)),
                wanted, routes.get(), context), context);
    }

    @SuppressWarnings("unchecked")
    private <R extends HasMetadata> void apply(R wanted, Context<ConfigMap> context) {
        InformerEventSource<R, ConfigMap> source = (InformerEventSource<R, ConfigMap>) sources.get(wanted.getClass());
        if (source == null) {
            throw new IllegalStateException("no informer for " + wanted.getKind());
        }
        boolean asWanted = source.get(ResourceID.fromResource(wanted))
                .filter(there -> SSABasedGenericKubernetesResourceMatcher.<R>getInstance()
                        .matches(there, wanted, context))
                .isPresent();
        if (!asWanted) {
            LOG.info("applying {} {}", wanted.getKind(), wanted.getMetadata().getName());
            applyOrReplace(wanted, source, context);
        }
    }

    /**
     * A changed key of a list cannot be taken back by applying: the API server then sees two entries, such as two ports
     * of one name, and refuses. A merge patch (RFC 7396) puts the wanted lists in their place first, and needs no right
     * that applying does not.
     */
    private static <R extends HasMetadata> void applyOrReplace(R wanted, InformerEventSource<R, ConfigMap> source,
            Context<ConfigMap> context) {
        try {
            context.resourceOperations().serverSideApply(wanted, source);
        } catch (KubernetesClientException e) {
            if (e.getCode() != UNPROCESSABLE) {
                throw e;
            }
            LOG.info("replacing {} {}, which cannot be applied: {}", wanted.getKind(), wanted.getMetadata().getName(),
                    Refusals.words(e, wanted));
            try {
                context.getClient()
                        .resource(wanted)
                        .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(wanted));
            } catch (KubernetesClientException again) {
                // Refused for another reason than its lists: the first answer says which.
                e.addSuppressed(again);
                throw e;
            }
            context.resourceOperations().serverSideApply(wanted, source);
        }
    }
}
