package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.organization;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.RelayRoute;
import dev.postrider.testing.ScriptedSmtpServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the relay's route says of its configuration takes effect without a restart, and in open sessions. */
@Tag("relay")
final class ChangedConfigurationTest {
    @TempDir
    Path directory;

    private RelayOfOne relay;

    @BeforeEach
    void start() throws Exception {
        relay = new RelayOfOne(directory, organization("orders", State.OPEN), InstantSource.system());
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    private void configure(String yaml) {
        RelayRoute now = relay.routes().relay().orElseThrow();
        relay.routes()
                .put(new RelayRoute(now.globalServerRequired(), now.certificate(), now.privateKey(),
                        now.adminTokenSha256(), now.submitterKeys(), now.replyRules(), RelayConfiguration.read(yaml)));
    }

    private static String send(Dialogue client, String recipient, String message) throws Exception {
        return client.mail("orders@example.com", recipient, message);
    }

    @Test
    void holdsForTheNextMailOfAnOpenSession() throws Exception {
        String twice = "Received: from a by b\r\nReceived: from b by c\r\n\r\ntext\r\n";
        try (Dialogue client = relay.session()) {
            client.login("orders.shop", PASSWORD);
            assertThat(send(client, "1@y.example", twice)).startsWith("250");

            configure("{received: {most: 1, clientAddress: false}}");
            assertThat(send(client, "2@y.example", twice)).startsWith("554 5.4.6 the message has more than 1 Received");
            assertThat(send(client, "3@y.example", "\r\ntext\r\n")).startsWith("250");
            await().until(() -> relay.server().messages().size() == 2);
            assertThat(relay.server().messages().getFirst().text()).contains("127.0.0.1");
            assertThat(relay.server().messages().getLast().text()).doesNotContain("127.0.0.1");
        }
    }

    @Test
    void boundsTheQueueAndWhatIsThereStays() throws Exception {
        relay.server().on("MAIL", "450 4.3.0 later");
        try (Dialogue client = relay.session()) {
            client.login("orders.shop", PASSWORD);
            assertThat(send(client, "1@y.example", "\r\ntext\r\n")).startsWith("250");
            assertThat(send(client, "2@y.example", "\r\ntext\r\n")).startsWith("250");

            configure("{queue: {organizationLimits: {messages: 2}}}");
            assertThat(send(client, "3@y.example", "\r\ntext\r\n")).startsWith("452");
            assertThat(relay.relay().queued()).isEqualTo(2);

            configure("{queue: {organizationLimits: {messages: 3}}}");
            assertThat(send(client, "3@y.example", "\r\ntext\r\n")).startsWith("250");
        }
    }

    @Test
    void retriesByTheNewWaits() throws Exception {
        relay.server().on("MAIL", "450 4.3.0 later");
        configure("{delivery: {retryAfter: [100ms], retryJitter: 0}}");
        try (Dialogue client = relay.session()) {
            client.login("orders.shop", PASSWORD);
            assertThat(send(client, "1@y.example", "\r\ntext\r\n")).startsWith("250");
        }
        await().until(() -> relay.server().commands().stream().filter(line -> line.startsWith("MAIL")).count() > 2);
        relay.server().on("MAIL", "");
        await().until(() -> relay.relay().queued() == 0);
    }

    @Test
    void restsAServerAfterAsManyFailuresAsItSays() throws Exception {
        relay.server().on("CONNECT", ScriptedSmtpServer.CLOSE);
        configure(
                "{delivery: {retryAfter: [10ms], retryJitter: 0, serverFailures: 5, longestServerRest: 1h, serverRest: 1h}}");
        try (Dialogue client = relay.session()) {
            client.login("orders.shop", PASSWORD);
            assertThat(send(client, "1@y.example", "\r\ntext\r\n")).startsWith("250");
        }
        await().during(Duration.ofMillis(300)).until(() -> relay.server().connections() == 5);
    }
}
