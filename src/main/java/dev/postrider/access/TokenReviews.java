package dev.postrider.access;

import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewSpecBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the API server whose token it is (TokenReview), and whether they may do something (SubjectAccessReview). Answers
 * are remembered for a while, and few are asked for at a time: anybody can send tokens that nobody has.
 */
public final class TokenReviews {
    /** Audience of tokens that are good for Postrider and nothing else. */
    public static final String AUDIENCE = "postrider.dev";

    /** For how long an answer holds. */
    public static final Duration LIFETIME = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(TokenReviews.class);
    private static final int MOST_REMEMBERED = 1_000;
    private static final int MOST_AT_ONCE = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int LONGEST_TOKEN = 8_192;

    /** What somebody wants to do, as Kubernetes calls it. */
    public sealed interface Right {

        /**
         * Something about a resource, which may exist in roles alone.
         *
         * @param namespace empty for all
         * @param name      empty for all
         */
        record Resource(String group, String resource, String verb, String namespace, String name) implements Right {}

        /** To {@code get} a path. */
        record Path(String path) implements Right {}
    }

    /** Tokens are remembered by their digest. */
    private record Question(String tokenSha256, Right right) {}

    private record Answer(Decision decision, Instant until) {}

    private final KubernetesClient client;
    private final InstantSource clock;
    private final LinkedHashMap<Question, Answer> remembered = new LinkedHashMap<>();
    private final Semaphore underWay = new Semaphore(MOST_AT_ONCE, true);

    /**
     * Reviews by one API server.
     *
     * @param client closed by whoever made it
     */
    public TokenReviews(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    /**
     * Decides on one request.
     *
     * @throws IOException if the API server does not say, or too many others ask; then nothing is allowed
     */
    public Decision decide(String token, Right right) throws IOException {
        if (token.length() > LONGEST_TOKEN) {
            return Decision.UNKNOWN;
        }
        var question = new Question(Sha256.of(token), right);
        Optional<Decision> known = recall(question);
        if (known.isPresent()) {
            return known.get();
        }
        try {
            if (!underWay.tryAcquire(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IOException("too many tokens are looked at, try again");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("stopped", e);
        }
        try {
            Decision decision = ask(token, right);
            remember(question, decision);
            return decision;
        } catch (KubernetesClientException e) {
            LOG.error("the API server does not say whose token it is: {}", e.getMessage());
            throw new IOException(e.getCode() == 403
                    ? "Postrider may not ask the API server who you are: it needs to create tokenreviews and"
                            + " subjectaccessreviews (the chart's queueAccess.kubernetes)"
                    : "the API server does not say who you are, try again", e);
        } finally {
            underWay.release();
        }
    }

    private synchronized Optional<Decision> recall(Question question) {
        Instant now = clock.instant();
        return Optional.ofNullable(remembered.get(question))
                .filter(answer -> answer.until.isAfter(now))
                .map(Answer::decision);
    }

    private synchronized void remember(Question question, Decision decision) {
        Instant now = clock.instant();
        remembered.values().removeIf(answer -> !answer.until.isAfter(now));
        if (remembered.size() >= MOST_REMEMBERED) {
            remembered.pollFirstEntry();
        }
        remembered.put(question, new Answer(decision, now.plus(LIFETIME)));
    }

    private Decision ask(String token, Right right) {
        return user(token)
                .map(user -> new Decision(may(user, right) ? Outcome.ALLOWED : Outcome.FORBIDDEN, user.getUsername()))
                .orElse(Decision.UNKNOWN);
    }

    /** A token for Postrider first, then one that is good for the API server, as people have. */
    private Optional<UserInfo> user(String token) {
        return review(new TokenReviewBuilder().withNewSpec().withToken(token).withAudiences(AUDIENCE).endSpec().build())
                .or(() -> review(new TokenReviewBuilder().withNewSpec().withToken(token).endSpec().build()));
    }

    private Optional<UserInfo> review(TokenReview review) {
        var status = client.resource(review).create().getStatus();
        // An authenticator that knows no audiences names none: its tokens are for the API server (second review).
        boolean forUs = review.getSpec().getAudiences().isEmpty()
                || (status != null && status.getAudiences() != null && status.getAudiences().contains(AUDIENCE));
        return status != null && Boolean.TRUE.equals(status.getAuthenticated()) && forUs
                ? Optional.of(status.getUser())
                : Optional.empty();
    }

    private boolean may(UserInfo user, Right right) {
        var spec = new SubjectAccessReviewSpecBuilder().withUser(user.getUsername())
                .withUid(user.getUid())
                .withGroups(user.getGroups())
                .withExtra(Objects.requireNonNullElse(user.getExtra(), Map.of()));
        var asked = switch (right) {
            case Right.Resource(var group, var resource, var verb, var namespace, var name) ->
                spec.withNewResourceAttributes()
                        .withGroup(group)
                        .withResource(resource)
                        .withVerb(verb)
                        .withNamespace(namespace)
                        .withName(name)
                        .endResourceAttributes();
            case Right.Path(var path) ->
                spec.withNewNonResourceAttributes().withPath(path).withVerb("get").endNonResourceAttributes();
        };
        var status = client.resource(new SubjectAccessReviewBuilder().withSpec(asked.build()).build())
                .create()
                .getStatus();
        return status != null && Boolean.TRUE.equals(status.getAllowed());
    }
}
