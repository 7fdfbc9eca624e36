package dev.postrider.operator.kit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.plan.Notice;
import dev.postrider.plan.Refusal;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ErrorStatusUpdateControl;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes that the API server refuses, and what may be told of them. What others have set up there (quotas, policies,
 * webhooks) says what it likes, the content of a refused Secret included.
 */
public final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * By these the API server understands a write and does not do it, however often it is asked (RFC 9110, section 15.5):
     * an admission webhook's own, not allowed, too large, not valid.
     */
    private static final Set<Integer> REFUSED = Set.of(400, 403, 413, 422);

    /** After so many attempts, which take 15 seconds, any other failure is told, too. */
    private static final int LASTING = 5;

    /** As much of what the API server says as a person reads. */
    private static final int MAX_WORDS = 300;

    /** Words beyond that are not looked at, and not told. */
    private static final int MAX_READ = 8_192;

    /** A value is repeated where so many characters in a row of it are, be it cut or part of something longer. */
    private static final int RUN = 24;

    /** Texts within a route that are shorter, as "TLS", may be told. */
    private static final int LEAST_TEXT = 4;

    private final Events events;
    private final MeterRegistry registry;
    private final Map<String, String> told = new ConcurrentHashMap<>();

    /** Tells by Events, and counts in a registry. */
    public Refusals(Events events, MeterRegistry registry) {
        this.events = events;
        this.registry = registry;
    }

    /** Whether the API server will not do it, however often it is asked. */
    private static boolean isRefused(KubernetesClientException e) {
        return REFUSED.contains(e.getCode());
    }

    /**
     * Does a write. That it failed is told where the API server refuses it, or where it fails for a while; other
     * failures, such as a conflict or a busy API server, are tried again and pass.
     *
     * @param before whether the status tells of a failure already
     * @param words  what is told of one
     * @return what is to be told, if anything is
     * @throws KubernetesClientException if it failed, and that is not to be told
     */
    public static Optional<Refusal> attempt(Context<?> context, boolean before,
            Function<KubernetesClientException, Refusal> words, Runnable write) {
        try {
            write.run();
            return Optional.empty();
        } catch (KubernetesClientException e) {
            if (before || isRefused(e) || lasts(context)) {
                return Optional.of(words.apply(e));
            }
            throw e;
        }
    }

    /**
     * Gives a resource the finalizer, if it has none.
     *
     * @param before whether the status tells of a failure already
     * @return what is to be told, if anything is
     * @throws KubernetesClientException if it failed, and that is not to be told
     */
    public static Optional<Refusal> attemptToHold(HasMetadata resource, boolean before, Context<?> context) {
        return Lifecycle.hasFinalizer(resource)
                ? Optional.empty()
                : attempt(context, before, e -> ofFinalizer(e, resource),
                        () -> context.resourceOperations().addFinalizerWithSSA(PostriderApi.FINALIZER));
    }

    private static boolean lasts(Context<?> context) {
        return context.getRetryInfo().filter(retry -> retry.getAttemptCount() >= LASTING).isPresent();
    }

    /** What is told of the finalizer, without which the resource goes when it is deleted. */
    private static Refusal ofFinalizer(KubernetesClientException e, HasMetadata resource) {
        return new Refusal("its finalizer is not written, so that a deletion would not be held: "
                + words(e, resource));
    }

    /** What is told of an object of the resource's own namespace. */
    public static Refusal of(KubernetesClientException e, HasMetadata wanted) {
        return new Refusal("%s \"%s\" is not written: %s".formatted(wanted.getKind(), wanted.getMetadata().getName(),
                words(e, wanted)));
    }

    /**
     * What is told of a route, which is in the installation's namespace: of quotas and policies there nothing but to
     * people of that namespace.
     */
    public static Refusal ofRoute(KubernetesClientException e, Secret wanted, HasMetadata resource) {
        boolean own = wanted.getMetadata().getNamespace().equals(resource.getMetadata().getNamespace());
        // Admission says "is forbidden", whatever the code.
        boolean ofObject = e.getCode() == 413 || e.getCode() == 422 && said(e).contains("\" is invalid: ");
        if (own || ofObject) {
            return of(e, wanted);
        }
        LOG.warn("{} of {} {} is not written: {}", wanted.getMetadata().getName(), resource.getKind(),
                Lifecycle.key(resource), words(e, wanted));
        return new Refusal(("its route for the relay is not written, for the API server allows no such Secret in the "
                + "installation's namespace (%s); the operator's log has its words").formatted(code(e)));
    }

    /**
     * The API server's own words, at most {@value #MAX_WORDS} characters.
     *
     * @param wanted what was refused, of which nothing may be told where it is a Secret
     */
    public static String words(KubernetesClientException e, HasMetadata wanted) {
        String said = said(e);
        return wanted instanceof Secret secret && repeats(said, secret)
                ? "the API server repeats what is in it"
                : brief(said);
    }

    /** The same where it is not known what was refused: of Secrets nothing is told. */
    private static String words(KubernetesClientException e) {
        String kind = Optional.ofNullable(e.getStatus())
                .map(Status::getDetails)
                .map(StatusDetails::getKind)
                .orElse("secrets");
        return kind.equals("secrets") ? code(e) : brief(said(e));
    }

    private static String code(KubernetesClientException e) {
        return e.getStatus() == null || e.getStatus().getReason() == null
                ? "code " + e.getCode()
                : e.getCode() + " " + e.getStatus().getReason().replaceAll("[^A-Za-z]", "");
    }

    private static String said(KubernetesClientException e) {
        return e.getStatus() == null || e.getStatus().getMessage() == null
                ? "the API server cannot be asked, or gives no reason (" + e.getCode() + ")"
                : e.getStatus().getMessage().strip().replaceAll("\\p{Cntrl}+", " ");
    }

    private static String brief(String said) {
        return said.length() > MAX_WORDS ? said.substring(0, MAX_WORDS) + "…" : said;
    }

    /** Whether words hold what nobody may read. */
    private static boolean repeats(String said, Secret wanted) {
        // Names are no secrets, and may be part of what is in it.
        String words = said.substring(0, Math.min(said.length(), MAX_READ))
                .replace(wanted.getMetadata().getName(), " ")
                .replace(wanted.getMetadata().getNamespace(), " ");
        Set<String> runs = IntStream.rangeClosed(0, words.length() - RUN)
                .mapToObj(start -> words.substring(start, start + RUN))
                .collect(Collectors.toSet());
        return wanted.getData() != null && wanted.getData().values().stream().anyMatch(base64 -> {
            String value = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
            return hasRun(base64, runs) || hasRun(value, runs)
                    || textsIn(value).anyMatch(text -> text.length() >= LEAST_TEXT && words.contains(text));
        });
    }

    private static boolean hasRun(String value, Set<String> runs) {
        return IntStream.rangeClosed(0, value.length() - RUN)
                .anyMatch(start -> runs.contains(value.substring(start, start + RUN)));
    }

    /** The texts of a route, logins at mail servers among them, which may be short. */
    private static Stream<String> textsIn(String value) {
        try {
            return value.startsWith("{") ? texts(JSON.readTree(value)) : Stream.empty();
        } catch (JsonProcessingException notJson) {
            return Stream.empty();
        }
    }

    private static Stream<String> texts(JsonNode node) {
        return node.isTextual()
                ? Stream.of(node.textValue())
                : StreamSupport.stream(node.spliterator(), false).flatMap(Refusals::texts);
    }

    /**
     * Tells of what no status tells of: by an Event and in the log when it begins, and in the metric each time.
     *
     * @param message what is not written and why; never a secret
     */
    public void tell(HasMetadata about, String message) {
        if (count(about, message)) {
            events.publish(about, new Notice(true, Reason.Refused, message));
        }
    }

    /**
     * The same of what a status tells of, and with it an Event.
     *
     * @return whether it begins
     */
    public boolean count(HasMetadata about, String message) {
        Counter.builder("postrider.operator.writes.refused")
                .description("Writes that the API server refused, or that failed for a while")
                .tag("kind", about.getKind())
                .register(registry)
                .increment();
        boolean begins = told.putIfAbsent(about.getMetadata().getUid(), message) == null;
        if (begins) {
            LOG.warn("{} {}: {}", about.getKind(), Lifecycle.key(about), message);
        }
        return begins;
    }

    /** Everything of a resource was written, or it is gone. */
    public void over(HasMetadata about) {
        told.remove(about.getMetadata().getUid());
    }

    /** Tells of a reconciliation that failed, if that will not pass by itself; it is tried again in any case. */
    public <P extends HasMetadata> ErrorStatusUpdateControl<P> failed(P resource, Context<P> context,
            Exception failure) {
        Throwable cause = failure;
        while (cause != null && !(cause instanceof KubernetesClientException)) {
            cause = cause.getCause();
        }
        if (cause instanceof KubernetesClientException e && (isRefused(e) || lasts(context))) {
            tell(resource, "a write fails, and is tried again: " + words(e));
        }
        return ErrorStatusUpdateControl.defaultErrorProcessing();
    }
}
