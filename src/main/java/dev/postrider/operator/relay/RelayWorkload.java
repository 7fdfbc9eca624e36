package dev.postrider.operator.relay;

import dev.postrider.operator.installation.RelayNames;
import dev.postrider.operator.installation.Settings;
import dev.postrider.operator.kit.Secrets;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.transport.GraphEndpoints;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Lifecycle;
import io.fabric8.kubernetes.api.model.LifecycleBuilder;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategy;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPortBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the relay runs as, computed from the settings: the objects as they should be, whether or not they are. */
public final class RelayWorkload {
    /** Options of the Java virtual machine. What is not heap needs the rest. */
    public static final String JAVA_OPTIONS = "-XX:MaxRAMPercentage=70";

    /** Limit of the container's memory, where the settings name none. */
    public static final String MEMORY = "512Mi";

    static final int SUBMISSION_PORT = 587;
    static final int SUBMISSIONS_PORT = 465;
    static final int ADMIN_PORT = 8080;
    /** For the kubelet alone: no Service leads to it, and no other pod need reach it. */
    static final int HEALTH_PORT = 8081;
    static final int LINKS_PORT = 8443;

    private static final int SUBMISSION_CONTAINER_PORT = 2587;
    private static final int SUBMISSIONS_CONTAINER_PORT = 2465;
    private static final String DATA = "/var/lib/postrider";
    private static final String CREDENTIALS = "/etc/postrider/queue";
    private static final String LINKS_CREDENTIALS = "/etc/postrider/links";
    private static final long USER = 65532;
    /** In which a pod that goes may still be called: more than Services take to follow, and within the time to end. */
    private static final long UNLEARNED_SECONDS = 5;
    private static final Map<String, String> SELECTOR = Map.of("app.kubernetes.io/name", "postrider",
            "app.kubernetes.io/component", "relay");
    private static final Map<String, String> LABELS = Map.of("app.kubernetes.io/name", "postrider",
            "app.kubernetes.io/component", "relay", Secrets.MANAGED_BY_LABEL, Secrets.MANAGED_BY);

    private final String namespace;
    private final Settings.Relay settings;
    private final Settings.Connections connections;
    private final String image;
    private final HasMetadata owner;
    private final GraphEndpoints graph;

    /**
     * The workload of an installation.
     *
     * @param image of the container where the settings name none: the operator's own
     * @param owner the settings; when they go, the relay goes
     * @param graph where it finds Microsoft Graph
     */
    public RelayWorkload(String namespace, Settings all, String image, HasMetadata owner, GraphEndpoints graph) {
        this.graph = graph;
        this.namespace = namespace;
        this.settings = all.relay();
        this.connections = all.connections();
        this.image = settings.image().orElse(image);
        this.owner = owner;
    }

    /** What the relay calls itself towards other servers (EHLO), and so does whoever tests for it. */
    public static String greetingName(String namespace, Settings.Relay relay) {
        return configuration(namespace, relay).hostName();
    }

    /** What the relay reads, with the name by which it greets. */
    public static RelayConfiguration configuration(String namespace, Settings.Relay relay) {
        RelayConfiguration given = relay.configuration();
        return given.hostName().isEmpty() ? given.withHostName(RelayNames.host(namespace)) : given;
    }

    /** By what name applications call the relay: what bindings name, and the certificate carries. */
    public static String bindingHost(String namespace, Settings.Relay relay) {
        return relay.bindingHost().orElse(RelayNames.host(namespace));
    }

    /** The names that a certificate of the installation's own authority carries. */
    public static List<String> certificateNames(String namespace, Settings.Relay relay) {
        return Stream.of(
                Stream.of(RelayNames.host(namespace), RelayNames.host(namespace) + ".cluster.local",
                        RelayNames.NAME + "." + namespace, RelayNames.NAME),
                relay.bindingHost().stream(), relay.submission().map(URI::getHost).stream())
                .flatMap(names -> names)
                .distinct()
                .toList();
    }

