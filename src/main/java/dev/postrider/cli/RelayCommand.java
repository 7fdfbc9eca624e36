package dev.postrider.cli;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.Relay;
import dev.postrider.relay.RelaySettings;
import dev.postrider.relay.Exposure;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.access.TokenReviews;
import dev.postrider.relay.admin.KubernetesAccess;
import dev.postrider.relay.events.WebhookPolicy;
import dev.postrider.relay.routes.RouteSecrets;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.transport.EgressPolicy;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.OwnAddresses;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
        "Stops cleanly on SIGTERM. Each option can also be given in the environment, as POSTRIDER_ADMIN_PORT."})
final class RelayCommand implements Callable<Integer> {

    static {
        // A client could make the relay compute handshakes without end over one connection (RFC 5746 is not about that).
        System.getProperties().putIfAbsent("jdk.tls.rejectClientInitiatedRenegotiation", "true");
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

    @Option(names = "--config", paramLabel = "FILE", defaultValue = "${env:POSTRIDER_CONFIG}",
            showDefaultValue = Visibility.NEVER, description = "How the relay works: YAML with what the chart has below "
                    + "relay (hostName, allowPlaintextAuthentication, queue, links, received, delivery, visibility), as far "
                    + "as it is not the default. What the operator says in the relay's route counts before it.")
    @Nullable
    Path config;

    @Option(names = "--config-text", paramLabel = "TEXT", defaultValue = "${env:POSTRIDER_CONFIG_TEXT}",
            showDefaultValue = Visibility.NEVER, description = "The same as a text in place of a file.")
    @Nullable
    String configText;

    @Mixin
    QueueOptions queue;

    @Mixin
    LinkOptions links;

    @Mixin
    GraphOptions graph;

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
        RelayConfiguration configuration = configuration();
        Routes routes = new Routes();
        try (Stop stop = new Stop();
                KubernetesClient client = new KubernetesClientBuilder().build()) {
            return serve(stop, client, configuration, routes);
        }
    }

    private int serve(Stop stop, KubernetesClient client, RelayConfiguration configuration, Routes routes)
            throws IOException, InterruptedException {
        EgressPolicy tenants = tenants(client, configuration);
        String hostName = configuration.hostName().isEmpty() ? "localhost" : configuration.hostName();
        RelayConfiguration.Visibility visibility = configuration.visibility();
        List<String> webhooks = visibility.webhooksAllow();
        try (Relay relay = stop.orStart(() -> Relay.start(
                new RelaySettings(hostName, bind, submissionPort, submissionsPort, adminPort, data,
                        SmtpLimits.DEFAULT, configuration.allowPlaintextAuthentication(), configuration.received(),
                        queue.settings(spec.commandLine(), configuration.queue()),
                        links.settings(spec.commandLine(), configuration.links())),
                routes, new MailUpstreams(hostName, false, tenants, graph.endpoints(), routes::replyRules),
                new DeliverySettings(hostName, configuration.delivery()),
                new Exposure(new KubernetesAccess(new TokenReviews(client, InstantSource.system())),
                        visibility.metricsNames(), Tracing.to(otlpEndpoint(visibility).map(URI::create)),
                        new WebhookPolicy(webhooks.contains("http"),
                                webhooks.contains("local") ? tenants.allowing(THIS_MACHINE) : tenants),
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

    /** As the configuration says, else as OpenTelemetry's own variable does. */
    private static Optional<String> otlpEndpoint(RelayConfiguration.Visibility visibility) {
        return Optional.of(visibility.otlpEndpoint())
                .filter(endpoint -> !endpoint.isEmpty())
                .or(() -> Optional.ofNullable(System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT")))
                .filter(endpoint -> !endpoint.isEmpty());
    }

    private EgressPolicy tenants(KubernetesClient client, RelayConfiguration configuration) {
        try {
            return EgressPolicy.of(allowedNetworks, deniedNetworks,
                    OwnAddresses.ofInstallation("postrider-relay." + routesNamespace(client.getNamespace()) + ".svc",
                            client.getMasterUrl().getHost(),
                            Stream.of(configuration.queue().url(), configuration.links().s3().endpoint(),
                                    configuration.links().scanner(),
                                    otlpEndpoint(configuration.visibility()).orElse(""))
                                    .filter(address -> !address.isEmpty())
                                    .toList()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(),
                    "--allowed-networks, --denied-networks: " + e.getMessage(), e);
        }
    }

    private RelayConfiguration configuration() throws IOException {
        Optional<String> file = Optional.ofNullable(config).map(Path::toString).filter(name -> !name.isEmpty());
        Optional<String> text = OptionValue.given(configText);
        if (file.isPresent() && text.isPresent()) {
            throw new ParameterException(spec.commandLine(), "--config and --config-text: give one of them");
        }
        String option = file.isPresent() ? "--config " + file.get() : "--config-text";
        try {
            return RelayConfiguration
                    .read(file.isPresent() ? Files.readString(Path.of(file.get())) : text.orElse("{}"));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage(), e);
        } catch (NoSuchFileException e) {
            throw new ParameterException(spec.commandLine(), option + ": there is no such file", e);
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
