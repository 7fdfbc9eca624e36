package dev.postrider.relay.admin;

import dev.postrider.access.Decision;
import dev.postrider.access.MetricsPage;
import dev.postrider.access.TokenReviews;
import dev.postrider.access.TokenReviews.Right;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/**
 * Asks the API server whether somebody may {@code get} or {@code update} the resource {@code queues} of the group
 * {@code postrider.dev}: in the organization's namespace and under its name, or in all namespaces. There is no such
 * kind; it exists in roles alone.
 */
public final class KubernetesAccess implements Access {
    private final TokenReviews reviews;

    public KubernetesAccess(TokenReviews reviews) {
        this.reviews = reviews;
    }

    @Override
    public Decision decide(String token, Verb verb, Optional<ResourceKey> organization) throws IOException {
        return reviews.decide(token,
                new Right.Resource("postrider.dev", "queues", verb.name().toLowerCase(Locale.ROOT),
                        organization.map(ResourceKey::namespace).orElse(""),
                        organization.map(ResourceKey::name).orElse("")));
    }

    @Override
    public Decision metrics(String token) throws IOException {
        return reviews.decide(token, new Right.Path(MetricsPage.PATH));
    }
}
