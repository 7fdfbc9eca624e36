package dev.postrider.relay;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.routes.RouteSecrets;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import dev.postrider.route.Address;
import dev.postrider.route.DkimKey;
import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import dev.postrider.route.SizeLimit.WhenTooLarge;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.SubmitterKey;
import dev.postrider.route.Support;
import dev.postrider.route.SystemInformation;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.Opening;
import dev.postrider.transport.Upstream;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/**
 * A relay as a process of its own, with one organization, "orders", and one server on this machine. It says its ports
 * on standard output and ends with its standard input.
 */
public final class RelayMain {
    static final Duration LEASE = Duration.ofSeconds(3);

    /** Organizations of namespace "evil" that flood. */
    static final int FLOODING = 200;

    private static final String LOGIN = "orders.shop";

    private RelayMain() {}

    /**
     * Runs it. Arguments are {@code key=value}:
     *
     * <ul>
     * <li>{@code directory}: of its queue, or with the login of its database
     * <li>{@code server}: port of the server that it delivers to
     * <li>{@code connections}: of the server at most; 20 if not given
     * <li>{@code database}: URL, if it is not a queue in a file
     * <li>{@code submission}, {@code submissions}: ports; chosen if not given
     * <li>{@code certificate}: file with a {@link RelayRoute}; made if not given, which takes longer than all else
     * <li>{@code clients=open}: who does not log in is taken for the organization's
     * <li>{@code times=short}: for retries and leases, as tests want to wait for them
     * <li>{@code submitters=yes}: its server wants the login of whoever submits
     * <li>{@code dkim}: file with a {@link DkimKey}, which the organization's mail is signed with
     * <li>{@code hostile=yes}: it keeps attachments for download, if its queue is in a file, and has organizations of namespace "evil": "split",
     * "link" and "help", by what their mail is for, "away", whose server is not there, and many by the name of "flood-0"
     * and so on; and "files" of "evil" and of "shop", whose attachments all become links
     * <li>{@code deadly=yes}: its process dies while it sends mail from "deadly@shop.example"
     * <li>{@code organizations}: how many others it knows
     * <li>{@code kubeconfig}, {@code namespace}: of an API server whose Secrets are its routes, in place of all of these
     * </ul>
     */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> given = new HashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            given.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        boolean quick = "short".equals(given.get("times"));
        Path directory = Path.of(given.getOrDefault("directory", "."));
        var queue = new QueueSettings(
                Optional.ofNullable(given.get("database"))
                        .map(url -> new PostgresLocation(url, Optional.of(directory))),
                QueueLimits.DEFAULT, quick ? LEASE : QueueSettings.LEASE);
        var settings = new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), number(given, "submission"),
                number(given, "submissions"), 0, directory, SmtpLimits.DEFAULT, true,
                RelayConfiguration.DEFAULT.received(), queue,
                given.containsKey("hostile") && !given.containsKey("database")
                        ? Optional.of(new LinkSettings(0, false, Optional.empty(), 1L << 30, 4, Optional.empty()))
                        : Optional.empty());
        var delivery = quick
                ? TestSettings.delivery("{retryAfter: [200ms], retryJitter: 0, giveUpAfter: 24h, idleConnection: 5s, "
                        + "messagesPerConnection: 1000, serverRest: 200ms, longestServerRest: 200ms}")
                : DeliverySettings.of("relay.test");
        UnaryOperator<SubmissionPolicy> policy = "open".equals(given.get("clients"))
                ? Everybody::new
                : UnaryOperator.identity();
        var real = new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY);
        var routes = given.containsKey("kubeconfig") ? new Routes() : routes(given);
        try (var relay = Relay.start(settings, routes,
                given.containsKey("deadly") ? server -> new Deadly(real.to(server)) : real, delivery,
                new Exposure(Exposure.DEFAULT.access(), Exposure.DEFAULT.namedInMetrics(), Exposure.DEFAULT.tracing(),
                        Exposure.DEFAULT.webhooks(), OptionalInt.of(0)),
                InstantSource.system(), policy)) {
            if (given.containsKey("kubeconfig")) {
                watch(given, routes);
            }
            System.out.println("ports " + relay.submissionPort() + " " + relay.adminPort() + " "
                    + relay.healthPort().orElseThrow() + " " + relay.linksPort().orElse(0));
            while (System.in.read() >= 0) {
                // Whoever started it is still there.
            }
            relay.stop(Duration.ofSeconds(10));
        }
    }

    /** As the relay's command does; until the process ends. */
    private static void watch(Map<String, String> given, Routes routes) {
        Config config = Config.fromKubeconfig(new File(given.getOrDefault("kubeconfig", "")));
        RouteSecrets.watch(new KubernetesClientBuilder().withConfig(config).build(),
                given.getOrDefault("namespace", ""),
                routes);
    }

    private static Routes routes(Map<String, String> given) throws IOException {
        var routes = new Routes();
        String certificate = given.get("certificate");
        routes.put(certificate == null
                ? TestRoutes.relay()
                : RouteJson.read(Files.readString(Path.of(certificate)), RelayRoute.class));
        ServerRoute server = TestRoutes.local("mx", number(given, "server"),
                Integer.parseInt(given.getOrDefault("connections", "20")));
        if ("yes".equals(given.get("submitters"))) {
            server = TestRoutes.forSubmitters(server);
            RelayRoute relay = routes.relay().orElseThrow();
            routes.put(new RelayRoute(false, relay.certificate(), relay.privateKey(), relay.adminTokenSha256(),
                    List.of(new SubmitterKey("fixed", "0123456789abcdef".repeat(4)))));
        }
        routes.put(server);
        OrganizationRoute orders = TestRoutes.organization("orders", State.OPEN);
        String dkim = given.get("dkim");
        routes.put(dkim == null
                ? orders
                : orders.signing(Optional.empty(),
                        List.of(RouteJson.read(Files.readString(Path.of(dkim)), DkimKey.class))));
        if (given.containsKey("hostile")) {
            for (int i = 0; i < FLOODING; i++) {
                routes.put(hostile("flood-" + i, SizeLimit.NONE));
            }
            routes.put(linking("shop", "files"));
            routes.put(linking("evil", "files"));
            routes.put(hostile("split", new SizeLimit(Optional.of(64L << 10), WhenTooLarge.SPLIT)));
            routes.put(hostile("link", new SizeLimit(Optional.of(1L << 20), WhenTooLarge.LINK,
                    Optional.of(new Linking("links.test", false, 1)))));
            routes.put(awayServer());
            OrganizationRoute away = hostile("away", SizeLimit.NONE);
            routes.put(new OrganizationRoute(away.key(), away.passwordSha256(), State.OPEN,
                    List.of(awayServer().key()), away.from(), away.envelopeFrom(), Optional.empty(),
                    Optional.of(SizeLimit.NONE)));
            routes.put(hostile("help", SizeLimit.NONE).helpedBy(Optional.of(new Support("help@evil.example",
                    Optional.empty(), Optional.of(new SystemInformation(List.of(), List.of()))))));
        }
        for (int i = 0; i < number(given, "organizations"); i++) {
            routes.put(TestRoutes.organization("organization-" + i, State.OPEN));
        }
        routes.markComplete();
        return routes;
    }

    private static ServerRoute awayServer() {
        ServerRoute nobody = TestRoutes.local("away", 1, 10);
        return new ServerRoute(new ResourceKey("evil", "away"), false, true, nobody.endpoint());
    }

    private static OrganizationRoute linking(String namespace, String name) {
        return new OrganizationRoute(new ResourceKey(namespace, name), Sha256.of(TestRoutes.PASSWORD), State.OPEN,
                List.of(), new Address("a@" + namespace + ".example", Optional.empty()), "bounces@shop.example",
                Optional.empty(), Optional.of(new SizeLimit(Optional.empty(), WhenTooLarge.LINK,
                        Optional.of(new Linking("links." + namespace, true, 1)))));
    }

    private static OrganizationRoute hostile(String name, SizeLimit limit) {
        return new OrganizationRoute(new ResourceKey("evil", name), Sha256.of(TestRoutes.PASSWORD), State.OPEN,
                List.of(), new Address(name + "@evil.example", Optional.empty()), "bounces@evil.example",
                Optional.empty(), Optional.of(limit));
    }

    private static int number(Map<String, String> given, String key) {
        return Integer.parseInt(given.getOrDefault(key, "0"));
    }

    /** Dies of some mail. */
    private record Deadly(Upstream upstream) implements Upstream {
        @Override
        public Attempt send(Envelope envelope, MessageContent message) {
            if (envelope.sender().startsWith("deadly")) {
                Runtime.getRuntime().halt(1);
            }
            return upstream.send(envelope, message);
        }

        @Override
        public Opening open() {
            return upstream.open();
        }

        @Override
        public boolean isOpen() {
            return upstream.isOpen();
        }

        @Override
        public void close() {
            upstream.close();
        }
    }

    /** Takes every client for one organization's. */
    private record Everybody(SubmissionPolicy organizations) implements SubmissionPolicy {
        @Override
        public Authentication authentication() {
            return Authentication.NONE;
        }

        @Override
        public Admission admit(String user, String password) {
            return Admission.when(false, user);
        }

        @Override
        public Optional<Refusal> refusal(Optional<String> user) {
            return organizations.refusal(Optional.of(LOGIN));
        }

        @Override
        public IncomingMessage open(Submission s) throws IOException {
            return organizations.open(new Submission(Optional.of(LOGIN), s.client(), s.greeting(), s.protocol(),
                    s.tls(), s.sender(), s.recipients(), s.eightBit(), s.smtpUtf8(), s.dsn()));
        }
    }
}
