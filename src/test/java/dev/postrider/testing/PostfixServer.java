package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Postfix of the machine's own package, with a configuration and a queue of its own in a temporary directory,
 * listening on the loopback interface only. It offers STARTTLS, takes mail for the domain {@code postfix.test} and puts
 * it into a directory.
 */
public final class PostfixServer implements AutoCloseable {
    private static final Pattern MAIL_FILE = Pattern.compile("^(\\d+)\\.V\\w+?M(\\d+)\\.");
    private static final Comparator<Path> BY_TIME = Comparator.comparingLong(PostfixServer::delivered);

    private static final Path PROGRAM = Path.of("/usr/sbin/postfix");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ServerDirectory directory;
    private final String address;
    private final int port = FreePort.find();
    private final int tlsPort = FreePort.find();

    private PostfixServer(ServerDirectory directory, String address) {
        this.directory = directory;
        this.address = address;
    }

    /**
     * Starts one, if Postfix is installed and may be started (its master must begin as root).
     *
     * @param certificate what it shows after STARTTLS
     * @return empty where there is no Postfix, or the user is not root
     */
    public static Optional<PostfixServer> startIfInstalled(TestCertificates.Server certificate) {
        return startIfInstalled(certificate, List.of());
    }

    /**
     * Starts one with further settings.
     *
     * @param settings lines of main.cf, which win over those that are there
     */
    public static Optional<PostfixServer> startIfInstalled(TestCertificates.Server certificate,
            List<String> settings) {
        return startIfInstalled(certificate, settings, "127.0.0.1");
    }

    /**
     * Starts one that listens elsewhere.
     *
     * @param address of this machine; whoever connects there may send to {@code postfix.test}
     */
    public static Optional<PostfixServer> startIfInstalled(TestCertificates.Server certificate, List<String> settings,
            String address) {
        if (!Files.isExecutable(PROGRAM) || !"root".equals(System.getProperty("user.name"))) {
            LeftOut.note("what is tried with Postfix", "it is not installed, or this is not root");
            return Optional.empty();
        }
        try {
            PostfixServer server = new PostfixServer(ServerDirectory.create("postfix"), address);
            server.configure(certificate, settings);
            server.run("start");
            return Optional.of(server);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void configure(TestCertificates.Server certificate, List<String> settings) throws IOException {
        // Its daemons run as the user postfix, and reach queue and mailboxes through this directory.
        Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
        Path etc = Files.createDirectory(directory.resolve("etc"));
        Files.createDirectory(directory.resolve("queue"));
        own(Files.createDirectory(directory.resolve("data")));
        own(Files.createDirectory(directory.resolve("mail")));
        Path key = etc.resolve("server.key");
        Files.writeString(key, certificate.privateKey());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(etc.resolve("server.crt"), certificate.certificate());
        Object uid = Files.getAttribute(directory.resolve("mail"), "unix:uid", LinkOption.NOFOLLOW_LINKS);
        Object gid = Files.getAttribute(directory.resolve("mail"), "unix:gid", LinkOption.NOFOLLOW_LINKS);
        Files.writeString(etc.resolve("main.cf"), """
                compatibility_level = 3.6
                queue_directory = %1$s/queue
                data_directory = %1$s/data
                maillog_file = %1$s/mail.log
                maillog_file_prefixes = %1$s
                multi_instance_enable = yes
                multi_instance_name = postfix-test
                myhostname = localhost
                mydestination =
                mynetworks = 127.0.0.0/8
                inet_interfaces = %4$s
                inet_protocols = ipv4
                alias_maps =
                smtputf8_enable = yes
                virtual_mailbox_domains = postfix.test
                virtual_mailbox_base = %1$s/mail
                virtual_mailbox_maps = static:all/
                virtual_minimum_uid = 1
                virtual_uid_maps = static:%2$s
                virtual_gid_maps = static:%3$s
                smtpd_relay_restrictions = reject_unauth_destination
                smtpd_recipient_restrictions = check_recipient_access inline:{gone@postfix.test=reject}, permit
                smtpd_tls_security_level = may
                smtpd_tls_cert_file = %1$s/etc/server.crt
                smtpd_tls_key_file = %1$s/etc/server.key
                default_transport = error:no mail leaves this server
                """.formatted(directory, uid, gid, address) + String.join("\n", settings) + "\n");
        Files.writeString(etc.resolve("master.cf"), """
                %1$s:%2$d inet n - n - - smtpd
                %1$s:%3$d inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
                postlog unix-dgram n - n - 1 postlogd
                pickup unix n - n 60 1 pickup
                cleanup unix n - n - 0 cleanup
                qmgr unix n - n 300 1 qmgr
                tlsmgr unix - - n 1000? 1 tlsmgr
                rewrite unix - - n - - trivial-rewrite
                bounce unix - - n - 0 bounce
                defer unix - - n - 0 bounce
                trace unix - - n - 0 bounce
                proxymap unix - - n - - proxymap
                error unix - - n - - error
                retry unix - - n - - error
                virtual unix - n n - - virtual
                smtp unix - - n - - smtp
                anvil unix - - n - 1 anvil
                scache unix - - n - 1 scache
                """.formatted(address, port, tlsPort));
    }

    /** Where TLS is spoken from the first octet. */
    public int tlsPort() {
        return tlsPort;
    }

    private static void own(Path path) throws IOException {
        UserPrincipalLookupService users = path.getFileSystem().getUserPrincipalLookupService();
        PosixFileAttributeView owner = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        owner.setOwner(users.lookupPrincipalByName("postfix"));
        owner.setGroup(users.lookupPrincipalByGroupName("postfix"));
    }

    private void run(String command) throws IOException {
        Path output = directory.resolve(command + ".log");
        Process process = new ProcessBuilder(PROGRAM.toString(), "-c", directory.resolve("etc").toString(), command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("postfix " + command + " failed: " + Files.readString(output) + log());
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    public int port() {
        return port;
    }

    /** The process id of its master, above all others. */
    public long pid() throws IOException {
        return Long.parseLong(Files.readString(directory.resolve("queue/pid/master.pid")).strip());
    }

    /** Of a mail: Postfix writes seconds, device, inode and microseconds into its file's name (maildir). */
    private static long delivered(Path file) {
        Matcher name = MAIL_FILE.matcher(file.getFileName().toString());
        return name.find() ? Long.parseLong(name.group(1)) * 1_000_000 + Long.parseLong(name.group(2)) : 0;
    }

    /** The mails delivered so far in their order, one character an octet, lines ended by LF as Postfix stores them. */
    public List<String> mails() {
        Path folder = directory.resolve("mail/all/new");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<String> mails = new ArrayList<>();
            for (Path file : files.sorted(BY_TIME).toList()) {
                mails.add(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
            return mails;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it wrote into its log; for the message of a failing test. */
    public String log() {
        return directory.text("mail.log");
    }

    /** Takes nothing more until {@link #resume}; what it has it keeps. */
    public void pause() {
        try {
            run("stop");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void resume() {
        try {
            run("start");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            run("stop");
            directory.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
