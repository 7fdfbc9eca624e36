package dev.postrider.relay;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import javax.net.ssl.SSLContext;

/** A relay with one organization, whose mail goes to a scripted server. */
final class RelayOfOne implements AutoCloseable {
    private final Routes routes = new Routes();
    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private final SSLContext trust;
    private final Relay relay;

    RelayOfOne(Path directory, OrganizationRoute organization, InstantSource clock) throws Exception {
        trust = TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate());
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("mx", server.port(), 4));
        routes.put(organization);
        routes.markComplete();
        relay = Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()),
                routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
                DeliverySettings.of("relay.test"), clock);
    }

    Routes routes() {
        return routes;
    }

    ScriptedSmtpServer server() {
        return server;
    }

    Relay relay() {
        return relay;
    }

    /** A session after STARTTLS and EHLO. */
    Dialogue session() throws Exception {
        var client = Dialogue.connect(relay.submissionPort());
        client.say("EHLO client.test");
        client.say("STARTTLS");
        client.encrypt(trust);
        client.say("EHLO client.test");
        return client;
    }

    @Override
    public void close() {
        relay.close();
        server.close();
    }
}
