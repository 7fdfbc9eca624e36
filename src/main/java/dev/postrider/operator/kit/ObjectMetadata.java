package dev.postrider.operator.kit;

import dev.postrider.plan.NamespaceLookup;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;

/**
 * Tells whether a Secret or ConfigMap is there without reading what it holds (Kubernetes API concepts, "Metadata-only
 * fetches"): one without the label is none of Postrider's business, but that it lacks the label is worth saying. And
 * how a Namespace is labelled, which is worth no watch of all of them.
 */
public final class ObjectMetadata {
    private static final String METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    private final KubernetesClient client;

    public ObjectMetadata(KubernetesClient client) {
        this.client = client;
    }

    public boolean secretExists(ResourceKey key) {
        return exists("secrets", key);
    }

    public boolean configMapExists(ResourceKey key) {
        return exists("configmaps", key);
    }

    public NamespaceLookup namespace(String name) {
        try {
            HttpResponse<String> response = get(name, "namespace " + name);
            return switch (response.code()) {
                case HttpURLConnection.HTTP_OK -> found(response.body());
                case HttpURLConnection.HTTP_NOT_FOUND -> new NamespaceLookup.Missing();
                default -> new NamespaceLookup.Unreadable("the API server answered " + response.code());
            };
        } catch (KubernetesClientException e) {
            return new NamespaceLookup.Unreadable("the API server cannot be asked");
        }
    }

    private NamespaceLookup found(String body) {
        ObjectMeta metadata = client.getKubernetesSerialization()
                .unmarshal(body, GenericKubernetesResource.class)
                .getMetadata();
        return new NamespaceLookup.Found(Objects.requireNonNullElse(metadata.getLabels(), Map.of()),
                metadata.getDeletionTimestamp() != null);
    }

    /** @throws KubernetesClientException if the API server cannot be asked or refuses */
    private boolean exists(String kind, ResourceKey key) {
        HttpResponse<String> response = get(key.namespace() + "/" + kind + "/" + key.name(), kind + " " + key);
        return switch (response.code()) {
            case HttpURLConnection.HTTP_OK -> true;
            case HttpURLConnection.HTTP_NOT_FOUND -> false;
            default -> throw new KubernetesClientException(
                    "the API server answered %d when asked for the metadata of %s %s".formatted(response.code(), kind,
                            key));
        };
    }

    private HttpResponse<String> get(String path, String what) {
        try {
            URL url = URI.create(client.getMasterUrl() + "api/v1/namespaces/" + path).toURL();
            HttpRequest request = client.getHttpClient()
                    .newHttpRequestBuilder()
                    .url(url)
                    .header("Accept", METADATA_ONLY)
                    .build();
            return client.getHttpClient().sendAsync(request, String.class).join();
        } catch (IOException | CompletionException e) {
            throw new KubernetesClientException("the API server cannot be asked for the metadata of " + what, e);
        }
    }
}
