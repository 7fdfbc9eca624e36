package dev.postrider.relay.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.testing.ClamdServer;
import dev.postrider.testing.FreePort;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("upstreams")
final class ClamdTest {
    @TempDir
    static Path directory;

    private static ClamdServer server;

    @BeforeAll
    static void start() throws Exception {
        server = ClamdServer.start(directory);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Optional<String> scan(Clamd scanner, String text) throws LinksException {
        return scanner.scan(() -> new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void findsWhatItKnows() throws Exception {
        Clamd scanner = new Clamd(server.address());
        assertThat(scan(scanner, "harmless")).isEmpty();
        assertThat(scan(scanner, "")).isEmpty();
        assertThat(scan(scanner, "x".repeat(200_000) + ClamdServer.VIRUS)).contains("Postrider.Test.UNOFFICIAL");
    }

    @Test
    void speaksOverAUnixSocketToo() throws Exception {
        if (server.isReal()) {
            assertThat(scan(new Clamd("unix:" + directory.resolve("clamd.sock")), ClamdServer.VIRUS)).isPresent();
        }
    }

    @Test
    void takesWhatIsTooLargeForTheScannerForUnknown() {
        assertThatThrownBy(() -> scan(new Clamd(server.address()), "x".repeat(3 << 20)))
                .isInstanceOf(LinksException.class)
                .hasMessageContaining("raise StreamMaxLength");
    }

    @Test
    void saysThatNobodyAnswers() throws Exception {
        String nobody = "127.0.0.1:" + FreePort.find();
        assertThatThrownBy(() -> scan(new Clamd(nobody), "x")).isInstanceOf(LinksException.class)
                .hasMessageContaining("the virus scanner at " + nobody + " does not answer");
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var scanner = new Clamd("127.0.0.1:" + silent.getLocalPort(), Duration.ofMillis(200));
            assertThatThrownBy(() -> scan(scanner, "x")).isInstanceOf(LinksException.class)
                    .hasMessageContaining("does not answer");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"clamd", "clamd:port", "http://clamd:3310", "unix:relative", ""})
    void refusesWhatIsNoAddress(String address) {
        assertThatThrownBy(() -> new Clamd(address)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write host:port or unix:/path");
    }
}
