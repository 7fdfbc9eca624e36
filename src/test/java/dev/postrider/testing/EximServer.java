package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.List;
import java.util.Optional;

/**
 * An Exim of Debian's package, with a configuration and a spool of its own in a temporary directory, listening on the
 * loopback interface only. It offers STARTTLS on one port and speaks TLS from the first octet on another, takes mail for
 * the domain {@code exim.test} and keeps it in its queue.
 *
 * <p>Debian lets no other mail server be installed beside Postfix, so the package may have been unpacked only: see
 * {@code .ci/run}.
 */
public final class EximServer implements AutoCloseable {
    private static final List<Path> PROGRAMS = List.of(Path.of("/usr/sbin/exim4"),
            Path.of(System.getProperty("user.home"), ".cache/postrider/exim/usr/sbin/exim4"));
    private static final String USER = "Debian-exim";

    /** Who may log in. */
    public record Account(String user, String password) {}

    private final ServerDirectory directory;
    private final int port = FreePort.find();
    private final int tlsPort = FreePort.find();
    private final Process process;

    private EximServer(Path program, ServerDirectory directory, TestCertificates.Server certificate,
            List<String> settings, Optional<String> authenticators) throws IOException {
        this.directory = directory;
        Path configuration = configure(program, certificate, settings, authenticators);
        process = new ProcessBuilder(program.toString(), "-C", configuration.toString(), "-bdf")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        await().until(() -> !process.isAlive() || answers(port) && answers(tlsPort));
        if (!process.isAlive()) {
            throw new IOException("exim ended: " + Files.readString(directory.resolve("output")) + log());
        }
    }

    /**
     * Starts one, if Exim is there and may be started (it must begin as root, and has a user of its own).
     *
     * @param settings further lines for the main part of its configuration
     */
    public static Optional<EximServer> startIfInstalled(TestCertificates.Server certificate, String... settings) {
        return start(certificate, List.of(settings), Optional.empty());
    }

    private static Optional<EximServer> start(TestCertificates.Server certificate, List<String> settings,
            Optional<String> authenticators) {
        Optional<Path> program = PROGRAMS.stream().filter(Files::isExecutable).findFirst();
        if (program.isEmpty() || !"root".equals(System.getProperty("user.name")) || !hasUser(program.get())) {
            LeftOut.note("what is tried with Exim", "it is neither installed nor unpacked, or this is not root");
            return Optional.empty();
        }
        try {
            return Optional.of(new EximServer(program.get(), ServerDirectory.create("exim"), certificate,
                    settings, authenticators));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one with an account, which logs in by PLAIN, LOGIN or CRAM-MD5; mail to {@code members} wants that. */
    public static Optional<EximServer> startIfInstalled(TestCertificates.Server certificate,
            Account account) {
        return start(certificate, List.of(), Optional.of(authenticators(account)));
    }

    private static String authenticators(Account account) {
        return """
                begin authenticators
                plain:
                  driver = plaintext
                  public_name = PLAIN
                  server_prompts = :
                  server_condition = ${if and{{eq{$auth2}{%1$s}}{eq{$auth3}{%2$s}}}}
                  server_set_id = $auth2
                login:
                  driver = plaintext
                  public_name = LOGIN
                  server_prompts = Username:: : Password::
                  server_condition = ${if and{{eq{$auth1}{%1$s}}{eq{$auth2}{%2$s}}}}
                  server_set_id = $auth1
                cram:
                  driver = cram_md5
                  public_name = CRAM-MD5
                  server_secret = ${if eq{$auth1}{%1$s}{%2$s}fail}
                  server_set_id = $auth1
                """.formatted(account.user(), account.password());
    }

    private static boolean hasUser(Path program) {
        try {
            program.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(USER);
            return true;
        } catch (UserPrincipalNotFoundException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path configure(Path program, TestCertificates.Server certificate, List<String> settings,
            Optional<String> authenticators) throws IOException {
        Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
        own(Files.createDirectory(directory.resolve("spool")));
        own(Files.createDirectory(directory.resolve("log")));
        Files.writeString(directory.resolve("server.crt"), certificate.certificate());
        own(Files.writeString(directory.resolve("server.key"), certificate.privateKey()));
        return Files.writeString(directory.resolve("exim.conf"), """
                exim_path = %2$s
                primary_hostname = localhost
                spool_directory = %1$s/spool
                log_file_path = %1$s/log/%%slog
                pid_file_path = %1$s/exim.pid
                keep_environment =
                local_interfaces = 127.0.0.1
                daemon_smtp_ports = %3$d : %4$d
                tls_on_connect_ports = %4$d
                tls_advertise_hosts = *
                tls_certificate = %1$s/server.crt
                tls_privatekey = %1$s/server.key
                queue_only = true
                acl_smtp_rcpt = of_test
                %5$s

                begin acl
                of_test:
                  deny recipients = members@exim.test
                       !authenticated = *
                       message = log in first
                  accept domains = exim.test
                  deny message = no relaying

                """.formatted(directory, program, port, tlsPort, String.join("\n", settings))
                + authenticators.orElse(""));
    }

    private static void own(Path path) throws IOException {
        UserPrincipalLookupService users = path.getFileSystem().getUserPrincipalLookupService();
        Files.getFileAttributeView(path, PosixFileAttributeView.class).setOwner(users.lookupPrincipalByName(USER));
    }

    private static boolean answers(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Where it offers STARTTLS. */
    public int port() {
        return port;
    }

    /** Where it speaks TLS from the first octet. */
    public int tlsPort() {
        return tlsPort;
    }

    /** What it wrote into its log: a line with {@code <=} for each mail that it took. */
    public String log() {
        return directory.text("log");
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
        directory.close();
    }
}
