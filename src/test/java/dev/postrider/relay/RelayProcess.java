package dev.postrider.relay;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A relay in a virtual machine of its own, which can be killed. */
final class RelayProcess implements AutoCloseable {
    /**
     * How it is started.
     *
     * @param directory   of its queue, or with the login of its database
     * @param server      port of the server that it delivers to
     * @param connections of the server at most
     * @param database    URL, if it is not a queue in a file
     * @param options     of the virtual machine
     */
    record Setup(Path directory, int server, int connections, Optional<String> database, List<String> options) {}

    /** Among the options: its server wants the login of whoever submits. */
    static final String SUBMITTERS = "-Dpostrider.test.submitters";
    /** Among the options: it has the organizations of namespace "evil", too. */
    static final String HOSTILE = "-Dpostrider.test.hostile";
    /** Among the options: it dies of mail from "deadly@shop.example". */
    static final String DEADLY = "-Dpostrider.test.deadly";

    private final Process process;
    private final Path log;
    private final int submissionPort;
    private final int adminPort;
    private final int healthPort;
    private final int linksPort;

    private RelayProcess(Process process, Path log) throws IOException {
        this.process = process;
        this.log = log;
        BufferedReader out = process.inputReader();
        String line = out.readLine();
        while (line != null && !line.startsWith("ports ")) {
            line = out.readLine();
        }
        if (line == null) {
            throw new IllegalStateException("the relay did not start: " + Files.readString(log));
        }
        String[] words = line.split(" ", -1);
        submissionPort = Integer.parseInt(words[1]);
        adminPort = Integer.parseInt(words[2]);
        healthPort = Integer.parseInt(words[3]);
        linksPort = Integer.parseInt(words[4]);
    }

    /** Starts one that is soon there and waits until its ports are open. */
    static RelayProcess start(Setup setup) throws IOException {
        Path archive = setup.directory.resolve("relay.jsa");
        return start(setup, java(setup, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+AutoCreateSharedArchive",
                "-XX:SharedArchiveFile=" + archive, "-Xlog:disable"));
    }

    /** Starts one with no other options than the given, within a bound of memory. */
    static RelayProcess startAsDeployed(Setup setup, MemoryLimit memory) throws IOException {
        return start(setup, memory.bound(java(setup)));
    }

    private static List<String> java(Setup setup, String... options) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
        command.addAll(List.of(options));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(setup.options);
        command.addAll(List.of("-cp", ClassPathJar.classPath(), RelayMain.class.getName(),
                "directory=" + setup.directory, "server=" + setup.server, "connections=" + setup.connections,
                "times=short"));
        if (setup.options.contains(SUBMITTERS)) {
            command.add("submitters=yes");
        }
        if (setup.options.contains(HOSTILE)) {
            command.add("hostile=yes");
        }
        if (setup.options.contains(DEADLY)) {
            command.add("deadly=yes");
        }
        setup.database.ifPresent(url -> command.add("database=" + url));
        return command;
    }

    private static RelayProcess start(Setup setup, List<String> command) throws IOException {
        Path log = setup.directory.resolve("relay.log");
        return new RelayProcess(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start(), log);
    }

    int submissionPort() {
        return submissionPort;
    }

    int adminPort() {
        return adminPort;
    }

    int healthPort() {
        return healthPort;
    }

    /** 0 if it serves no attachments. */
    int linksPort() {
        return linksPort;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The most memory that it had resident until now, in octets. */
    long mostResident() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))
                .stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst()
                .orElseThrow(() -> new IOException("this system does not tell VmHWM"));
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** As SIGKILL does: it has no time for anything. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** Stops or continues it, as a virtual machine that is moved or a node without breath does. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /** From now on no file may be written beyond this size; {@code unlimited} for any. */
    void limitFiles(String octets) throws IOException, InterruptedException {
        new ProcessBuilder("prlimit", "--pid", Long.toString(process.pid()), "--fsize=" + octets + ":unlimited")
                .inheritIO()
                .start()
                .waitFor();
    }

    /** Lets it end as on SIGTERM. */
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
