package dev.postrider.bench;

import dev.postrider.relay.ClassPathJar;
import dev.postrider.relay.RelayMain;
import dev.postrider.relay.TestRoutes;
import dev.postrider.route.RouteJson;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A relay that is measured. */
interface RelayCandidate extends AutoCloseable {
    /** From the start of the program to its first 250. */
    Duration PATIENCE = Duration.ofMinutes(2);

    String name();

    int port();

    /** The process that all others of it are below. */
    long pid();

    /** From the start of the program to the first 250 for a message. */
    Duration untilFirstReply();

    @Override
    void close() throws IOException;

    /** Postrider as the operator deploys it, but for TLS and logins, which smtp-source has not. */
    static RelayCandidate postrider(int upstream, List<String> options) throws IOException {
        return Postrider.start("Postrider", Files.createTempDirectory("relay"), upstream, options, false, List.of());
    }

    /** Postrider with TLS and logins. */
    static RelayCandidate postriderWithTls(int upstream, List<String> options) throws IOException {
        return Postrider.start("Postrider, TLS and AUTH", Files.createTempDirectory("relay"), upstream, options, true,
                List.of());
    }

    /**
     * Postrider with a queue that is there already, or in PostgreSQL.
     *
     * @param arguments further ones of {@link RelayMain}
     */
    static RelayCandidate postrider(String name, Path directory, int upstream, List<String> options,
            List<String> arguments) throws IOException {
        return Postrider.start(name, directory, upstream, options, false, arguments);
    }

    /**
     * Postfix, if it is installed.
     *
     * @param settings further lines of main.cf
     */
    static Optional<RelayCandidate> postfix(String name, int upstream, List<String> settings) throws IOException {
        List<String> lines = new ArrayList<>(List.of("maillog_file =", "default_transport = smtp",
                "relayhost = [127.0.0.1]:" + upstream, "smtpd_relay_restrictions = permit_mynetworks, reject",
                "smtpd_recipient_restrictions = permit", "smtp_tls_security_level = none",
                "smtpd_tls_security_level = none", "smtp_dns_support_level = disabled"));
        lines.addAll(settings);
        long started = System.nanoTime();
        Optional<PostfixServer> server = PostfixServer
                .startIfInstalled(new TestCertificates("Benchmark CA").server("localhost"), lines);
        return server.isEmpty()
                ? Optional.empty()
                : Optional.of(new Postfix(name, server.get(), firstReply(server.get().port(), false, started)));
    }

    private static Duration firstReply(int port, boolean tls, long started) throws IOException {
        Ports.awaitOpen(port);
        while (true) {
            try (var client = new MailClient(Sockets.of(tls), port, Sockets.login(tls))) {
                client.send(MailClient.message(1024));
                return Duration.ofNanos(System.nanoTime() - started);
            } catch (MailClient.NotYetException e) {
                // It does not know its routes.
                if (System.nanoTime() - started > PATIENCE.toNanos()) {
                    throw e;
                }
            }
        }
    }

    /** Sockets and logins for a port with or without TLS. */
    final class Sockets {
        private Sockets() {}

        static javax.net.SocketFactory of(boolean tls) {
            try {
                return tls
                        ? TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate()).getSocketFactory()
                        : javax.net.SocketFactory.getDefault();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        static Optional<MailClient.Login> login(boolean tls) {
            return tls ? Optional.of(new MailClient.Login("orders.shop", TestRoutes.PASSWORD)) : Optional.empty();
        }
    }

    /** A Postfix with a configuration and a queue of its own. */
    record Postfix(String name, PostfixServer server, Duration untilFirstReply) implements RelayCandidate {
        @Override
        public int port() {
            return server.port();
        }

        @Override
        public long pid() {
            try {
                return server.pid();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            server.close();
        }
    }

    /** The relay in a virtual machine of its own. */
    record Postrider(String name, Process process, Path directory, int port, Duration untilFirstReply)
            implements
                RelayCandidate {

        static Postrider start(String name, Path directory, int upstream, List<String> options, boolean tls,
                List<String> arguments) throws IOException {
            int port = FreePort.find();
            // Made by the operator, not by the relay: it is no part of the relay's start.
            Path certificate = directory.resolve("certificate.json");
            Files.writeString(certificate, RouteJson.write(TestRoutes.relay()));
            var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
            command.addAll(options);
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", ClassPathJar.classPath(),
                    RelayMain.class.getName(), (tls ? "submissions=" : "submission=") + port,
                    "directory=" + directory, "server=" + upstream, "certificate=" + certificate,
                    tls ? "clients=login" : "clients=open"));
            command.addAll(arguments);
            long started = System.nanoTime();
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(Path.of("target/bench-relay.log").toFile())
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            return new Postrider(name, process, directory, port, firstReply(port, tls, started));
        }

        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public void close() throws IOException {
            process.destroy();
            try {
                process.waitFor(60, TimeUnit.SECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            process.destroyForcibly();
            try (var files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
