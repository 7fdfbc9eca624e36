package dev.postrider.operator.kit;

import dev.postrider.plan.Notice;
import dev.postrider.transport.FairExecutor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes notices as Events, beside the work: an Event that cannot be written stops nothing. */
public final class Events {
    private static final Logger LOG = LoggerFactory.getLogger(Events.class);
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
            .withZone(ZoneOffset.UTC);
    private static final String CONTROLLER = "postrider.dev/operator";

    private final KubernetesClient client;
    private final String instance;
    private final InstantSource clock;
    /** Few, so that many Events at once do not crowd out the reconcilers' requests. */
    private final FairExecutor writers = new FairExecutor("events", 4);
    /** Of a namespace; what is beyond is not written. */
    private static final int MOST_WAITING = 100;
    private final EventLimits limits = new EventLimits();
    private final Counter dropped;

    public Events(KubernetesClient client, String instance, InstantSource clock, MeterRegistry registry) {
        this.dropped = Counter.builder("postrider.operator.events.dropped")
                .description("Events that were not written, since there were too many of their object or namespace")
                .register(registry);
        this.client = client;
        this.instance = instance;
        this.clock = clock;
    }

    /** Writes one about a resource, unless there are too many. */
    public void publish(HasMetadata about, Notice notice) {
        Event event = new EventBuilder().withNewMetadata()
                .withNamespace(about.getMetadata().getNamespace())
                .withName("postrider-" + UUID.randomUUID())
                .endMetadata()
                .withEventTime(new MicroTime(MICROS.format(clock.instant())))
                .withType(notice.warning() ? "Warning" : "Normal")
                .withReason(notice.reason().toString())
                .withNote(notice.message())
                .withAction("Reconcile")
                .withReportingController(CONTROLLER)
                .withReportingInstance(instance)
                .withRegarding(new ObjectReferenceBuilder().withApiVersion(about.getApiVersion())
                        .withKind(about.getKind())
                        .withNamespace(about.getMetadata().getNamespace())
                        .withName(about.getMetadata().getName())
                        .withUid(about.getMetadata().getUid())
                        .build())
                .build();
        if (!limits.admits(about.getMetadata().getUid(), clock.instant())
                || !writers.offer(about.getMetadata().getNamespace(), () -> write(event), MOST_WAITING)) {
            dropped.increment();
        }
    }

    private void write(Event event) {
        try {
            client.resource(event).create();
        } catch (KubernetesClientException e) {
            LOG.warn("event {} of {}/{} was not written: {}", event.getReason(), event.getRegarding().getNamespace(),
                    event.getRegarding().getName(), e.getMessage());
        }
    }
}
