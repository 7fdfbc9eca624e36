package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A Dovecot of the machine's own package with one user, in a temporary directory: POP3 on the loopback interface (with
 * STLS, and with TLS from the first octet), and SASL at a socket that a Postfix can be told of.
 */
public final class DovecotServer implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/dovecot");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ServerDirectory directory;
    private final int pop3 = FreePort.find();
    private final int pop3s = FreePort.find();
    private final int submission = FreePort.find();
    private final int submissions = FreePort.find();
    private final String realms;
    private final Map<String, String> accounts = new TreeMap<>();

    private DovecotServer(ServerDirectory directory, String realms) {
        this.directory = directory;
        this.realms = realms;
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
        return startIfInstalled(certificate, user, password, realms, Optional.empty());
    }

    /**
     * Starts one that takes access tokens too.
     *
     * @param introspection where it asks whose token that is (RFC 7662)
     */
    public static Optional<DovecotServer> startIfInstalled(TestCertificates.Server certificate, String user,
            String password, String realms, Optional<String> introspection) {
        return startIfInstalled(certificate, user, password, realms, introspection, Optional.empty());
    }

    /**
     * Starts one that takes mail too, where Dovecot's submission service is installed.
     *
     * @param relay port on this machine of the server that it hands mail to
     */
    public static Optional<DovecotServer> startIfInstalled(TestCertificates.Server certificate, String user,
            String password, String realms, Optional<String> introspection, Optional<Integer> relay) {
        if (!InstalledProgram.DOVECOT.isUsable() || !Files.exists(Path.of("/usr/lib/dovecot/pop3-login"))
                || !"root".equals(System.getProperty("user.name"))) {
            LeftOut.note("what is tried with Dovecot",
                    "dovecot-pop3d of Dovecot 2.3 is not installed, or this is not root");
            return Optional.empty();
        }
        try {
            DovecotServer server = new DovecotServer(ServerDirectory.create("dovecot"), realms);
            server.configure(certificate);
            server.account(user, password);
            if (introspection.isPresent()) {
                server.takeTokens(introspection.get());
            }
            if (relay.isPresent() && hasSubmission()) {
                server.takeMail(relay.get());
            }
            server.start();
            return Optional.of(server);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void configure(TestCertificates.Server certificate) throws IOException {
        // Its processes run as users of their own, and reach mailboxes and sockets through this directory.
        Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(Files.createDirectory(directory.resolve("mail")),
                PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.setPosixFilePermissions(Files.createDirectory(directory.resolve("run")),
                PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(directory.resolve("server.crt"), certificate.certificate());
        Path key = directory.resolve("server.key");
        Files.writeString(key, certificate.privateKey());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
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

    /** Whether Dovecot's submission service is installed. */
    public static boolean hasSubmission() {
        return Files.exists(Path.of("/usr/lib/dovecot/submission-login"));
    }

    private void takeMail(int relay) throws IOException {
        Files.writeString(directory.resolve("dovecot.conf"), """
                protocols = pop3 submission
                hostname = localhost
                submission_relay_host = 127.0.0.1
                submission_relay_port = %1$d
                service submission-login {
                  inet_listener submission {
                    port = %2$d
                  }
                  inet_listener submissions {
                    port = %3$d
                    ssl = yes
                  }
                }
                """.formatted(relay, submission, submissions), StandardOpenOption.APPEND);
    }

    /** Where mail is taken, with STARTTLS offered. */
    public int submission() {
        return submission;
    }

    /** Where mail is taken inside of TLS. */
    public int submissions() {
        return submissions;
    }

    /** Sets the password of a user, who may be new. */
    public void account(String user, String password) {
        accounts.put(user, password);
        StringBuilder users = new StringBuilder();
        accounts.forEach((name, secret) -> {
            users.append(name).append(":{PLAIN}").append(secret).append("::::::\n");
            for (String realm : realms.split(" ", -1)) {
                users.append(name).append('@').append(realm).append(":{PLAIN}").append(secret).append("::::::\n");
            }
        });
        try {
            // Whole or not at all: Dovecot reads it when it has changed.
            Path next = Files.writeString(directory.resolve("users.next"), users);
            Files.move(next, directory.resolve("users"), StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void takeTokens(String introspection) throws IOException {
        Files.writeString(directory.resolve("oauth2"), """
                introspection_mode = auth
                introspection_url = %s
                username_attribute = username
                active_attribute = active
                active_value = true
                """.formatted(introspection));
        Files.writeString(directory.resolve("dovecot.conf"), """
                passdb {
                  driver = oauth2
                  mechanisms = xoauth2 oauthbearer
                  args = %1$s/oauth2
                }
                auth_mechanisms = plain login cram-md5 digest-md5 scram-sha-256 apop xoauth2 oauthbearer
                """.formatted(directory), StandardOpenOption.APPEND);
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
        return directory.text("log");
    }

    /** The process id of its master, above all others. */
    public long pid() throws IOException {
        return Long.parseLong(Files.readString(directory.resolve("run/master.pid")).strip());
    }

    @Override
    public void close() {
        try {
            ProcessHandle master = ProcessHandle.of(pid()).orElseThrow();
            master.destroy();
            master.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
            directory.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
