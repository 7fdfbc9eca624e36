package dev.postrider.cli;

import dev.postrider.relay.Relay;
import dev.postrider.relay.RelaySettings;
import dev.postrider.relay.TraceSettings;
import dev.postrider.relay.Exposure;
import dev.postrider.access.TokenReviews;
import dev.postrider.relay.admin.KubernetesAccess;
import dev.postrider.relay.events.WebhookPolicy;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.routes.RouteSecrets;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.transport.EgressPolicy;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.OwnAddresses;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Runs the relay of a cluster: it takes mail of the organizations that the operator has made routes for. */
@Command(name = "relay", mixinStandardHelpOptions = true, showDefaultValues = true, description = {
        "Runs the relay that the operator deploys: takes mail of organizations, queues it, delivers it.",
        "Stops cleanly on SIGTERM. Each option can also be given in the environment, as POSTRIDER_HOST_NAME."})
final class RelayCommand implements Callable<Integer> {

    static {
        // A client could make the relay compute handshakes without end over one connection (RFC 5746 is not about that).
        System.getProperties().putIfAbsent("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    }

    /** What webhooks may be. */
    enum Webhooks {
        HTTP, LOCAL
    }

    /** Less than the minute that the Deployment grants. */
    private static final Duration GRACE = Duration.ofSeconds(50);

    @Spec
    CommandSpec spec;

    @Option(names = "--namespace", paramLabel = "NAMESPACE", defaultValue = "${env:POSTRIDER_NAMESPACE}",
            showDefaultValue = Visibility.NEVER, description = "Where the routes are. Default: the "
            + "namespace of the pod, or of the kubeconfig.")
    @Nullable
    String namespace;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "${env:POSTRIDER_DATA:-/var/lib/postrider}",
            description = "Where the queue is kept.")
    Path data;

    @Option(names = "--host-name", paramLabel = "NAME", defaultValue = "${env:POSTRIDER_HOST_NAME:-localhost}",
            description = "How the relay calls itself to clients and servers: a domain name that its clients "
                    + "know it by.")
    String hostName;

    @Option(names = "--bind", paramLabel = "ADDRESS", defaultValue = "${env:POSTRIDER_BIND:-0.0.0.0}",
            description = "The address of all ports.")
    InetAddress bind;

    @Option(names = "--submission-port", paramLabel = "PORT", defaultValue = "${env:POSTRIDER_SUBMISSION_PORT:-2587}",
            description = "The port with STARTTLS; 0 for one that the system chooses.")
    int submissionPort;

    @Option(names = "--submissions-port", paramLabel = "PORT",
            defaultValue = "${env:POSTRIDER_SUBMISSIONS_PORT:-2465}",
            description = "The port with TLS at once; 0 for one that the system chooses.")
    int submissionsPort;

    @Option(names = "--admin-port", paramLabel = "PORT", defaultValue = "${env:POSTRIDER_ADMIN_PORT:-8080}",
            description = "The port of /metrics, the queue API, /healthz and /readyz; 0 for one that the system chooses.")
    int adminPort;

    @Option(names = "--health-port", paramLabel = "PORT", defaultValue = "${env:POSTRIDER_HEALTH_PORT:-8081}",
            description = "A port for /healthz and /readyz alone, for the kubelet; 0 for one that the system chooses.")
    int healthPort;

    @Option(names = "--allow-plaintext-authentication", arity = "0..1", fallbackValue = "true",
            paramLabel = "true|false",
            defaultValue = "${env:POSTRIDER_ALLOW_PLAINTEXT_AUTHENTICATION:-false}",
            description = "Whether applications may log in without TLS. Their passwords then cross the "
                    + "network readable.")
    boolean allowPlaintextAuthentication;

    @Option(names = "--most-received", paramLabel = "COUNT", defaultValue = "${env:POSTRIDER_MOST_RECEIVED:-50}",
            description = "Received fields that a message may have; with more it is refused as going round in a "
                    + "loop.")
    int mostReceived;

    @Option(names = "--most-own-received", paramLabel = "COUNT",
            defaultValue = "${env:POSTRIDER_MOST_OWN_RECEIVED:-5}",
            description = "Those among them that may be of this relay.")
    int mostOwnReceived;

    @Option(names = "--received-client-address", arity = "0..1", fallbackValue = "true", paramLabel = "true|false",
            defaultValue = "${env:POSTRIDER_RECEIVED_CLIENT_ADDRESS:-true}",
            description = "Whether the Received field that the relay adds names the address of the client.")
    boolean receivedClientAddress;

    @Mixin
    QueueOptions queue;

    @Mixin
    DeliveryOptions delivery;

    @Mixin
    LinkOptions links;

    @Mixin
    GraphOptions graph;

    @Option(names = "--metrics-names", paramLabel = "N", defaultValue = "${env:POSTRIDER_METRICS_NAMES:-100}",
            description = "How many organizations, and how many servers, metrics name: the most active. The rest is "
                    + "counted together as \"other\".")
    int namedInMetrics;

    @Option(names = "--otlp-endpoint", paramLabel = "URL", defaultValue = "${env:OTEL_EXPORTER_OTLP_ENDPOINT}",
            showDefaultValue = Visibility.NEVER, description = "Where traces are sent by OTLP over HTTP, as "
                    + "http://collector:4318. Default: the environment's OTEL_EXPORTER_OTLP_ENDPOINT, or nowhere.")
    @Nullable
    URI otlpEndpoint;

    @Option(names = "--webhooks-allow", paramLabel = "WHAT", split = ",",
            defaultValue = "${env:POSTRIDER_WEBHOOKS_ALLOW}", showDefaultValue = Visibility.NEVER,
            description = "What organizations' webhooks may be besides https URLs of other machines: http (not "
                    + "encrypted), local (loopback and link-local addresses). Default: nothing more.")
    List<Webhooks> webhooks = List.of();

    @Option(names = "--allowed-networks", paramLabel = "CIDR", split = ",",
            defaultValue = "${env:POSTRIDER_ALLOWED_NETWORKS}", showDefaultValue = Visibility.NEVER,
            description = "Networks that servers of organizations may be in though they are refused by default, as "
                    + "169.254.10.0/24. Default: none.")
    List<String> allowedNetworks = List.of();

    @Option(names = "--denied-networks", paramLabel = "CIDR", split = ",",
            defaultValue = "${env:POSTRIDER_DENIED_NETWORKS}", showDefaultValue = Visibility.NEVER,
            description = "Networks that they may not be in though they are allowed by default, as 10.0.0.0/8. "
                    + "Default: none.")
    List<String> deniedNetworks = List.of();

    // @formatter:on

    private static final List<String> THIS_MACHINE = List.of("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10");

    @Override
    public Integer call() throws IOException, InterruptedException {
        Ports.check(spec.commandLine(), "--submission-port", submissionPort);
        Ports.check(spec.commandLine(), "--submissions-port", submissionsPort);
        Ports.check(spec.commandLine(), "--admin-port", adminPort);
        Ports.check(spec.commandLine(), "--health-port", healthPort);
        QueueSettings queueSettings = queue.settings(spec.commandLine());
        Routes routes = new Routes();
        try (Stop stop = new Stop();
                KubernetesClient client = new KubernetesClientBuilder().build()) {
            return serve(stop, client, queueSettings, routes);
        }
    }

    private int serve(Stop stop, KubernetesClient client, QueueSettings queueSettings, Routes routes)
            throws IOException, InterruptedException {
        EgressPolicy tenants = tenants(client);
        try (Relay relay = stop.orStart(() -> Relay.start(
                new RelaySettings(hostName, bind, submissionPort, submissionsPort, adminPort, data,
                        SmtpLimits.DEFAULT, allowPlaintextAuthentication, trace(),
                        queueSettings,
                        links.settings(spec.commandLine(), queueSettings.postgres().isPresent())),
                routes, new MailUpstreams(hostName, false, tenants, graph.endpoints(), routes::replyRules),
                delivery.settings(spec.commandLine(), hostName),
                new Exposure(new KubernetesAccess(new TokenReviews(client, InstantSource.system())), namedInMetrics,
                        Tracing.to(Optional.ofNullable(otlpEndpoint)),
                        new WebhookPolicy(webhooks.contains(Webhooks.HTTP),
                                webhooks.contains(Webhooks.LOCAL) ? tenants.allowing(THIS_MACHINE) : tenants),
                        OptionalInt.of(healthPort)),
                InstantSource.system()));
                RouteSecrets _ = RouteSecrets.watch(client, routesNamespace(client.getNamespace()), routes)) {
            stop.await();
            relay.stop(GRACE);
        } catch (InterruptedIOException e) {
            // Asked to stop while it waited for its queue.
            return 0;
        }
        return 0;
    }

    private EgressPolicy tenants(KubernetesClient client) {
        try {
            return EgressPolicy.of(allowedNetworks, deniedNetworks,
                    OwnAddresses.ofInstallation("postrider-relay." + routesNamespace(client.getNamespace()) + ".svc",
                            client.getMasterUrl().getHost(),
                            Stream.of(Optional.ofNullable(queue.url), Optional.ofNullable(links.endpoint),
                                    Optional.ofNullable(links.scanner),
                                    Optional.ofNullable(otlpEndpoint).map(URI::toString))
                                    .flatMap(Optional::stream)
                                    .toList()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(),
                    "--allowed-networks, --denied-networks: " + e.getMessage(), e);
        }
    }

    private TraceSettings trace() {
        try {
            return new TraceSettings(mostReceived, mostOwnReceived, receivedClientAddress);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--most-received, --most-own-received: " + e.getMessage(),
                    e);
        }
    }

    private String routesNamespace(@Nullable String ofClient) {
        String found = namespace == null || namespace.isEmpty() ? ofClient : namespace;
        if (found == null || found.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "--namespace: neither given nor to be found in the pod or the kubeconfig");
        }
        return found;
    }
}
