package dev.postrider.operator.installation;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dev.postrider.operator.kit.LeaderElection;
import dev.postrider.reply.InstallationRules;
import dev.postrider.route.Durations;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.transport.EgressPolicy;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import dev.postrider.api.Mailbox;
import dev.postrider.plan.Installation.SenderDomains;
import dev.postrider.plan.Installation.SupportSettings;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the installation: the entry {@value #KEY} of the ConfigMap that the chart writes.
 *
 * @param globalServerPolicy whether an active global server is the master switch of all sending
 * @param trustedNamespaces  namespaces besides the operator's where a global server is honoured
 * @param watchNamespaces    the only namespaces that the operator looks at, besides its own and the trusted ones;
 *                           empty for all
 * @param leaseDuration      after how long without a sign of life another replica takes the leader's place; whole
 *                           seconds, at least one
 * @param support            who helps organizations
 * @param senderDomains      what ties the domains of senders to namespaces
 * @param dnsServer          host and port of where records of domains are looked up; empty for those of the pod
 * @param connections        where operator and relay may connect on behalf of tenants
 * @param namespaceLimits    how much a namespace may have
 * @param relay              how the relay runs
 */
public record Settings(GlobalServerPolicy globalServerPolicy, List<String> trustedNamespaces,
        List<String> watchNamespaces, Duration leaseDuration, SupportSettings support, SenderDomains senderDomains,
        Optional<String> dnsServer, Connections connections, NamespaceLimits namespaceLimits, Relay relay) {
    /** Label, value {@code "true"}, of the ConfigMap with the settings. */
    public static final String LABEL = "postrider.dev/settings";

    /** The ConfigMap's entry. */
    public static final String KEY = "settings.yaml";

    /** As of Kubernetes' own components (client-go, leaderelection, "recommended" values). */
    private static final Duration DEFAULT_LEASE = Duration.ofSeconds(15);

    private static final String DNS_SERVER = "([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:]+])(:[1-9][0-9]{0,4})?";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Whether an organization may send while no global server is active. */
    public enum GlobalServerPolicy {
        Required, Optional
    }

    /**
     * Where operator and relay may connect on behalf of tenants, as {@link EgressPolicy} has it.
     *
     * @param allowedNetworks as 10.0.0.0/8, besides what is allowed by default
     * @param deniedNetworks  besides what is refused by default
     */
    public record Connections(List<String> allowedNetworks, List<String> deniedNetworks) {
        static final Connections DEFAULT = new Connections(List.of(), List.of());

        public Connections {
            allowedNetworks = allowedNetworks == null ? List.of() : List.copyOf(allowedNetworks);
            deniedNetworks = deniedNetworks == null ? List.of() : List.copyOf(deniedNetworks);
            check("allowedNetworks", allowedNetworks);
            check("deniedNetworks", deniedNetworks);
        }

        private static void check(String name, List<String> networks) {
            try {
                EgressPolicy.of(networks, List.of(), List::of);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("connections." + name + ": " + e.getMessage(), e);
            }
        }
    }

    /**
     * How much a namespace may have; what is beyond is told so in its status and gets nothing.
     *
     * @param mailServers          at least 1; default 100
     * @param organizations        at least 1; default 1,000
     * @param licenseExpiryNotices at least 1; default 1,000
     * @param testMailsPerMinute   at least 1; default 30
     * @param octets               of all its resources together, as {@code 16Mi}, which is the default
     */
    public record NamespaceLimits(int mailServers, int organizations, int licenseExpiryNotices,
            int testMailsPerMinute, Optional<String> octets) {
        static final NamespaceLimits DEFAULT = new NamespaceLimits(0, 0, 0, 0, Optional.empty());
        private static final String OCTETS = "16Mi";

        public NamespaceLimits {
            mailServers = mailServers == 0 ? 100 : mailServers;
            organizations = organizations == 0 ? 1000 : organizations;
            licenseExpiryNotices = licenseExpiryNotices == 0 ? 1000 : licenseExpiryNotices;
            testMailsPerMinute = testMailsPerMinute == 0 ? 30 : testMailsPerMinute;
            octets = given(octets);
            try {
                Quantity.getAmountInBytes(new Quantity(octets.orElse(OCTETS))).longValueExact();
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new IllegalArgumentException(("namespaceLimits.octets: \"%s\" is not a number of octets: use a "
                        + "quantity such as 16Mi").formatted(octets.orElse("")), e);
            }
        }

        long mostOctets() {
            return Quantity.getAmountInBytes(new Quantity(octets.orElse(OCTETS))).longValueExact();
        }
    }

    /**
     * How the relay runs.
     *
     * @param image                        of its container
     * @param imagePullPolicy              of its container
     * @param imagePullSecrets             Secrets of the installation's namespace to pull the image with
     * @param replicas                     1 while its queue is a file; any number with a database
     * @param autoscaled                   whether somebody else sets the number, such as a HorizontalPodAutoscaler; {@code replicas}
     *                                     is left out then. With a database only
     * @param bindingHost                  the name that applications call it by; default: that of its Service
     * @param certificate                  where its certificate comes from
     * @param storage                      the volume of its queue, if that is a file
     * @param resources                    of its container
     * @param serviceType                  of its Service
     * @param adminAddress                 where the operator reaches the relay's admin port, as {@code http://host:port}; default: its
     *                                     Service
     * @param submissionAddress            where the operator hands notices to the relay, as {@code host:port}; its certificate
     *                                     carries that host, too; default: its Service
     * @param configuration                what the relay itself reads
     * @param replyRules                   what replies of servers mean, before what Postrider brings
     * @param labels                       of its objects and pods, besides its own
     * @param scheduling                   where its pods run
     */
    public record Relay(Optional<String> image, Optional<String> imagePullPolicy,
            List<LocalObjectReference> imagePullSecrets, @Nullable Integer replicas, boolean autoscaled,
            Optional<String> bindingHost, Certificate certificate, Storage storage,
            @Nullable ResourceRequirements resources, Optional<String> serviceType, Optional<String> adminAddress,
            Optional<String> submissionAddress, @JsonIgnore RelayConfiguration configuration,
            InstallationRules replyRules, Map<String, String> labels, Scheduling scheduling) {

        static final Relay DEFAULT = new Relay(Optional.empty(), Optional.empty(), List.of(), null, false,
                Optional.empty(), Certificate.OWN, new Storage(Optional.empty(), Optional.empty()), null,
                Optional.empty(), Optional.empty(), Optional.empty(), RelayConfiguration.DEFAULT,
                InstallationRules.NONE, Map.of(), Scheduling.ANYWHERE);

        public Relay {
            storage = storage == null ? new Storage(Optional.empty(), Optional.empty()) : storage;
            image = given(image);
            imagePullSecrets = imagePullSecrets == null ? List.of() : List.copyOf(imagePullSecrets);
            bindingHost = given(bindingHost);
            certificate = certificate == null ? Certificate.OWN : certificate;
            adminAddress = given(adminAddress);
            configuration = configuration == null ? RelayConfiguration.DEFAULT : configuration;
            replyRules = replyRules == null ? InstallationRules.NONE : replyRules;
            labels = labels == null ? Map.of() : Map.copyOf(labels);
            scheduling = scheduling == null ? Scheduling.ANYWHERE : scheduling;
            Settings.submission(submissionAddress);
            submissionAddress = given(submissionAddress);
        }

        private Relay with(RelayConfiguration other) {
            return new Relay(image, imagePullPolicy, imagePullSecrets, replicas, autoscaled, bindingHost, certificate,
                    storage, resources, serviceType, adminAddress, submissionAddress, other, replyRules, labels,
                    scheduling);
        }

        /** Whether the queue is in a database, which several relays may share. */
        public boolean isShared() {
            return !configuration.queue().url().isEmpty();
        }

        /** What only the installation has a reason to call: URLs, or hosts with their ports. */
        public List<String> stores() {
            return Stream.of(configuration.queue().url(), configuration.links().s3().endpoint(),
                    configuration.links().scanner(), configuration.visibility().otlpEndpoint())
                    .filter(address -> !address.isEmpty())
                    .toList();
        }

        /** {@link #submissionAddress} with host and port apart. */
        public Optional<URI> submission() {
            return Settings.submission(submissionAddress);
        }
    }

    /**
     * Where the relay's certificate comes from.
     *
     * @param secretName a Secret of type {@code kubernetes.io/tls} in the installation's namespace, with the label for
     *                   credentials; default: the installation's own authority makes one
     */
    public record Certificate(Optional<String> secretName) {
        static final Certificate OWN = new Certificate(Optional.empty());

        public Certificate {
            secretName = given(secretName);
        }
    }

    /**
     * Where the relay's pods run; each as the field of that name of a pod's spec.
     *
     * @param nodeSelector              labels of the nodes
     * @param tolerations               of taints
     * @param affinity                  to nodes and pods; empty for none
     * @param topologySpreadConstraints over zones, nodes
     * @param priorityClassName         of the pods
     */
    public record Scheduling(Map<String, String> nodeSelector, List<Toleration> tolerations,
            @Nullable Affinity affinity, List<TopologySpreadConstraint> topologySpreadConstraints,
            Optional<String> priorityClassName) {
        static final Scheduling ANYWHERE = new Scheduling(Map.of(), List.of(), null, List.of(), Optional.empty());

        public Scheduling {
            nodeSelector = nodeSelector == null ? Map.of() : Map.copyOf(nodeSelector);
            tolerations = tolerations == null ? List.of() : List.copyOf(tolerations);
            affinity = new Affinity().equals(affinity) ? null : affinity;
            topologySpreadConstraints = topologySpreadConstraints == null
                    ? List.of()
                    : List.copyOf(topologySpreadConstraints);
            priorityClassName = given(priorityClassName);
        }
    }

    /** {@link Relay#submissionAddress} with host and port apart. */
    private static Optional<URI> submission(Optional<String> address) {
        return given(address).map(text -> {
            URI uri = URI.create("smtp://" + text);
            if (uri.getHost() == null || uri.getPort() < 1) {
                throw new IllegalArgumentException("relay.submissionAddress: \"" + text + "\" is not host:port");
            }
            return uri;
        });
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
            ObjectNode ofTheRelay = configuration(tree.path("relay"));
            Raw raw = MAPPER.treeToValue(tree, Raw.class);
            Settings settings = raw.settings(RelayConfiguration.read(ofTheRelay, "relay."));
            if (settings.relay.replicas != null && settings.relay.replicas != 1 && !settings.relay.isShared()) {
                throw new IllegalArgumentException("relay.replicas: " + settings.relay.replicas
                        + " is not possible, for the queue is a file on one volume; allowed is 1, or more with "
                        + "relay.queue.url");
            }
            if (settings.relay.autoscaled && !settings.relay.isShared()) {
                throw new IllegalArgumentException("relay.autoscaled: true is not possible, for the queue is a file on "
                        + "one volume and serves one relay; allowed is false, or true with relay.queue.url");
            }
            settings.leaderElection();
            return settings;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(where + ": " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
        }
    }

    /** Takes out of the relay's settings those that the relay itself reads. */
    private static ObjectNode configuration(JsonNode relay) {
        ObjectNode taken = MAPPER.createObjectNode();
        if (relay instanceof ObjectNode settings) {
            for (RecordComponent component : RelayConfiguration.class.getRecordComponents()) {
                JsonNode there = settings.remove(component.getName());
                if (there != null) {
                    taken.set(component.getName(), there);
                }
            }
        }
        return taken;
    }

    /** How long the leader's lease lasts, and what follows from that. */
    public LeaderElection.Timing leaderElection() {
        try {
            return LeaderElection.Timing.of(leaseDuration);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("leaseDuration: " + e.getMessage(), e);
        }
    }

    private static Duration lease(String text) {
        try {
            return Durations.read(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("leaseDuration: " + e.getMessage(), e);
        }
    }

    /** The namespaces that the operator works in; empty for all. */
    public Set<String> namespaces(String operatorNamespace) {
        if (watchNamespaces.isEmpty()) {
            return Set.of();
        }
        Set<String> namespaces = new HashSet<>(watchNamespaces);
        namespaces.addAll(trusted(operatorNamespace));
        return Set.copyOf(namespaces);
    }

    /** Where a global server is honoured. */
    public Set<String> trusted(String operatorNamespace) {
        Set<String> trusted = new HashSet<>(trustedNamespaces);
        trusted.add(operatorNamespace);
        return Set.copyOf(trusted);
    }

    private static Optional<String> dnsAddress(@Nullable String text) {
        Optional<String> server = given(Optional.ofNullable(text));
        if (server.isPresent() && !server.get().matches(DNS_SERVER)) {
            throw new IllegalArgumentException(("dnsServer: \"%s\" is not a host and a port: use 10.96.0.10:53, "
                    + "[2001:db8::53]:53, or leave it empty").formatted(text));
        }
        return server;
    }

    private static SenderDomains policy(String text) {
        return Arrays.stream(SenderDomains.values())
                .filter(policy -> policy.text().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("senderDomains: \"%s\" is not a policy: use %s"
                        .formatted(text, Arrays.stream(SenderDomains.values())
                                .map(SenderDomains::text)
                                .collect(Collectors.joining(", ")))));
    }

    private record Support(@JsonProperty("address") @Nullable String address,
            @JsonProperty("allowOwnAddress") boolean allowOwnAddress) {
        SupportSettings settings() {
            Optional<String> given = Optional.ofNullable(address).filter(text -> !text.isEmpty());
            given.filter(text -> !text.matches(Mailbox.ADDRESS)).ifPresent(wrong -> {
                throw new IllegalArgumentException("support.address: \"%s\" is no address; write one as "
                        .formatted(wrong) + "help@example.com, or leave it empty");
            });
            return new SupportSettings(given, allowOwnAddress);
        }
    }

    private record Raw(@JsonProperty("globalServerPolicy") @Nullable GlobalServerPolicy globalServerPolicy,
            @JsonProperty("trustedNamespaces") @Nullable List<String> trustedNamespaces,
            @JsonProperty("watchNamespaces") @Nullable List<String> watchNamespaces,
            @JsonProperty("leaseDuration") @Nullable String leaseDuration,
            @JsonProperty("support") @Nullable Support support,
            @JsonProperty("senderDomains") @Nullable String senderDomains,
            @JsonProperty("dnsServer") @Nullable String dnsServer,
            @JsonProperty("connections") @Nullable Connections connections,
            @JsonProperty("namespaceLimits") @Nullable NamespaceLimits namespaceLimits,
            @JsonProperty("relay") @Nullable Relay relay) {
        Settings settings(RelayConfiguration configuration) {
            return new Settings(globalServerPolicy == null ? GlobalServerPolicy.Required : globalServerPolicy,
                    trustedNamespaces == null ? List.of() : trustedNamespaces,
                    watchNamespaces == null ? List.of() : watchNamespaces,
                    leaseDuration == null ? DEFAULT_LEASE : lease(leaseDuration),
                    support == null ? new Support("", false).settings() : support.settings(),
                    senderDomains == null ? SenderDomains.OPEN : policy(senderDomains),
                    dnsAddress(dnsServer),
                    connections == null ? Connections.DEFAULT : connections,
                    namespaceLimits == null ? NamespaceLimits.DEFAULT : namespaceLimits,
                    (relay == null ? Relay.DEFAULT : relay).with(configuration));
        }
    }
}
