package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A server made with aiosmtpd, Python's library for that; it offers 8BITMIME or not, and keeps what it takes in files. */
public final class AiosmtpdServer implements ReceivingServer {
    private static final String VERSION = "1.4.6";
    /** The name of a file is not there before all of it is written. */
    private static final String PROGRAM = """
            import os, sys, time
            from aiosmtpd.controller import Controller

            directory, port, eight_bit = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "true"

            class Keep:
                taken = 0

                async def handle_DATA(self, server, session, envelope):
                    content = envelope.content
                    if isinstance(content, str):
                        content = content.encode("utf-8", "surrogateescape")
                    Keep.taken += 1
                    name = os.path.join(directory, "%d.mail" % Keep.taken)
                    with open(name + ".part", "wb") as file:
                        file.write((" ".join(envelope.rcpt_tos) + "\\r\\n").encode("ascii") + content)
                    os.rename(name + ".part", name)
                    return "250 2.0.0 kept"

            Controller(Keep(), hostname="127.0.0.1", port=port, decode_data=not eight_bit,
                       enable_SMTPUTF8=eight_bit).start()
            print("listening", flush=True)
            while True:
                time.sleep(3600)
            """;

    private final Path directory;
    private final int port = FreePort.find();
    private final BoundProcess process;

    private AiosmtpdServer(List<String> python, Path directory, boolean eightBitMime) throws IOException {
        this.directory = directory;
        Path program = Files.writeString(directory.resolve("server.py"), PROGRAM);
        this.process = BoundProcess.start("aiosmtpd", directory, Stream.concat(python.stream(),
                Stream.of(program.toString(), directory.toString(), Integer.toString(port),
                        Boolean.toString(eightBitMime)))
                .toList());
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (!process.isRunning()) {
                throw new IllegalStateException(process.lastWords());
            }
            return process.lastWords().contains("listening");
        });
    }

    /** Starts one, if aiosmtpd was fetched before or Python and pip can fetch it. */
    public static Optional<AiosmtpdServer> start(Path directory, boolean eightBitMime) {
        return ConsumerPrograms.inVenv("aiosmtpd-" + VERSION, "aiosmtpd", "aiosmtpd==" + VERSION).map(python -> {
            try {
                return new AiosmtpdServer(python, Files.createDirectories(directory), eightBitMime);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public List<ScriptedSmtpServer.Received> messages() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".mail")).sorted().map(AiosmtpdServer::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ScriptedSmtpServer.Received read(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n");
            return new ScriptedSmtpServer.Received("", Arrays.asList(text.substring(0, end).split(" ", -1)),
                    text.substring(end + 2), false, "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