    /** All objects, in the order in which they are applied. */
    public List<HasMetadata> objects() {
        List<HasMetadata> objects = new ArrayList<>();
        objects.add(
                new ServiceAccountBuilder().withMetadata(metadata()).withAutomountServiceAccountToken(false).build());
        objects.add(role());
        objects.add(roleBinding());
        if (!settings.isShared()) {
            objects.add(volumeClaim());
        }
        objects.add(service());
        objects.add(networkPolicy());
        if (settings.autoscaled() || replicas() > 1) {
            objects.add(new PodDisruptionBudgetBuilder().withMetadata(metadata())
                    .withNewSpec()
                    .withMaxUnavailable(new IntOrString(1))
                    .withNewSelector()
                    .withMatchLabels(SELECTOR)
                    .endSelector()
                    .endSpec()
                    .build());
        }
        objects.add(deployment());
        return objects;
    }

    private int replicas() {
        return Optional.ofNullable(settings.replicas()).orElse(1);
    }

    private ObjectMeta metadata() {
        return new ObjectMetaBuilder().withNamespace(namespace)
                .withName(RelayNames.NAME)
                .withLabels(labels())
                .withOwnerReferences(Secrets.ownedBy(owner))
                .build();
    }

    /** The people's own, and over them those by which the installation knows its objects. */
    private Map<String, String> labels() {
        Map<String, String> labels = new HashMap<>(settings.labels());
        labels.putAll(LABELS);
        return labels;
    }

    /** The relay reads the routes and nothing else. */
    private HasMetadata role() {
        return new RoleBuilder().withMetadata(metadata())
                .addNewRule()
                .withApiGroups("")
                .withResources("secrets")
                .withVerbs("get", "list", "watch")
                .endRule()
                .build();
    }

    private HasMetadata roleBinding() {
        return new RoleBindingBuilder().withMetadata(metadata())
                .withNewRoleRef()
                .withApiGroup("rbac.authorization.k8s.io")
                .withKind("Role")
                .withName(RelayNames.NAME)
                .endRoleRef()
                .addNewSubject()
                .withKind("ServiceAccount")
                .withName(RelayNames.NAME)
                .withNamespace(namespace)
                .endSubject()
                .build();
    }

    private HasMetadata volumeClaim() {
        return new PersistentVolumeClaimBuilder().withMetadata(metadata())
                .withNewSpec()
                .withAccessModes("ReadWriteOnce")
                .withStorageClassName(settings.storage().className().orElse(null))
                .withNewResources()
                .withRequests(Map.of("storage", new Quantity(settings.storage().size().orElse("1Gi"))))
                .endResources()
                .endSpec()
                .build();
    }

    private HasMetadata service() {
        return new ServiceBuilder().withMetadata(metadata())
                .withNewSpec()
                .withType(settings.serviceType().orElse("ClusterIP"))
                .withSelector(SELECTOR)
                .withPorts(servicePorts())
                .endSpec()
                .build();
    }

    private List<ServicePort> servicePorts() {
        List<ServicePort> ports = new ArrayList<>(List.of(servicePort("submission", SUBMISSION_PORT),
                servicePort("submissions", SUBMISSIONS_PORT), servicePort("admin", ADMIN_PORT)));
        if (servesLinks()) {
            ports.add(servicePort("links", LINKS_PORT));
        }
        return ports;
    }

    private static ServicePort servicePort(String name, int port) {
        return new ServicePortBuilder().withName(name)
                .withPort(port)
                .withProtocol("TCP")
                .withTargetPort(new IntOrString(name))
                .build();
    }

    /** Applications anywhere may submit mail, and anybody download attachments; the admin port is for this namespace, and for those that scrape metrics. */
    private HasMetadata networkPolicy() {
        return new NetworkPolicyBuilder().withMetadata(metadata())
                .withNewSpec()
                .withNewPodSelector()
                .withMatchLabels(SELECTOR)
                .endPodSelector()
                .withPolicyTypes("Ingress")
                .addNewIngress()
                .withPorts(Stream
                        .of(Stream.of("submission", "submissions"),
                                Stream.of("links").filter(_ -> servesLinks()))
                        .flatMap(names -> names)
                        .map(RelayWorkload::policyPort)
                        .toList())
                .endIngress()
                .addNewIngress()
                .withPorts(policyPort("admin"))
                .addNewFrom()
                .withNewPodSelector()
                .endPodSelector()
                .endFrom()
                .addNewFrom()
                .withNewNamespaceSelector()
                .withMatchLabels(Map.of("postrider.dev/metrics", "true"))
                .endNamespaceSelector()
                .endFrom()
                .endIngress()
                .endSpec()
                .build();
    }

