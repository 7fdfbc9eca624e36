package dev.postrider.operator.kit;

import com.fasterxml.jackson.databind.util.StdConverter;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Metadata as the caches keep it: without what kubectl applied last, which is the resource once more, and without room
 * for what is not there.
 */
final class KeptMetadata extends StdConverter<ObjectMeta, ObjectMeta> {
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    @Override
    public @Nullable ObjectMeta convert(@Nullable ObjectMeta metadata) {
        if (metadata != null) {
            metadata.setAnnotations(kept(metadata.getAnnotations()));
            metadata.setLabels(kept(metadata.getLabels()));
            trim(metadata.getFinalizers());
            trim(metadata.getOwnerReferences());
        }
        return metadata;
    }

    private static @Nullable Map<String, String> kept(@Nullable Map<String, String> entries) {
        if (entries == null || entries.containsValue(null)) {
            return entries;
        }
        if (!entries.containsKey(LAST_APPLIED)) {
            return Map.copyOf(entries);
        }
        Map<String, String> others = new HashMap<>(entries);
        others.remove(LAST_APPLIED);
        return Map.copyOf(others);
    }

    private static void trim(@Nullable List<?> list) {
        if (list instanceof ArrayList<?> array) {
            array.trimToSize();
        }
    }
}
