package dev.postrider.operator;

import dev.postrider.operator.installation.RelayNames;
import dev.postrider.relay.Relay;
import dev.postrider.relay.RelaySettings;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.routes.RouteSecrets;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.testing.ApiServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.InstantSource;

/**
 * The relay that the Deployment would run, in this process. It learns its routes as in a cluster, from the Secrets that
 * the operator writes.
 */
final class RunningRelay implements AutoCloseable {
    private final KubernetesClient client;
    private final Relay relay;
    private final RouteSecrets routes;

    /**
     * Starts one.
     *
     * @param namespace of the installation
     * @param queue     where it keeps its queue
     */
    RunningRelay(ApiServer api, String namespace, Path queue) throws IOException {
        client = api.newClient();
        String hostName = RelayNames.host(namespace);
        Routes known = new Routes();
        relay = Relay.start(
                new RelaySettings(hostName, InetAddress.getLoopbackAddress(), 0, 0, 0, queue, SmtpLimits.DEFAULT,
                        false, RelayConfiguration.DEFAULT.received()),
                known, new MailUpstreams(hostName, false, LoopbackUpstreams.POLICY),
                DeliverySettings.of(hostName),
                InstantSource.system());
        routes = RouteSecrets.watch(client, namespace, known);
    }

    Relay relay() {
        return relay;
    }

    /** By which the operator finds it, as part of settings.yaml. */
    String settings() {
        return """
                relay:
                  adminAddress: "http://127.0.0.1:%d"
                  submissionAddress: localhost:%d
                  delivery: {retryAfter: [200ms], retryJitter: 0, serverRest: 200ms, longestServerRest: 200ms}
                """.formatted(relay.adminPort(), relay.submissionPort());
    }

    @Override
    public void close() {
        routes.close();
        relay.close();
        client.close();
    }
}