    private static NetworkPolicyPort policyPort(String name) {
        return new NetworkPolicyPortBuilder().withProtocol("TCP").withPort(new IntOrString(name)).build();
    }

    private Deployment deployment() {
        Settings.Scheduling scheduling = settings.scheduling();
        return new DeploymentBuilder().withMetadata(metadata())
                .withNewSpec()
                // Left out, the number is not this operator's: whoever else sets it keeps it.
                .withReplicas(settings.autoscaled() ? null : Integer.valueOf(replicas()))
                .withStrategy(strategy())
                .withNewSelector()
                .withMatchLabels(SELECTOR)
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(labels())
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName(RelayNames.NAME)
                .withAutomountServiceAccountToken(true)
                .withTerminationGracePeriodSeconds(60L)
                .withNewSecurityContext()
                .withRunAsNonRoot(true)
                .withRunAsUser(USER)
                .withRunAsGroup(USER)
                .withFsGroup(USER)
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .endSecurityContext()
                .withImagePullSecrets(settings.imagePullSecrets())
                .withNodeSelector(scheduling.nodeSelector())
                .withTolerations(scheduling.tolerations())
                .withAffinity(scheduling.affinity())
                .withTopologySpreadConstraints(scheduling.topologySpreadConstraints())
                .withPriorityClassName(scheduling.priorityClassName().orElse(null))
                .withContainers(container())
                .withVolumes(volumes())
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private DeploymentStrategy strategy() {
        // Two relays must never have the same volume open.
        return settings.isShared()
                ? new DeploymentStrategyBuilder().withType("RollingUpdate")
                        .withNewRollingUpdate()
                        .withMaxUnavailable(new IntOrString(0))
                        .withMaxSurge(new IntOrString(1))
                        .endRollingUpdate()
                        .build()
                : new DeploymentStrategyBuilder().withType("Recreate").build();
    }

    private List<Volume> volumes() {
        List<Volume> volumes = new ArrayList<>(List.of(queueVolume(),
                new VolumeBuilder().withName("tmp").withNewEmptyDir().endEmptyDir().build()));
        linksSecret().ifPresent(secret -> volumes.add(new VolumeBuilder().withName("links-credentials")
                .withNewSecret()
                .withSecretName(secret)
                .endSecret()
                .build()));
        return volumes;
    }

    private List<VolumeMount> mounts() {
        List<VolumeMount> mounts = new ArrayList<>(
                List.of(queueMount(), new VolumeMountBuilder().withName("tmp").withMountPath("/tmp").build()));
        linksSecret().ifPresent(_ -> mounts.add(new VolumeMountBuilder().withName("links-credentials")
                .withMountPath(LINKS_CREDENTIALS)
                .withReadOnly(true)
                .build()));
        return mounts;
    }

    private boolean servesLinks() {
        return settings.configuration().links().enabled();
    }

    private Optional<String> linksSecret() {
        return settings.configuration()
                .links()
                .bucket()
                .filter(_ -> servesLinks())
                .map(RelayConfiguration.S3::secretName);
    }

    private Volume queueVolume() {
        return settings.isShared()
                ? new VolumeBuilder().withName("queue-credentials")
                        .withNewSecret()
                        .withSecretName(settings.configuration().queue().secretName())
                        .endSecret()
                        .build()
                : new VolumeBuilder().withName("data")
                        .withNewPersistentVolumeClaim()
                        .withClaimName(RelayNames.NAME)
                        .endPersistentVolumeClaim()
                        .build();
    }

    private VolumeMount queueMount() {
        return settings.isShared()
                ? new VolumeMountBuilder().withName("queue-credentials")
                        .withMountPath(CREDENTIALS)
                        .withReadOnly(true)
                        .build()
                : new VolumeMountBuilder().withName("data").withMountPath(DATA).build();
    }

    /**
     * What only this process must know, and what it must know at its start; the rest it reads in its route, so that a
     * change of that is no reason for a new pod.
     */
    private List<EnvVar> environment() {
        List<EnvVar> environment = new ArrayList<>();
        environment.add(variable("JAVA_TOOL_OPTIONS", JAVA_OPTIONS));
        environment.add(variable("POSTRIDER_CONFIG_TEXT", configuration(namespace, settings).atStart().toString()));
        if (settings.isShared()) {
            environment.add(variable("POSTRIDER_QUEUE_CREDENTIALS", CREDENTIALS));
        }
        if (servesLinks()) {
            environment.add(variable("POSTRIDER_LINKS_PORT", Integer.toString(LINKS_PORT)));
        }
        linksSecret().ifPresent(_ -> environment.add(variable("POSTRIDER_LINKS_S3_CREDENTIALS", LINKS_CREDENTIALS)));
        graph.graph().ifPresent(url -> environment.add(variable("POSTRIDER_GRAPH_ENDPOINT", url.toString())));
        graph.login().ifPresent(url -> environment.add(variable("POSTRIDER_GRAPH_LOGIN_ENDPOINT", url.toString())));
        return environment;
    }

    private static EnvVar variable(String name, String value) {
        return new EnvVarBuilder().withName(name).withValue(value).build();
    }

    private Container container() {
        return new ContainerBuilder().withName("relay")
                .withImage(image)
                .withImagePullPolicy(settings.imagePullPolicy().orElse("IfNotPresent"))
                .withArgs(arguments())
                .withEnv(environment())
                .withPorts(ports())
                .withResources(resources())
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false)
                .withReadOnlyRootFilesystem(true)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .endSecurityContext()
                .withStartupProbe(probe("/healthz", 2, 60))
                .withLivenessProbe(probe("/healthz", 10, 3))
                .withReadinessProbe(probe("/readyz", 5, 2))
                .withLifecycle(lifecycle())
                .withVolumeMounts(mounts())
                .build();
    }

