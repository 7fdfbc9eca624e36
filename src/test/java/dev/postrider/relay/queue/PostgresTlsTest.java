package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.testing.PostgresServer;
import dev.postrider.testing.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL that speaks TLS, and whom the relay takes for it. */
@Tag("relay")
final class PostgresTlsTest {
    private static final TestCertificates AUTHORITY = new TestCertificates("Databases");

    private static PostgresServer server;

    @TempDir
    Path directory;

    @BeforeAll
    static void startServer() {
        server = PostgresServer.startWithTls(AUTHORITY.server("localhost"));
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    private PostgresLocation location(String host, String parameters, Optional<String> authority) throws Exception {
        Path credentials = PostgresServer.credentials(directory);
        if (authority.isPresent()) {
            Files.writeString(credentials.resolve("ca.crt"), authority.get());
        }
        return new PostgresLocation("postgresql://" + host + ":" + server.port() + "/" + server.newDatabase()
                + parameters, Optional.of(credentials));
    }

    private static long encryptedConnections(PostgresLocation location) throws Exception {
        try (var queue = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, InstantSource.system())) {
            queue.probe();
            String name = location.url().replaceAll(".*/([a-z0-9]+).*", "$1");
            try (var connection = server.connect("postgres");
                    var query = connection.prepareStatement("SELECT count(*) FROM pg_stat_ssl s"
                            + " JOIN pg_stat_activity a USING (pid) WHERE a.datname = ? AND s.ssl")) {
                query.setString(1, name);
                try (var rows = query.executeQuery()) {
                    rows.next();
                    return rows.getLong(1);
                }
            }
        }
    }

    @Test
    void encryptsAndVerifiesWithoutBeingTold() throws Exception {
        assertThat(encryptedConnections(location("localhost", "", Optional.of(AUTHORITY.pem())))).isPositive();
    }

    @Test
    void doesAsTheUrlSaysWhereItSaysSo() throws Exception {
        assertThat(encryptedConnections(location("localhost", "?sslmode=disable", Optional.empty()))).isZero();
        // A name that the certificate does not have is not looked at.
        assertThat(encryptedConnections(location("127.0.0.1", "?sslmode=verify-ca", Optional.of(AUTHORITY.pem()))))
                .isPositive();
    }

    @Test
    void refusesAServerWhoseCertificateIsOfAnotherAuthority() throws Exception {
        var other = new TestCertificates("Others").pem();
        assertThatThrownBy(() -> encryptedConnections(location("localhost", "", Optional.of(other))))
                .isInstanceOf(QueueException.class)
                .hasMessageContaining("unable to find valid certification path");
    }

    @Test
    void refusesAServerThatOnlyAnotherAuthorityThanJavasKnows() throws Exception {
        assertThatThrownBy(() -> encryptedConnections(location("localhost", "", Optional.empty())))
                .isInstanceOf(QueueException.class)
                .hasMessageContaining("unable to find valid certification path");
    }

    @Test
    void refusesAServerOfAnotherName() throws Exception {
        assertThatThrownBy(() -> encryptedConnections(location("127.0.0.1", "", Optional.of(AUTHORITY.pem()))))
                .isInstanceOf(QueueException.class)
                .hasMessageContaining("127.0.0.1");
    }

    @Test
    void refusesAServerWithoutTls() throws Exception {
        var plain = PostgresServer.shared();
        var location = new PostgresLocation(
                plain.url(plain.newDatabase()).replaceAll("\\?.*", ""),
                Optional.of(PostgresServer.credentials(directory)));
        assertThatThrownBy(() -> SqlQueue.openPostgres(location, QueueLimits.DEFAULT, InstantSource.system()))
                .isInstanceOf(QueueException.class)
                .hasMessageContaining("SSL");
    }
}
