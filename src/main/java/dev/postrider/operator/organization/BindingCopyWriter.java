package dev.postrider.operator.organization;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.operator.installation.BindingSecrets;
import dev.postrider.operator.installation.Cluster;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Refusals;
import dev.postrider.operator.kit.Secrets;
import dev.postrider.plan.Binding;
import dev.postrider.plan.BindingCopies;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes copies of bindings into other namespaces and removes them there. Those belong to others: what the API server
 * refuses there is told, and keeps nothing else from being done.
 */
final class BindingCopyWriter {
    private static final Logger LOG = LoggerFactory.getLogger(BindingCopyWriter.class);

    private final Cluster cluster;
    private final InformerEventSource<Secret, OrganizationMailSettings> secrets;
    private final KubernetesClient client;

    /** @param secrets bindings and copies of them */
    BindingCopyWriter(Cluster cluster, InformerEventSource<Secret, OrganizationMailSettings> secrets,
            KubernetesClient client) {
        this.cluster = cluster;
        this.secrets = secrets;
        this.client = client;
    }

    /**
     * Does what the plan says of copies.
     *
     * @return what the API server refused, by namespace
     */
    Map<String, String> carryOut(OrganizationMailSettings organization, OrganizationPlan plan,
            Context<OrganizationMailSettings> context) {
        if (plan.copies().isEmpty()) {
            removeAll(organization);
            return Map.of();
        }
        BindingCopies copies = plan.copies().get();
        SortedMap<String, String> refused = new TreeMap<>();
        plan.binding().map(binding -> binding.copy(copies.name())).ifPresent(copy -> {
            for (String namespace : copies.toWrite()) {
                write(copy, organization, namespace, context).ifPresent(why -> refused.put(namespace, why));
            }
        });
        for (Secret copy : copiesOf(organization)) {
            if (goes(copy, copies, refused)) {
                remove(copy).ifPresent(why -> refused.put(copy.getMetadata().getNamespace(), why));
            }
        }
        return refused;
    }

    /** Removes all copies of an organization's binding. */
    void removeAll(OrganizationMailSettings organization) {
        copiesOf(organization).forEach(this::removeOrTell);
    }

    /** Removes the copies whose organization went while nobody was there to see it. */
    void removeOrphans() {
        secrets.list()
                .filter(secret -> BindingSecrets.copyOf(secret)
                        .filter(organization -> cluster.shard().holds(organization.namespace()))
                        .filter(this::isGone)
                        .isPresent())
                .toList()
                .forEach(this::removeOrTell);
    }

    /** The cache may be late, or not be of that namespace; the API server knows. */
    private boolean isGone(ResourceKey organization) {
        try {
            return cluster.caches().organization(organization).isEmpty()
                    && client.resources(OrganizationMailSettings.class)
                            .inNamespace(organization.namespace())
                            .withName(organization.name())
                            .get() == null;
        } catch (KubernetesClientException e) {
            LOG.info("whether there is still an organization {} cannot be told, and copies of its binding stay: {}",
                    organization, e.getCode());
            return false;
        }
    }

    private List<Secret> copiesOf(OrganizationMailSettings organization) {
        ResourceKey key = Lifecycle.key(organization);
        return secrets.getSecondaryResources(organization)
                .stream()
                .filter(secret -> BindingSecrets.copyOf(secret).filter(key::equals).isPresent())
                .toList();
    }

    /** One of a former name goes once another one is there. */
    private static boolean goes(Secret copy, BindingCopies copies, Map<String, String> refused) {
        String namespace = copy.getMetadata().getNamespace();
        return !copies.stays(namespace) || !copy.getMetadata().getName().equals(copies.name())
                && copies.toWrite().contains(namespace) && !refused.containsKey(namespace);
    }

    private Optional<String> write(Binding copy, OrganizationMailSettings organization, String namespace,
            Context<OrganizationMailSettings> context) {
        ResourceKey key = Lifecycle.key(organization);
        Secret wanted = BindingSecrets.copy(copy, key, namespace);
        // What became somebody else's since the plan looked is not applied over: creating it fails.
        Optional<Secret> there = cluster.caches()
                .binding(new ResourceKey(namespace, copy.name()))
                .filter(secret -> BindingSecrets.copyOf(secret).filter(key::equals).isPresent());
        try {
            Secrets.createOrApply(there, wanted, secrets, context);
            return Optional.empty();
        } catch (KubernetesClientException e) {
            return Optional.of(Refusals.of(e, wanted).message());
        }
    }

    private Optional<String> remove(Secret copy) {
        try {
            client.resource(copy).lockResourceVersion().delete();
            return Optional.empty();
        } catch (KubernetesClientException e) {
            // Changed by somebody else, which is an event: it is looked at anew.
            return e.getCode() == HttpURLConnection.HTTP_CONFLICT
                    ? Optional.empty()
                    : Optional.of("Secret \"%s\" is not removed: %s".formatted(copy.getMetadata().getName(),
                            Refusals.words(e, copy)));
        }
    }

    private void removeOrTell(Secret copy) {
        remove(copy).ifPresent(why -> LOG.warn("namespace {}: {}", copy.getMetadata().getNamespace(), why));
    }
}