    /**
     * A relay that others stand in for goes on until every node has learned that it goes: until then connections still
     * come here, and would be refused.
     */
    private @Nullable Lifecycle lifecycle() {
        return settings.isShared()
                ? new LifecycleBuilder().withNewPreStop().withNewSleep(UNLEARNED_SECONDS).endPreStop().build()
                : null;
    }

    private List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of("relay", "--namespace=" + namespace, "--data=" + DATA));
        if (!connections.allowedNetworks().isEmpty()) {
            arguments.add("--allowed-networks=" + String.join(",", connections.allowedNetworks()));
        }
        if (!connections.deniedNetworks().isEmpty()) {
            arguments.add("--denied-networks=" + String.join(",", connections.deniedNetworks()));
        }
        return arguments;
    }

    private List<ContainerPort> ports() {
        List<ContainerPort> ports = new ArrayList<>(List.of(port("submission", SUBMISSION_CONTAINER_PORT),
                port("submissions", SUBMISSIONS_CONTAINER_PORT), port("admin", ADMIN_PORT),
                port("health", HEALTH_PORT)));
        if (servesLinks()) {
            ports.add(port("links", LINKS_PORT));
        }
        return ports;
    }

    private static ContainerPort port(String name, int port) {
        return new ContainerPortBuilder().withName(name).withContainerPort(port).withProtocol("TCP").build();
    }

    private static Probe probe(String path, int periodSeconds, int failures) {
        return new ProbeBuilder().withNewHttpGet()
                .withPath(path)
                .withPort(new IntOrString("health"))
                .endHttpGet()
                .withPeriodSeconds(periodSeconds)
                .withFailureThreshold(failures)
                .withTimeoutSeconds(2)
                .build();
    }

    private ResourceRequirements resources() {
        return Optional.ofNullable(settings.resources())
                .orElseGet(() -> new ResourceRequirementsBuilder()
                        .withRequests(Map.of("cpu", new Quantity("100m"), "memory", new Quantity("256Mi")))
                        .withLimits(Map.of("memory", new Quantity(MEMORY)))
                        .build());
    }
}
