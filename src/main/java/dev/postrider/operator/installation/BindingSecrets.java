package dev.postrider.operator.installation;

import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Secrets;
import dev.postrider.plan.Binding;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The Secrets that applications mount: bindings, and copies of them in other namespaces. */
public final class BindingSecrets {
    /** Label of both. */
    public static final String LABEL = "postrider.dev/binding";

    private static final String BINDING = "true";
    private static final String COPY = "copy";

    /**
     * Annotation of a copy: the organization whose binding it is, as {@code namespace/name}. An owner of another
     * namespace cannot be referred to.
     */
    private static final String COPY_OF_ANNOTATION = "postrider.dev/copy-of";

    private static final Pattern KEY = Pattern.compile("[a-z0-9-]{1,63}/[a-z0-9.-]{1,253}");
    private static final String OWNER_KIND = "OrganizationMailSettings";

    private BindingSecrets() {}

    /** The binding itself, in the organization's namespace. */
    public static Secret binding(Binding binding, HasMetadata organization) {
        return secret(binding, new ObjectMetaBuilder().withNamespace(organization.getMetadata().getNamespace())
                .withLabels(labels(BINDING))
                .withAnnotations(binding.annotations())
                .withOwnerReferences(Secrets.ownedBy(organization)));
    }

    /** A copy in another namespace. */
    public static Secret copy(Binding copy, ResourceKey organization, String namespace) {
        Map<String, String> annotations = new TreeMap<>(copy.annotations());
        annotations.put(COPY_OF_ANNOTATION, organization.toString());
        return secret(copy, new ObjectMetaBuilder().withNamespace(namespace)
                .withLabels(labels(COPY))
                .withAnnotations(annotations));
    }

    private static Map<String, String> labels(String kind) {
        return Map.of(LABEL, kind, Secrets.MANAGED_BY_LABEL, Secrets.MANAGED_BY);
    }

    private static Secret secret(Binding binding, ObjectMetaBuilder metadata) {
        Map<String, String> data = new TreeMap<>();
        binding.data().forEach((key, value) -> data.put(key, Secrets.base64(value)));
        return new SecretBuilder().withMetadata(metadata.withName(binding.name()).build())
                .withType(Binding.SECRET_TYPE)
                .withData(data)
                .build();
    }

    /** The organization whose binding a Secret is, and not a copy of it. */
    public static Optional<ResourceKey> owner(Secret secret) {
        return secret.getMetadata()
                .getOwnerReferences()
                .stream()
                .filter(owner -> owner.getKind().equals(OWNER_KIND))
                .map(owner -> new ResourceKey(secret.getMetadata().getNamespace(), owner.getName()))
                .findFirst();
    }

    /** Whether a Secret is the binding of another resource that had the organization's name before. */
    public static boolean isOfFormerOwner(Secret secret, Optional<? extends HasMetadata> organization) {
        return organization.isPresent() && owner(secret).filter(Lifecycle.key(organization.get())::equals).isPresent()
                && secret.getMetadata()
                        .getOwnerReferences()
                        .stream()
                        .filter(owner -> owner.getKind().equals(OWNER_KIND))
                        .noneMatch(owner -> owner.getUid().equals(organization.get().getMetadata().getUid()));
    }

    /**
     * The organization whose binding a Secret is a copy of. People who may write Secrets may say so of one of theirs;
     * it is believed only where name and type are those of a copy, too.
     */
    public static Optional<ResourceKey> copyOf(Secret secret) {
        Map<String, String> labels = secret.getMetadata().getLabels();
        Map<String, String> annotations = secret.getMetadata().getAnnotations();
        if (labels == null || annotations == null || !COPY.equals(labels.get(LABEL))
                || !Binding.SECRET_TYPE.equals(secret.getType())) {
            return Optional.empty();
        }
        return Optional.ofNullable(annotations.get(COPY_OF_ANNOTATION))
                .filter(text -> KEY.matcher(text).matches())
                .map(ResourceKey::parse)
                .filter(key -> !key.namespace().equals(secret.getMetadata().getNamespace())
                        && secret.getMetadata().getName().startsWith(key.namespace() + "."));
    }

    static boolean isCopyOf(ResourceKey organization, Secret secret) {
        return copyOf(secret).filter(organization::equals).isPresent();
    }
}
