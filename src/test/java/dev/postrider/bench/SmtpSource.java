package dev.postrider.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Postfix's smtp-source: brings mail as fast as it is taken. */
final class SmtpSource {
    private SmtpSource() {}

    /**
     * Brings messages, and returns when all are accepted.
     *
     * @param octets of a message
     * @param reused whether a session brings one message after the other
     * @throws IOException if one was refused
     */
    static void send(int port, int sessions, int octets, int messages, boolean reused)
            throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("smtp-source", "-s", Integer.toString(sessions), "-l",
                Integer.toString(octets), "-m", Integer.toString(messages), "-f", "a@b.example", "-t",
                "x@y.example"));
        if (reused) {
            command.add("-d");
        }
        command.add("127.0.0.1:" + port);
        Process source = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(Path.of("target/bench-source.log").toFile())
                .start();
        if (!source.waitFor(10, TimeUnit.MINUTES) || source.exitValue() != 0) {
            throw new IOException("smtp-source failed; see target/bench-source.log");
        }
    }
}
