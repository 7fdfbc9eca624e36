package dev.postrider.relay.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.testing.ClamdServer;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.HostileArchive;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
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

    private static Optional<String> scan(Clamd scanner, byte[] octets) throws LinksException {
        return scanner.scan(() -> new ByteArrayInputStream(octets), scanner.deadline());
    }

    private static Optional<String> scan(Clamd scanner, String text) throws LinksException {
        return scan(scanner, text.getBytes(StandardCharsets.US_ASCII));
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
                    .hasMessageContaining("has not judged all attachments within 200 ms");
        }
    }

    @Test
    void attachmentsOfAMessageShareTheDeadline() throws Exception {
        Clamd scanner = new Clamd(server.address(), Duration.ofMillis(50));
        long deadline = scanner.deadline();
        await().until(() -> System.nanoTime() - deadline > 0);
        assertThatThrownBy(() -> scanner.scan(() -> new ByteArrayInputStream(new byte[1 << 19]), deadline))
                .hasMessageContaining("has not judged all attachments within 50 ms");
    }

    private record Hostile(String name, Supplier<byte[]> octets, String outcome) {
        @Override
        public String toString() {
            return name + ": " + outcome;
        }
    }

    /** By a clamd that is set as docs/relay.md says, but for its times and sizes. How far it comes is the machine's. */
    private static List<Hostile> hostile() {
        return List.of(
                new Hostile("10 GiB of zeros", () -> HostileArchive.zeros(10 << 10),
                        "clean|Heuristics.Limits.Exceeded.MaxScanTime"),
                new Hostile("10 GiB of zeros in an archive in an archive",
                        () -> HostileArchive.around(HostileArchive.around(HostileArchive.zeros(10 << 10))),
                        "clean|Heuristics.Limits.Exceeded.MaxScanTime"),
                new Hostile("1,000 entries that are the same 500 MiB", () -> HostileArchive.overlapping(500, 1000),
                        "clean|Heuristics.Limits.Exceeded.MaxScanTime"),
                new Hostile("30 archives in each other, with a virus",
                        () -> HostileArchive.nested(30, ClamdServer.VIRUS),
                        "Heuristics.Limits.Exceeded.MaxRecursion"),
                new Hostile("3 archives in each other, with a virus",
                        () -> HostileArchive.nested(3, ClamdServer.VIRUS), "Postrider.Test.UNOFFICIAL"),
                new Hostile("50,000 empty entries", () -> HostileArchive.empty(50_000),
                        "Heuristics.Limits.Exceeded.MaxScanTime"),
                new Hostile("encrypted", HostileArchive::encrypted, "Heuristics.Encrypted.Zip"),
                new Hostile("as large as StreamMaxLength", () -> new byte[12 << 20], "clean"),
                new Hostile("an octet larger than StreamMaxLength", () -> new byte[(12 << 20) + 1],
                        "gave no judgement: INSTREAM size limit exceeded. ERROR \\(raise StreamMaxLength"));
    }

    @Test
    @Tag("isolation")
    void hostileAttachmentsAreJudgedInBoundedTime(@TempDir Path other) throws Exception {
        assumeTrue(server.isReal(), "clamd is not installed, and a stand-in opens no archives");
        try (var careful = ClamdServer.start(other, "StreamMaxLength 12M", "AlertExceedsMax yes",
                "AlertEncrypted yes", "MaxScanTime 1000")) {
            var scanner = new Clamd(careful.address(), Duration.ofSeconds(20));
            for (Hostile hostile : hostile()) {
                assertThat(judgement(scanner, hostile.octets().get())).as(hostile.name())
                        .containsPattern(hostile.outcome());
            }
        }
    }

    @Test
    @Tag("isolation")
    void aScanThatTakesTooLongIsBrokenOff() {
        assumeTrue(server.isReal(), "clamd is not installed, and a stand-in opens no archives");
        // Without MaxScanTime in its settings clamd looks at this for more than ten seconds.
        assertThat(judgement(new Clamd(server.address(), Duration.ofMillis(500)), HostileArchive.empty(9_000)))
                .contains("has not judged all attachments within 500 ms");
    }

    private static String judgement(Clamd scanner, byte[] octets) {
        try {
            return scan(scanner, octets).orElse("clean");
        } catch (LinksException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"clamd", "clamd:port", "http://clamd:3310", "unix:relative", ""})
    void refusesWhatIsNoAddress(String address) {
        assertThatThrownBy(() -> new Clamd(address)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write host:port or unix:/path");
    }
}
