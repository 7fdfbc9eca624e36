package dev.postrider.operator.installation;

import dev.postrider.operator.kit.Lifecycle;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Routes whose resource went, without a finalizer, while no operator was there to see it. */
public final class OrphanedRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(OrphanedRoutes.class);

    private OrphanedRoutes() {}

    /** Removes those of one kind and of this shard; the cache may be late, the API server knows. */
    public static <R extends HasMetadata> void remove(Cluster cluster, Stream<Secret> routes, Class<R> kind,
            KubernetesClient client) {
        routes.toList()
                .forEach(route -> cluster.shard()
                        .held(RouteSecrets.sourceOf(route))
                        .stream()
                        .filter(source -> isGone(route, source, kind, client))
                        .forEach(source -> {
                            LOG.warn("{} {} is gone, and so is its route", kind.getSimpleName(), Lifecycle.key(source));
                            cluster.authoritySecrets().remove(Optional.of(route), client);
                        }));
    }

    private static <R extends HasMetadata> boolean isGone(Secret route, ResourceID source, Class<R> kind,
            KubernetesClient client) {
        try {
            Optional<R> there = Optional.ofNullable(client.resources(kind)
                    .inNamespace(source.getNamespace().orElse(""))
                    .withName(source.getName())
                    .get());
            return there.isEmpty() || Caches.isOfFormerOwner(route, there);
        } catch (KubernetesClientException e) {
            LOG.info("whether there is still a {} {} cannot be told, and its route stays: {}", kind.getSimpleName(),
                    Lifecycle.key(source), e.getMessage());
            return false;
        }
    }
}
