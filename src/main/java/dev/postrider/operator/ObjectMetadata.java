package dev.postrider.operator;

import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.util.concurrent.CompletionException;

/**
 * Tells whether a Secret or ConfigMap is there without reading what it holds (Kubernetes API concepts, "Metadata-only
 * fetches"): one without the label is none of Postrider's business, but that it lacks the label is worth saying.
 */
public final class ObjectMetadata {
    private static final String METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    private final KubernetesClient client;

    public ObjectMetadata(KubernetesClient client) {
        this.client = client;
    }

    boolean secretExists(ResourceKey key) {
        return exists("secrets", key);
    }

    boolean configMapExists(ResourceKey key) {
        return exists("configmaps", key);
    }

    /**
     * Asks the API server.
     *
     * @throws KubernetesClientException if it cannot be asked or refuses
     */
    private boolean exists(String kind, ResourceKey key) {
        try {
            URL url = URI
                    .create(client.getMasterUrl() + "api/v1/namespaces/" + key.namespace() + "/" + kind + "/"
                            + key.name())
                    .toURL();
            HttpRequest request = client.getHttpClient()
                    .newHttpRequestBuilder()
                    .url(url)
                    .header("Accept", METADATA_ONLY)
                    .build();
            HttpResponse<String> response = client.getHttpClient().sendAsync(request, String.class).join();
            return switch (response.code()) {
                case 200 -> true;
                case 404 -> false;
                default -> throw new KubernetesClientException(
                        "the API server answered %d when asked for the metadata of %s %s".formatted(response.code(),
                                kind,
                                key));
            };
        } catch (IOException | CompletionException e) {
            throw new KubernetesClientException(
                    "the API server cannot be asked for the metadata of " + kind + " " + key,
                    e);
        }
    }
}
