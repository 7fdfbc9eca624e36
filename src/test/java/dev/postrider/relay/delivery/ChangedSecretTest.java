package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.TestRoutes;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Secret with a server's authorities changes while a connection that was made by the old one is kept open. */
@Tag("upstreams")
final class ChangedSecretTest {
    private static final TestCertificates OLD = new TestCertificates("Old CA");
    private static final TestCertificates NEW = new TestCertificates("New CA");
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private RunningDelivery running;

    @BeforeEach
    void start() throws Exception {
        server.startTls(OLD.server("localhost"));
        running = new RunningDelivery(directory);
        running.server(trusting(OLD));
        running.organization("orders", "mx");
        running.delivery().start();
        running.submit("orders", "first@y.example");
        running.awaitEmpty("orders", LONG);
    }

    @AfterEach
    void stop() {
        running.close();
        server.close();
    }

    private ServerRoute trusting(TestCertificates authority) {
        return new ServerRoute(TestRoutes.key("mx"), false, true,
                new Endpoint.Smtp("localhost", server.port(), Security.STARTTLS, Optional.of(authority.pem()),
                        Duration.ofSeconds(5), Duration.ofSeconds(5), 2, Optional.empty()));
    }

    @Test
    void theNextMailGoesByTheNewOneOverANewConnection() throws Exception {
        server.startTls(NEW.server("localhost"));
        running.server(trusting(NEW));

        running.submit("orders", "second@y.example");
        running.awaitEmpty("orders", LONG);

        assertThat(server.connections()).isEqualTo(2);
        assertThat(server.messages()).hasSize(2).allSatisfy(mail -> assertThat(mail.tls()).isTrue());
    }

    @Test
    void aWrongOneHoldsTheMailUntilItIsRight() throws Exception {
        running.server(trusting(NEW));

        running.submit("orders", "second@y.example");
        await().atMost(LONG).until(() -> server.connections() == 2);
        assertThat(server.messages()).hasSize(1);

        running.server(trusting(OLD));
        running.submit("orders", "third@y.example");
        await().atMost(LONG).untilAsserted(() -> assertThat(server.messages()).hasSizeGreaterThanOrEqualTo(2));
        assertThat(server.messages()).allSatisfy(mail -> assertThat(mail.tls()).isTrue());
    }
}
