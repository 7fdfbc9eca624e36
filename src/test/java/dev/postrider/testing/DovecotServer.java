package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A Dovecot of the machine's own package with one user, in a temporary directory: POP3 on the loopback interface (with
 * STLS, and with TLS from the first octet), and SASL at a socket that a Postfix can be told of.
 */
public final class DovecotServer implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/dovecot");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path directory;
    private final int pop3;
    private final int pop3s;

    private DovecotServer(Path directory, int pop3, int pop3s) {
        this.directory = directory;
        this.pop3 = pop3;
        this.pop3s = pop3s;
    }

    /**
     * Starts one, if Dovecot is installed and may be started (its master must begin as root).
     *
     * @param user     without a domain; of all realms
     * @param password without a colon
     * @param realms   of DIGEST-MD5, separated by spaces
     */
    public static Optional<DovecotServer> startIfInstalled(TestCertificates.Server certificate, String user,
            String password, String realms) {
        if (!Files.isExecutable(PROGRAM) || !Files.exists(Path.of("/usr/lib/dovecot/pop3-login"))
                || !"root".equals(System.getProperty("user.name"))) {
            return Optional.empty();
        }
        try {
            DovecotServer server = new DovecotServer(Files.createTempDirectory("dovecot"), FreePort.find(),
                    FreePort.find());
            server.configure(certificate, user, password, realms);
            server.start();
            return Optional.of(server);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void configure(TestCertificates.Server certificate, String user, String password, String realms)
            throws IOException {
        // Its processes run as users of their own, and reach mailboxes and sockets through this directory.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(Files.createDirectory(directory.resolve("mail")),
                PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.setPosixFilePermissions(Files.createDirectory(directory.resolve("run")),
                PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(directory.resolve("server.crt"), certificate.certificate());
        Path key = directory.resolve("server.key");
        Files.writeString(key, certificate.privateKey());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        StringBuilder users = new StringBuilder();
        users.append(user).append(":{PLAIN}").append(password).append("::::::\n");
        for (String realm : realms.split(" ", -1)) {
            users.append(user).append('@').append(realm).append(":{PLAIN}").append(password).append("::::::\n");
        }
        Files.writeString(directory.resolve("users"), users);
        Files.writeString(directory.resolve("dovecot.conf"), """
                base_dir = %1$s/run
                state_dir = %1$s/run
                log_path = %1$s/log
                instance_name = postrider-test
                protocols = pop3
                listen = 127.0.0.1
                auth_mechanisms = plain login cram-md5 digest-md5 scram-sha-256 apop
                auth_realms = %4$s
                auth_failure_delay = 0
                disable_plaintext_auth = no
                ssl = yes
                ssl_cert = <%1$s/server.crt
                ssl_key = <%1$s/server.key
                mail_location = maildir:%1$s/mail/%%u
                first_valid_uid = 1
                passdb {
                  driver = passwd-file
                  args = %1$s/users
                }
                userdb {
                  driver = static
                  args = uid=dovenull gid=dovenull home=%1$s/mail
                }
                service auth {
                  unix_listener %1$s/auth {
                    mode = 0666
                  }
                }
                service anvil {
                  unix_listener anvil-auth-penalty {
                    mode = 0
                  }
                }
                service pop3-login {
                  inet_listener pop3 {
                    port = %2$d
                  }
                  inet_listener pop3s {
                    port = %3$d
                    ssl = yes
                  }
                }
                """.formatted(directory, pop3, pop3s, realms));
    }

    private void start() throws IOException {
        Path output = directory.resolve("start.log");
        Process process = new ProcessBuilder(PROGRAM.toString(), "-c", directory.resolve("dovecot.conf").toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("dovecot failed: " + Files.readString(output) + log());
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** Where POP3 is spoken in the clear, with STLS offered. */
    public int pop3() {
        return pop3;
    }

    /** Where POP3 is spoken inside of TLS. */
    public int pop3s() {
        return pop3s;
    }

    /** Where a Postfix asks whether a login is right ({@code smtpd_sasl_path}). */
    public Path authSocket() {
        return directory.resolve("auth");
    }

    /** What it wrote into its log; for the message of a failing test, and to see who logged in how. */
    public String log() {
        try {
            Path log = directory.resolve("log");
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            ProcessHandle master = ProcessHandle
                    .of(Long.parseLong(Files.readString(directory.resolve("run/master.pid")).strip()))
                    .orElseThrow();
            master.destroy();
            master.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
