package dev.postrider.relay;

import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.transport.MailUpstreams;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The relay as a process of its own, with routes that no cluster gave it, for programs that measure it. */
public final class RelayUnderTest {
    private static final String LOGIN = "orders.shop";

    private RelayUnderTest() {}

    /**
     * Arguments: the port to listen on without TLS or 0, the port to listen on with TLS or 0, the directory of the
     * queue, the port of the upstream server, and {@code open} where clients that cannot log in are taken for an
     * organization's.
     */
    public static void main(String[] arguments) throws Exception {
        var settings = new RelaySettings("relay.test", InetAddress.getLoopbackAddress(),
                Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]), 0, Path.of(arguments[2]),
                SmtpLimits.DEFAULT, true, TraceSettings.DEFAULT);
        var routes = new Routes();
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("upstream", Integer.parseInt(arguments[3]), 20));
        routes.put(TestRoutes.organization("orders", State.OPEN));
        routes.markComplete();
        boolean open = arguments.length > 4 && arguments[4].equals("open");
        Relay.start(settings, routes, new MailUpstreams("relay.test", false),
                DeliverySettings.of("relay.test"), Exposure.DEFAULT, InstantSource.system(),
                open ? Everybody::new : UnaryOperator.identity());
        Thread.currentThread().join();
    }

    /** Takes every client for one organization's. */
    private record Everybody(SubmissionPolicy organizations) implements SubmissionPolicy {
        @Override
        public Authentication authentication() {
            return Authentication.NONE;
        }

        @Override
        public boolean authenticate(String user, String password) {
            return false;
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
