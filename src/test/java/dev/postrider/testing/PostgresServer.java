package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A PostgreSQL of its own on a port of loopback. Its programs are those of the machine, or else come from Maven. It
 * refuses to run as root, and then runs as nobody.
 */
public final class PostgresServer implements AutoCloseable {
    public static final String USER = "postrider";
    public static final String PASSWORD = "open sesame";

    private static final String STANDBY = "standby";
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private final Path programs;
    private final Path directory;
    private final int port;
    private final List<String> options;
    private final String listenAddresses;
    private BoundProcess process;

    private static final class Shared {
        private static final PostgresServer SERVER = start();
    }

    /** One for all tests that do not stop it; it ends with the virtual machine. */
    public static PostgresServer shared() {
        return Shared.SERVER;
    }

    /** Starts one. */
    public static PostgresServer start() {
        return start(Optional.empty());
    }

    /** Starts one that speaks TLS, too. */
    public static PostgresServer startWithTls(TestCertificates.Server certificate) {
        return start(Optional.of(certificate));
    }

    /** Starts one that answers a commit when it is on disk, as in earnest. */
    public static PostgresServer startDurable() {
        return start(Optional.empty(), List.of(), List.of("-c", "fsync=on"));
    }

    /** Whether the machine has one, so that none is fetched. */
    public static boolean isInstalled() {
        return installed().isPresent();
    }

    /** Starts one that another network can reach, too: at this address of the machine, by those of 10.0.0.0/8. */
    public static PostgresServer startAt(String address) {
        return start(Optional.empty(), List.of(address));
    }

    /**
     * Starts one that follows this one, which from now on answers a commit once the standby has it on disk.
     *
     * @throws SQLException if this one does not take the setting
     */
    public PostgresServer startSynchronousStandby() throws SQLException {
        PostgresServer standby;
        try {
            standby = follower();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // After the copy, which would have it too.
        try (Connection connection = connect("postgres"); var statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM SET synchronous_standby_names = '" + STANDBY + "'");
            statement.execute("SELECT pg_reload_conf()");
            await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).until(() -> {
                try (var rows = statement
                        .executeQuery("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")) {
                    return rows.next() && rows.getInt(1) == 1;
                }
            });
        }
        return standby;
    }

    private static PostgresServer start(Optional<TestCertificates.Server> certificate) {
        return start(certificate, List.of());
    }

    private static PostgresServer start(Optional<TestCertificates.Server> certificate, List<String> addresses) {
        return start(certificate, addresses, List.of());
    }

