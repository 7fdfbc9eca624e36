package dev.postrider.operator;

import dev.postrider.plan.Notice;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
    private final ExecutorService writers = Executors.newFixedThreadPool(4, Thread.ofVirtual().factory());

    public Events(KubernetesClient client, String instance, InstantSource clock) {
        this.client = client;
        this.instance = instance;
        this.clock = clock;
    }

    /** Writes one about a resource. */
    public void publish(HasMetadata about, Notice notice) {
        Event event = new EventBuilder().withNewMetadata()
                .withNamespace(about.getMetadata().getNamespace())
                .withName("postrider-" + UUID.randomUUID())
                .endMetadata()
                .withEventTime(new MicroTime(MICROS.format(clock.instant())))
                .withType(notice.warning() ? "Warning" : "Normal")
                .withReason(notice.reason())
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
        writers.execute(() -> write(event));
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
