package dev.postrider.operator.kit;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.deser.BeanDeserializerModifier;
import com.fasterxml.jackson.databind.deser.std.DelegatingDeserializer;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Objects as the caches keep them, of the kinds that come in tens of thousands: without what kubectl applied last, which
 * is the resource once more, without room for what is not there (the model gives each object empty maps and lists of its
 * own), and with labels and owners that many have alike as one. Of all that, nothing but the finalizers may be changed in
 * place, which the framework does with a copy that it reads by the same client.
 */
final class KeptObjects extends BeanDeserializerModifier {
    private static final long serialVersionUID = 1;

    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    /** How many sets of labels, and of owners, are known. */
    private static final int PLACES = 1 << 10;

    private static final Set<Class<?>> KINDS = Set.of(Secret.class, MailServer.class, OrganizationMailSettings.class,
            LicenseExpiryNotice.class);

    private static final Shared<Map<String, String>> LABELS = new Shared<>(PLACES);
    private static final Shared<List<OwnerReference>> OWNERS = new Shared<>(PLACES);

    @Override
    public JsonDeserializer<?> modifyDeserializer(DeserializationConfig config, BeanDescription description,
            JsonDeserializer<?> deserializer) {
        return KINDS.contains(description.getBeanClass()) ? new Reader(deserializer) : deserializer;
    }

    private static final class Reader extends DelegatingDeserializer {
        private static final long serialVersionUID = 1;

        Reader(JsonDeserializer<?> deserializer) {
            super(deserializer);
        }

        @Override
        protected JsonDeserializer<?> newDelegatingInstance(JsonDeserializer<?> deserializer) {
            return new Reader(deserializer);
        }

        @Override
        public @Nullable Object deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            Object read = super.deserialize(parser, context);
            if (read instanceof HasMetadata object && object.getMetadata() != null) {
                trim(object.getMetadata());
            }
            if (read instanceof Secret secret) {
                secret.setStringData(kept(secret.getStringData()));
                secret.setAdditionalProperties(kept(secret.getAdditionalProperties()));
            }
            return read;
        }
    }

    private static void trim(ObjectMeta metadata) {
        metadata.setAnnotations(kept(withoutLastApplied(metadata.getAnnotations())));
        Map<String, String> labels = kept(metadata.getLabels());
        metadata.setLabels(labels == null ? null : LABELS.of(labels));
        if (metadata.getFinalizers() instanceof ArrayList<?> finalizers) {
            finalizers.trimToSize();
        }
        metadata.setManagedFields(kept(metadata.getManagedFields()));
        metadata.setAdditionalProperties(kept(metadata.getAdditionalProperties()));
        List<OwnerReference> owners = metadata.getOwnerReferences();
        if (owners != null) {
            owners.stream()
                    .filter(Objects::nonNull)
                    .forEach(owner -> owner.setAdditionalProperties(kept(owner.getAdditionalProperties())));
            metadata.setOwnerReferences(OWNERS.of(owners.contains(null) ? owners : List.copyOf(owners)));
        }
    }

    private static @Nullable Map<String, String> withoutLastApplied(@Nullable Map<String, String> annotations) {
        if (annotations == null || !annotations.containsKey(LAST_APPLIED)) {
            return annotations;
        }
        Map<String, String> others = new HashMap<>(annotations);
        others.remove(LAST_APPLIED);
        return others;
    }

    private static <V> @Nullable Map<String, V> kept(@Nullable Map<String, V> entries) {
        return entries == null || entries.containsValue(null) ? entries : Map.copyOf(entries);
    }

    private static <T> @Nullable List<T> kept(@Nullable List<T> items) {
        return items == null || items.contains(null) ? items : List.copyOf(items);
    }
}
