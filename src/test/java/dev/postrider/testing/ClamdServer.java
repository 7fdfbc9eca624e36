package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/**
 * The machine's own clamd with one signature, or where there is none a stand-in that answers INSTREAM as it does; the
 * output says which.
 */
public final class ClamdServer implements AutoCloseable {
    /** Holds what the signature finds. */
    public static final String VIRUS = "POSTRIDER-TEST-VIRUS";
    private static final Path PROGRAM = Path.of("/usr/sbin/clamd");

    private final int port;
    private final boolean real;
    private final AutoCloseable running;

    private ClamdServer(int port, boolean real, AutoCloseable running) {
        this.port = port;
        this.real = real;
        this.running = running;
    }

    /**
     * Starts one.
     *
     * @param settings lines of clamd.conf; what a stand-in makes of an archive is not what clamd does
     */
    public static ClamdServer start(Path directory, String... settings) throws IOException {
        boolean real = Files.isExecutable(PROGRAM);
        if (!real) {
            LeftOut.note("clamd", "not installed; a stand-in answers in its place");
        }
        System.out.println("virus scanner for tests: " + (real ? "the machine's clamd" : "a stand-in of clamd"));
        return real ? startReal(directory, settings) : startStandIn();
    }

    private static ClamdServer startReal(Path directory, String... settings) throws IOException {
        Path database = Files.createDirectories(directory.resolve("database"));
        Files.writeString(database.resolve("test.ndb"), "Postrider.Test:0:*:"
                + HexFormat.of().formatHex(VIRUS.getBytes(StandardCharsets.US_ASCII)) + "\n");
        int port = FreePort.find();
        Path configuration = directory.resolve("clamd.conf");
        Files.writeString(configuration, """
                DatabaseDirectory %s
                TCPAddr 127.0.0.1
                TCPSocket %d
                LocalSocket %s
                Foreground yes
                %s
                StreamMaxLength 1M
                """.formatted(database, port, directory.resolve("clamd.sock"), String.join("\n", settings)));
        var process = BoundProcess.start("clamd", directory,
                List.of(PROGRAM.toString(), "-c", configuration.toString()));
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (!process.isRunning()) {
                throw new IllegalStateException(process.lastWords());
            }
            try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        return new ClamdServer(port, true, process);
    }

    private static ClamdServer startStandIn() throws IOException {
        var socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("clamd-stand-in").start(() -> {
            while (!socket.isClosed()) {
                try (Socket client = socket.accept()) {
                    answer(client);
                } catch (IOException e) {
                    // The next one is answered.
                }
            }
        });
        return new ClamdServer(socket.getLocalPort(), false, socket);
    }

    private static void answer(Socket client) throws IOException {
        var in = new DataInputStream(client.getInputStream());
        String command = new String(in.readNBytes(10), StandardCharsets.US_ASCII);
        var text = new StringBuilder();
        for (int length = in.readInt(); length > 0; length = in.readInt()) {
            text.append(new String(in.readNBytes(length), StandardCharsets.ISO_8859_1));
        }
        String answer = !command.equals("zINSTREAM\0")
                ? "UNKNOWN COMMAND"
                : text.length() > 1 << 20
                        ? "INSTREAM size limit exceeded. ERROR"
                        : text.indexOf(VIRUS) >= 0 ? "stream: Postrider.Test.UNOFFICIAL FOUND" : "stream: OK";
        client.getOutputStream().write((answer + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    /** As {@code host:port}. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** Whether it is ClamAV's own. */
    public boolean isReal() {
        return real;
    }

    @Override
    public void close() {
        try {
            running.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
