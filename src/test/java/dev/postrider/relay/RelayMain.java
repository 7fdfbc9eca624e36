package dev.postrider.relay;

import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.transport.MailUpstreams;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * A relay as a process of its own, with one organization, "orders", and one server on this machine. It says its ports
 * on standard output and ends with its standard input.
 */
public final class RelayMain {
    static final Duration LEASE = Duration.ofSeconds(3);

    private RelayMain() {}

    /**
     * Runs it.
     *
     * @param arguments directory, port of the server, its connections, URL of the database or "-"
     */
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        Optional<PostgresLocation> postgres = arguments[3].equals("-")
                ? Optional.empty()
                : Optional.of(new PostgresLocation(arguments[3], Optional.of(directory)));
        var routes = new Routes();
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("mx", Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2])));
        routes.put(TestRoutes.organization("orders", State.OPEN));
        routes.markComplete();
        var delivery = new DeliverySettings("relay.test", List.of(Duration.ofMillis(200)), 0, Duration.ofHours(4),
                Duration.ofDays(1), Duration.ofSeconds(5), 1000, Duration.ofMillis(200), Duration.ofMillis(200),
                1 << 20);
        var settings = new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                SmtpLimits.DEFAULT, true, TraceSettings.DEFAULT, new QueueSettings(postgres, QueueLimits.DEFAULT,
                        LEASE));
        try (var relay = Relay.start(settings, routes, new MailUpstreams("relay.test", false), delivery,
                InstantSource.system())) {
            System.out.println("ports " + relay.submissionPort() + " " + relay.adminPort());
            while (System.in.read() >= 0) {
                // Whoever started it is still there.
            }
            relay.stop(Duration.ofSeconds(10));
        }
    }
}
