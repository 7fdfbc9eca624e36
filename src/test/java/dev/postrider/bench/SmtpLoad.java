package dev.postrider.bench;

import dev.postrider.testing.GoPrograms;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The program smtp-load, which brings and takes mail as smtp-source and smtp-sink cannot. */
record SmtpLoad(Path program) {
    /**
     * What one run came to.
     *
     * @param p50 milliseconds from the start of a message, its connection included where it has one of its own
     * @param gap milliseconds at most without a message accepted
     */
    record Sent(double p50, double p99, double gap, long connections, long resumed) {}

    /** Empty where it is not built and Go is not installed. */
    static Optional<SmtpLoad> find() {
        return GoPrograms.cached("smtp-load", "smtp-load").map(SmtpLoad::new);
    }

    /**
     * Begins to bring messages.
     *
     * @param first       number of the first
     * @param certificate file with the relay's certificate
     * @param retries     whether a message is brought again after a broken connection
     */
    Sending send(int port, Load load, int sessions, int first, int messages, Path certificate, boolean retries)
            throws IOException {
        List<String> command = command("send", "-to", "127.0.0.1:" + port, "-sessions", Integer.toString(sessions),
                "-messages", Integer.toString(messages), "-first", Integer.toString(first), "-octets",
                Integer.toString(load.octets()), "-per-connection", Integer.toString(load.perConnection()));
        if (load.login()) {
            command.addAll(List.of("-starttls", certificate.toString(), "-user", MailClient.LOGIN.user()));
        }
        if (load.resumes()) {
            command.add("-resume");
        }
        if (retries) {
            command.add("-retry");
        }
        var builder = new ProcessBuilder(command);
        builder.environment().put("SMTP_PASSWORD", MailClient.LOGIN.password());
        Process process = builder.redirectErrorStream(true).start();
        return new Sending(process, process.inputReader(StandardCharsets.UTF_8));
    }

    /** A run that goes on; it is ended where nobody waits for its end. */
    record Sending(Process process, BufferedReader out) implements AutoCloseable {
        /** Waits until half of the messages are accepted; only where they are brought again. */
        void awaitHalf() throws IOException {
            String line = out.readLine();
            if (!"half=accepted".equals(line)) {
                throw new IOException("smtp-load: " + line);
            }
        }

        /**
         * Waits for its end.
         *
         * @throws IOException if a message was not taken
         */
        Sent await() throws IOException, InterruptedException {
            String said = out.lines().collect(Collectors.joining("\n"));
            if (process.waitFor() != 0) {
                throw new IOException("smtp-load: " + said);
            }
            Map<String, String> values = values(said);
            return new Sent(number(values, "p50"), number(values, "p99"), number(values, "gap"),
                    (long) number(values, "connections"), (long) number(values, "resumed"));
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    /** Starts a server that counts, which defers, refuses and speaks TLS as the options say. */
    Receiver receive(String... options) throws IOException {
        List<String> command = command("receive", options);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        return new Receiver(process, process.getOutputStream(), out, (int) number(values(out.readLine()), "port"));
    }

    /** A server that counts; a message has come when it was first taken, deferred or refused. */
    record Receiver(Process process, OutputStream questions, BufferedReader answers, int port) implements MailSink {
        /** Of {@code messages} with what came twice, {@code answered}, {@code taken}, {@code signed}. */
        synchronized long count(String what) {
            try {
                questions.write('\n');
                questions.flush();
                return (long) number(values(answers.readLine()), what);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Duration cpu() {
            return Processes.cpu(process.pid());
        }

        @Override
        public long count() {
            return count("answered");
        }

        @Override
        public void close() throws IOException {
            questions.close();
            // It ends with its input.
            Processes.end(process, Duration.ofSeconds(10));
        }
    }

    private List<String> command(String command, String... options) {
        List<String> line = new ArrayList<>(List.of(program.toString(), command));
        line.addAll(Arrays.asList(options));
        return line;
    }

    private static Map<String, String> values(String line) {
        return Arrays.stream(line.strip().split(" ", -1))
                .map(pair -> pair.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair.length > 1 ? pair[1] : ""));
    }

    private static double number(Map<String, String> values, String name) {
        return Double.parseDouble(values.getOrDefault(name, "NaN"));
    }
}
