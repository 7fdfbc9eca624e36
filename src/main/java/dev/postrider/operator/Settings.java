package dev.postrider.operator;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the installation: the entry {@value #KEY} of the ConfigMap that the chart writes.
 *
 * @param globalServerPolicy whether an active global server is the master switch of all sending
 * @param trustedNamespaces  namespaces besides the operator's where a global server is honoured
 * @param watchNamespaces    the only namespaces that the operator looks at; empty for all
 * @param relay              how the relay runs
 */
public record Settings(GlobalServerPolicy globalServerPolicy, List<String> trustedNamespaces,
        List<String> watchNamespaces, Relay relay) {
    /** Label, value {@code "true"}, of the ConfigMap with the settings. */
    public static final String LABEL = "postrider.dev/settings";

    /** The ConfigMap's entry. */
    public static final String KEY = "settings.yaml";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Whether an organization may send while no global server is active. */
    public enum GlobalServerPolicy {
        Required, Optional
    }

    /**
     * How the relay runs.
     *
     * @param image                        of its container
     * @param imagePullPolicy              of its container
     * @param replicas                     1, for its queue is a file
     * @param hostName                     the name that it greets with; default: that of its Service
     * @param storage                      the volume of its queue
     * @param resources                    of its container
     * @param serviceType                  of its Service
     * @param allowPlaintextAuthentication whether applications may log in without TLS
     * @param adminAddress                 where the operator reaches the relay's admin port, as {@code http://host:port}; default: its
     *                                     Service
     * @param visibility                   how it is seen from outside
     */
    public record Relay(Optional<String> image, Optional<String> imagePullPolicy, @Nullable Integer replicas,
            Optional<String> hostName, Storage storage, @Nullable ResourceRequirements resources,
            Optional<String> serviceType, boolean allowPlaintextAuthentication, Optional<String> adminAddress,
            Visibility visibility) {

        public Relay {
            storage = storage == null ? new Storage(Optional.empty(), Optional.empty()) : storage;
            image = given(image);
            hostName = given(hostName);
            adminAddress = given(adminAddress);
            visibility = visibility == null ? Visibility.DEFAULT : visibility;
        }
    }

    /**
     * How the relay is seen from outside.
     *
     * @param metricsNames  how many organizations, and how many servers, metrics name; default: the relay's
     * @param otlpEndpoint  where traces go
     * @param webhooksAllow what webhooks may be besides https URLs of other machines: http, local
     */
    public record Visibility(@Nullable Integer metricsNames, Optional<String> otlpEndpoint,
            List<String> webhooksAllow) {
        static final Visibility DEFAULT = new Visibility(null, Optional.empty(), List.of());

        public Visibility {
            otlpEndpoint = given(otlpEndpoint);
            webhooksAllow = webhooksAllow == null ? List.of() : List.copyOf(webhooksAllow);
        }
    }

    /**
     * The volume of the relay's queue.
     *
     * @param size      as Kubernetes writes quantities; default 1Gi
     * @param className of the storage; default: the cluster's
     */
    public record Storage(Optional<String> size, Optional<String> className) {
        public Storage {
            size = given(size);
            className = given(className);
        }
    }

    /** An empty text is how a chart leaves a setting out. */
    private static Optional<String> given(Optional<String> setting) {
        return setting.filter(s -> !s.isEmpty());
    }

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException if they cannot be read; the message says what is wrong with which setting
     */
    public static Settings of(ConfigMap configMap) {
        String where = "ConfigMap %s/%s, %s".formatted(configMap.getMetadata().getNamespace(),
                configMap.getMetadata().getName(), KEY);
        String text = configMap.getData() == null ? null : configMap.getData().get(KEY);
        if (text == null) {
            throw new IllegalArgumentException(where + ": there is no such entry");
        }
        try {
            JsonNode tree = MAPPER.valueToTree(Serialization.unmarshal(text, Object.class));
            Raw raw = MAPPER.treeToValue(tree, Raw.class);
            Settings settings = raw.settings();
            if (settings.relay.replicas != null && settings.relay.replicas != 1) {
                throw new IllegalArgumentException(where + ": relay.replicas: " + settings.relay.replicas
                        + " is not possible, for the queue is a file on one volume; allowed is 1");
            }
            return settings;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(where + ": " + e.getOriginalMessage(), e);
        }
    }

    /** Where a global server is honoured. */
    public Set<String> trusted(String operatorNamespace) {
        Set<String> trusted = new HashSet<>(trustedNamespaces);
        trusted.add(operatorNamespace);
        return Set.copyOf(trusted);
    }

    private record Raw(@JsonProperty("globalServerPolicy") @Nullable GlobalServerPolicy globalServerPolicy,
            @JsonProperty("trustedNamespaces") @Nullable List<String> trustedNamespaces,
            @JsonProperty("watchNamespaces") @Nullable List<String> watchNamespaces,
            @JsonProperty("relay") @Nullable Relay relay) {
        Settings settings() {
            return new Settings(globalServerPolicy == null ? GlobalServerPolicy.Required : globalServerPolicy,
                    trustedNamespaces == null ? List.of() : trustedNamespaces,
                    watchNamespaces == null ? List.of() : watchNamespaces,
                    relay == null
                            ? new Relay(Optional.empty(), Optional.empty(), null, Optional.empty(),
                                    new Storage(Optional.empty(), Optional.empty()), null, Optional.empty(), false,
                                    Optional.empty(), Visibility.DEFAULT)
                            : relay);
        }
    }
}
