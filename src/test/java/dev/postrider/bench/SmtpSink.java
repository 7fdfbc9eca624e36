package dev.postrider.bench;

import dev.postrider.testing.FreePort;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Postfix's smtp-sink: takes all mail and counts it. */
final class SmtpSink implements MailSink {
    private static final Pattern COUNT = Pattern.compile("mesg=(\\d+)\\s*[\\r\\n]");

    private final Process process;
    private final Path output;
    private final int port;

    private SmtpSink(Process process, Path output, int port) {
        this.process = process;
        this.output = output;
        this.port = port;
    }

    static SmtpSink start() throws IOException {
        int port = FreePort.find();
        Path output = Files.createTempFile("smtp-sink", ".txt");
        var process = new ProcessBuilder("smtp-sink", "-u", "postfix", "-c", "127.0.0.1:" + port, "1000")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        Ports.awaitOpen(port);
        return new SmtpSink(process, output, port);
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public long count() {
        try (var file = new RandomAccessFile(output.toFile(), "r")) {
            byte[] tail = new byte[(int) Math.min(200, file.length())];
            file.seek(file.length() - tail.length);
            file.readFully(tail);
            long count = 0;
            for (Matcher found = COUNT.matcher(new String(tail, StandardCharsets.US_ASCII)); found.find();) {
                count = Long.parseLong(found.group(1));
            }
            return count;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        Files.deleteIfExists(output);
    }
}