    private static PostgresServer start(Optional<TestCertificates.Server> certificate, List<String> addresses,
            List<String> settings) {
        try {
            return empty(certificate, addresses, settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param directory with the data in it, and whosever it runs as */
    private PostgresServer(Path programs, Path directory, List<String> options, String listenAddresses)
            throws IOException {
        this.programs = programs;
        this.directory = directory;
        this.options = options;
        this.listenAddresses = listenAddresses;
        port = freePort();
        process = startProcess();
    }

    private static PostgresServer empty(Optional<TestCertificates.Server> certificate, List<String> addresses,
            List<String> settings) throws IOException {
        Path programs = programs();
        Path directory = Files.createTempDirectory("postgres");
        List<String> options = new ArrayList<>(settings);
        if (certificate.isPresent()) {
            options.addAll(tls(directory, certificate.get()));
        }
        Path password = Files.writeString(directory.resolve("password"), PASSWORD);
        giveAway(directory);
        PostgresBinaries.run(directory,
                asUser(programs.resolve("initdb").toString(), "-D", data(directory), "-U", USER,
                        "--auth=scram-sha-256", "--pwfile=" + password, "--encoding=UTF8", "--locale=C", "--no-sync"));
        if (!addresses.isEmpty()) {
            Files.writeString(directory.resolve("data/pg_hba.conf"), "host all all 10.0.0.0/8 scram-sha-256\n",
                    StandardOpenOption.APPEND);
        }
        return new PostgresServer(programs, directory, options,
                String.join(",", Stream.concat(Stream.of("127.0.0.1"), addresses.stream()).toList()));
    }

    /** A copy of this one, which it follows from now on. */
    private PostgresServer follower() throws IOException {
        Path copy = Files.createTempDirectory("postgres");
        giveAway(copy);
        PostgresBinaries.run(copy,
                asUser(programs.resolve("pg_basebackup").toString(), "-D", data(copy), "--checkpoint=fast",
                        "--no-sync", "--write-recovery-conf", "-d",
                        "host=127.0.0.1 port=%d user=%s password='%s' application_name=%s".formatted(port, USER,
                                PASSWORD, STANDBY)));
        return new PostgresServer(programs, copy, List.of(), listenAddresses);
    }

    private static void giveAway(Path directory) {
        if (isRoot()) {
            PostgresBinaries.run(directory, List.of("chown", "-R", "nobody", directory.toString()));
        }
    }

    private static List<String> tls(Path directory, TestCertificates.Server certificate) throws IOException {
        Path chain = Files.writeString(directory.resolve("tls.crt"), certificate.certificate());
        Path key = Files.writeString(directory.resolve("tls.key"), certificate.privateKey());
        // It takes no key that others may read.
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        return List.of("-c", "ssl=on", "-c", "ssl_cert_file=" + chain, "-c", "ssl_key_file=" + key);
    }

    private static Optional<Path> installed() {
        Path versions = Path.of("/usr/lib/postgresql");
        try (Stream<Path> found = Files.exists(versions) ? Files.list(versions) : Stream.empty()) {
            return found.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
                    .max(Comparator.comparing(Path::toString));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path programs() throws IOException {
        Optional<Path> newest = installed();
        if (newest.isPresent()) {
            System.out.println("PostgreSQL for tests: the machine's, in " + newest.get());
            return newest.get();
        }
        Path bin = PostgresBinaries.extracted().resolve("bin");
        System.out.println("PostgreSQL for tests: there is none in /usr/lib/postgresql, so the one from Maven, in "
                + bin);
        return bin;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static List<String> asUser(String... command) {
        var all = new ArrayList<String>();
        if (isRoot()) {
            all.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"));
        }
        all.addAll(List.of(command));
        return all;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String data(Path directory) {
        return directory.resolve("data").toString();
    }

    private BoundProcess startProcess() {
        // Nothing here outlives the machine's own crash, so the disk need not be waited for.
        List<String> command = asUser(programs.resolve("postgres").toString(), "-D", data(directory), "-p",
                Integer.toString(port), "-c", "listen_addresses=" + listenAddresses, "-c", "unix_socket_directories=",
                "-c",
                "fsync=off", "-c", "max_connections=200");
        command.addAll(options);
        var started = BoundProcess.start("postgres", directory, command);
        await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50)).until(() -> {
            if (!started.isRunning()) {
                throw new IllegalStateException(started.lastWords());
            }
            return accepts();
        });
        return started;
    }

    private boolean accepts() {
        try (Connection connection = connect("postgres")) {
            return connection.isValid(1);
        } catch (SQLException e) {
            return false;
        }
    }

    /** Connects as the owner of everything. */
    public Connection connect(String database) throws SQLException {
        return DriverManager.getConnection("jdbc:" + url(database), USER, PASSWORD);
    }

    /** Makes an empty database; returns its name. */
    public String newDatabase() throws SQLException {
        String name = "queue" + DATABASES.incrementAndGet();
        try (Connection connection = connect("postgres"); var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        }
        return name;
    }

    public int port() {
        return port;
    }

    /** The process id of its first process, above all others. */
    public long pid() throws IOException {
        return Long.parseLong(Files.readAllLines(directory.resolve("data/postmaster.pid")).getFirst());
    }

    /** The same, for those who look for the primary among this one and another, in this order. */
    public String url(PostgresServer other, String database) {
        return "postgresql://127.0.0.1:" + port + ",127.0.0.1:" + other.port + "/" + database
                + "?targetServerType=primary&sslmode=disable";
    }

    /** Without login and TLS. */
    public String url(String database) {
        return url("127.0.0.1", database);
    }

    /** The same, for those who reach it at another address. */
    public String url(String address, String database) {
        return "postgresql://" + address + ":" + port + "/" + database + "?sslmode=disable";
    }

    /** Writes the login as a Secret's files. */
    public static Path credentials(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("username"), USER + "\n");
        Files.writeString(directory.resolve("password"), PASSWORD);
        return directory;
    }

    /** Ends it at once, as a crash does; connections break. */
    public void crash() throws IOException {
        long pid = pid();
        PostgresBinaries.run(directory, List.of("kill", "-QUIT", Long.toString(pid)));
        await().atMost(Duration.ofSeconds(30)).until(() -> !process.isRunning());
    }

    /** Makes a standby the primary, whatever the former one does; returns once it takes writes. */
    public void promote() {
        PostgresBinaries.run(directory,
                asUser(programs.resolve("pg_ctl").toString(), "promote", "-w", "-D", data(directory)));
    }

    /** Sends a signal to all its processes at once: KILL, STOP as for a machine without breath, CONT. */
    public void signal(String name) throws IOException {
        long pid = pid();
        var command = new ArrayList<>(List.of("kill", "-" + name, Long.toString(pid)));
        // One that ends by itself meanwhile is no reason to fail.
        ProcessHandle.of(pid)
                .stream()
                .flatMap(ProcessHandle::descendants)
                .forEach(child -> command.add(
                        Long.toString(child.pid())));
        CommandResult.run(directory, Map.of(), "", command);
    }

    /** Starts it again. */
    public void restart() {
        process = startProcess();
    }

    @Override
    public void close() {
        process.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            // Its processes may still be ending; the directory is a temporary one.
            System.out.println("left behind: " + directory);
        }
    }
}
