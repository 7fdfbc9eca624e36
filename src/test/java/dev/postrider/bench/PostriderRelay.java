package dev.postrider.bench;

import dev.postrider.relay.ClassPathJar;
import dev.postrider.relay.RelayMain;
import dev.postrider.relay.TestRoutes;
import dev.postrider.route.RouteJson;
import dev.postrider.testing.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Postrider's relay in a virtual machine of its own, as the operator deploys it. */
final class PostriderRelay implements RelayCandidate {
    private final String name;
    private final Path directory;
    private final List<String> command;
    private final int port;
    private final List<Long> database;
    private final Duration untilFirstReply;
    private Process process;

    private PostriderRelay(String name, Path directory, List<String> command, int port, int tlsPort, boolean login,
            List<Long> database) throws IOException {
        this.name = name;
        this.directory = directory;
        this.command = command;
        this.port = port;
        this.database = database;
        long started = System.nanoTime();
        process = startProcess();
        untilFirstReply = RelayCandidate.firstReply(login ? tlsPort : port, login, started);
    }

    /**
     * Starts one whose clients need no login.
     *
     * @param directory of its queue, or with the login of its database
     * @param upstream  port of the server that it delivers to
     * @param options   for the virtual machine
     * @param arguments further ones of {@link RelayMain}
     */
    static PostriderRelay start(String name, Path directory, int upstream, List<String> options,
            List<String> arguments) throws IOException {
        return start(name, directory, upstream, options, arguments, Setup.PLAIN, List.of());
    }

    /** @param database processes whose time and memory are counted, too */
    static PostriderRelay start(String name, Path directory, int upstream, List<String> options,
            List<String> arguments, Setup setup, List<Long> database) throws IOException {
        int port = FreePort.find();
        int tlsPort = FreePort.find();
        // Made by the operator, not by the relay: it is no part of the relay's start.
        Path certificate = directory.resolve("certificate.json");
        Files.writeString(certificate, RouteJson.write(TestRoutes.relay()));
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        command.addAll(options);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", ClassPathJar.classPath(),
                RelayMain.class.getName(), "submission=" + port, "submissions=" + tlsPort, "directory=" + directory,
                "server=" + upstream, "certificate=" + certificate, setup.login() ? "clients=login" : "clients=open"));
        if (setup.dkim().isPresent()) {
            Path key = directory.resolve("dkim.json");
            Files.writeString(key, RouteJson.write(setup.dkim().get()));
            command.add("dkim=" + key);
        }
        command.addAll(arguments);
        return new PostriderRelay(name, directory, command, port, tlsPort, setup.login(), database);
    }

    private Process startProcess() throws IOException {
        Process started = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(Path.of("target/bench-relay.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
        return started;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public List<Long> pids() {
        List<Long> pids = new ArrayList<>(database);
        pids.add(process.pid());
        return pids;
    }

    @Override
    public Duration untilFirstReply() {
        return untilFirstReply;
    }

    @Override
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void restart() throws IOException {
        process = startProcess();
    }

    @Override
    public void close() throws IOException {
        Processes.end(process, Duration.ofSeconds(60), directory);
    }
}
