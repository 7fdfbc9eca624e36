package dev.postrider.relay.admin;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the API server whose token it is (TokenReview) and whether he may {@code get} or {@code update} the resource
 * {@code queues} of the group {@code postrider.dev} (SubjectAccessReview): in the organization's namespace and under
 * its name, or in all namespaces. There is no such kind; it exists in roles alone.
 */
public final class KubernetesAccess implements Access {
    /** Audience of tokens that are good for relays and nothing else. */
    public static final String AUDIENCE = "postrider.dev";

    static final Duration LIFETIME = Duration.ofSeconds(10);
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesAccess.class);
    private static final int MOST_REMEMBERED = 1_000;
    private static final int LONGEST_TOKEN = 16_384;

    /** Tokens are remembered by their digest. */
    private record Question(String tokenSha256, Verb verb, Optional<ResourceKey> organization) {}

    private record Answer(Decision decision, Instant until) {}

    private final KubernetesClient client;
    private final InstantSource clock;
    private final LinkedHashMap<Question, Answer> remembered = new LinkedHashMap<>();

    /** @param client closed by whoever made it */
    public KubernetesAccess(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    @Override
    public Decision decide(String token, Verb verb, Optional<ResourceKey> organization) throws IOException {
        if (token.length() > LONGEST_TOKEN) {
            return new Decision(Outcome.UNKNOWN, "");
        }
        var question = new Question(Sha256.of(token), verb, organization);
        Optional<Decision> known = recall(question);
        if (known.isPresent()) {
            return known.get();
        }
        try {
            Decision decision = ask(token, verb, organization);
            remember(question, decision);
            return decision;
        } catch (KubernetesClientException e) {
            LOG.error("the API server does not say who may see the queue: {}", e.getMessage());
            throw new IOException(e.getCode() == 403
                    ? "the relay may not ask the API server who you are: it needs to create tokenreviews and"
                            + " subjectaccessreviews (the chart's queueAccess.kubernetes)"
                    : "the API server does not say who you are, try again", e);
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

    private Decision ask(String token, Verb verb, Optional<ResourceKey> organization) {
        Optional<UserInfo> user = user(token);
        if (user.isEmpty()) {
            return new Decision(Outcome.UNKNOWN, "");
        }
        return new Decision(may(user.get(), verb, organization) ? Outcome.ALLOWED : Outcome.FORBIDDEN,
                user.get().getUsername());
    }

    /** A token for relays first, then one that is good for the API server, as people have. */
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

    private boolean may(UserInfo user, Verb verb, Optional<ResourceKey> organization) {
        SubjectAccessReview review = new SubjectAccessReviewBuilder().withNewSpec()
                .withUser(user.getUsername())
                .withUid(user.getUid())
                .withGroups(user.getGroups())
                .withExtra(Objects.requireNonNullElse(user.getExtra(), Map.of()))
                .withNewResourceAttributes()
                .withGroup("postrider.dev")
                .withResource("queues")
                .withVerb(verb.name().toLowerCase(Locale.ROOT))
                .withNamespace(organization.map(ResourceKey::namespace).orElse(""))
                .withName(organization.map(ResourceKey::name).orElse(""))
                .endResourceAttributes()
                .endSpec()
                .build();
        var status = client.resource(review).create().getStatus();
        return status != null && Boolean.TRUE.equals(status.getAllowed());
    }
}
