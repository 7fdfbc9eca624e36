package dev.postrider.operator.notice;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus;
import dev.postrider.operator.installation.Caches;
import dev.postrider.operator.installation.Cluster;
import dev.postrider.operator.installation.Dependencies;
import dev.postrider.operator.installation.Read;
import dev.postrider.operator.kit.Events;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Nudges;
import dev.postrider.operator.kit.Refusals;
import dev.postrider.operator.kit.Started;
import dev.postrider.operator.kit.WakeTimer;
import dev.postrider.plan.LicenseNoticePlan;
import dev.postrider.plan.Notice;
import dev.postrider.plan.NoticeNews;
import dev.postrider.plan.NoticeOrder;
import dev.postrider.plan.SubmissionResult;
import dev.postrider.reconcile.Effects;
import dev.postrider.reconcile.Mails;
import dev.postrider.reconcile.Reconciliation;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Sends;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ErrorStatusUpdateControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Observes a LicenseExpiryNotice, plans, writes its status and only then sends what is due: a notice that is not
 * written down as about to be sent is not sent.
 */
public final class NoticeReconciler implements Reconciler<LicenseExpiryNotice>, AutoCloseable {
    private static final String BY_ORGANIZATION = "by-organization";

    private final Cluster cluster;
    private final Sends<NoticeOrder.Id, NoticeOrder, SubmissionResult> sends;
    private final Events events;
    private final Refusals refusals;
    private final InstantSource clock;
    private final LicenseGauges gauges;
    private final WakeTimer timer;
    private final Nudges<LicenseExpiryNotice> nudges;
    private final Started<IndexerResourceCache<LicenseExpiryNotice>> resources = new Started<>("the notices");

    /**
     * A reconciler of all notices.
     *
     * @param clock by which they are due
     */
    public NoticeReconciler(Cluster cluster, Sends<NoticeOrder.Id, NoticeOrder, SubmissionResult> sends, Events events,
            Refusals refusals, MeterRegistry registry, InstantSource clock) {
        this.refusals = refusals;
        this.cluster = cluster;
        this.sends = sends;
        this.events = events;
        this.clock = clock;
        this.gauges = new LicenseGauges(registry);
        // A notice counts for its own namespace alone.
        this.nudges = new Nudges<>(cluster.shard(), _ -> {});
        this.timer = new WakeTimer("notice", clock, nudges::propagateEvent);
    }

    @Override
    public List<EventSource<?, LicenseExpiryNotice>> prepareEventSources(
            EventSourceContext<LicenseExpiryNotice> context) {
        IndexerResourceCache<LicenseExpiryNotice> primary = context.getPrimaryCache();
        primary.addIndexer(BY_ORGANIZATION, NoticeReconciler::organizations);
        resources.set(primary);
        cluster.caches()
                .licenses(primary, organization -> primary.byIndex(BY_ORGANIZATION, organization.toString())
                        .stream()
                        .map(found -> Caches.latest(primary, found))
                        .toList());
        return List.of(nudges);
    }

    /** The one that it names, and the one that counts while the spec is invalid. */
    private static List<String> organizations(LicenseExpiryNotice notice) {
        Optional<String> inEffect = Optional.ofNullable(notice.getStatus())
                .flatMap(status -> Optional.ofNullable(status.settings()))
                .map(LicenseExpiryNoticeStatus.Settings::organization);
        return Stream.concat(Stream.of(notice.getSpec().organizationRef().name()), inEffect.stream())
                .distinct()
                .map(name -> new ResourceKey(notice.getMetadata().getNamespace(), name).toString())
                .toList();
    }

    /** Wakes those who look at the licenses of an organization. */
    private void tellOf(LicenseExpiryNotice notice) {
        organizations(notice).forEach(
                organization -> cluster.dependencies().changed(new Read.Licenses(ResourceKey.parse(organization))));
    }

    private Dependencies.Reader reader(LicenseExpiryNotice notice) {
        return new Dependencies.Reader(Dependencies.Reader.Kind.LICENSE_NOTICE, Lifecycle.key(notice),
                nudges::propagateEvent);
    }

    /** Plans for every notice anew: something that matters to all has changed, as the clock. */
    public void nudgeAll() {
        resources.get().list().map(ResourceID::fromResource).forEach(nudges::propagateEvent);
    }

    @Override
    public UpdateControl<LicenseExpiryNotice> reconcile(LicenseExpiryNotice notice,
            Context<LicenseExpiryNotice> context) {
        if (!cluster.shard().holds(notice)) {
            return UpdateControl.noUpdate();
        }
        ResourceID id = ResourceID.fromResource(notice);
        if (context.isPrimaryResourceDeleted()) {
            sends.forget(notice.getMetadata().getUid());
            gauges.forget(id);
            refusals.over(notice);
            timer.forget(id);
            cluster.forget(notice, reader(notice));
            tellOf(notice);
            return UpdateControl.noUpdate();
        }
        cluster.measure(notice, Optional.empty());
        if (Reconciliation.isPaused(notice) || notice.getMetadata().getDeletionTimestamp() != null) {
            return UpdateControl.noUpdate();
        }
        UpdateControl<LicenseExpiryNotice> control = UpdateControl.noUpdate();
        carryOut(notice, id, context).ifPresent(control::rescheduleAfter);
        return control;
    }

    /** @return how soon to look again at what no watch tells of */
    private Optional<Duration> carryOut(LicenseExpiryNotice notice, ResourceID id,
            Context<LicenseExpiryNotice> context) {
        var mails = Mails.notices(sends, notice.getMetadata().getUid(), () -> nudges.propagateEvent(id));
        NoticeNews news = Mails.noticeNews(mails);
        Cluster.Planned<LicenseNoticePlan> planned = cluster.plan(reader(notice), clock.instant(),
                world -> LicenseNoticePlan.of(notice, world, news));
        LicenseNoticePlan plan = Reconciliation.carryOut(planned.plan(), _ -> planned.plan(),
                new InCluster(notice, context), List.of(mails));
        gauges.set(id, notice.getSpec().license().name(), plan.status().daysLeft());
        plan.lookAgain().ifPresentOrElse(then -> timer.wakeAt(id, then), () -> timer.forget(id));
        return planned.again();
    }

    /** What the plan for a notice does in the cluster: nothing is made of it but its status. */
    private final class InCluster implements Effects<LicenseNoticePlan> {
        private final LicenseExpiryNotice notice;
        private final Context<LicenseExpiryNotice> context;

        InCluster(LicenseExpiryNotice notice, Context<LicenseExpiryNotice> context) {
            this.notice = notice;
            this.context = context;
        }

        @Override
        public void writeStatus(LicenseNoticePlan plan) {
            if (Lifecycle.writeStatus(notice, new LicenseExpiryNotice(), plan.status(), !plan.orders().isEmpty(),
                    context, nudges::propagateEvent)) {
                tellOf(notice);
            }
        }

        @Override
        public void nothingRefused() {
            refusals.over(notice);
        }

        @Override
        public void publish(Notice event) {
            events.publish(notice, event);
        }
    }

    /** A notice has nothing but its status to be written, so that an Event tells where that is refused. */
    @Override
    public ErrorStatusUpdateControl<LicenseExpiryNotice> updateErrorStatus(LicenseExpiryNotice notice,
            Context<LicenseExpiryNotice> context, Exception failure) {
        return refusals.failed(notice, context, failure);
    }

    /** Brings the metrics up to date: to be called before they are read. */
    public void refreshMetrics() {
        gauges.refresh();
    }

    @Override
    public void close() {
        timer.close();
    }
}
