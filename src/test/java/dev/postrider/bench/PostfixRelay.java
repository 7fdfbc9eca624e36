package dev.postrider.bench;

import static org.awaitility.Awaitility.await;

import dev.postrider.relay.TestRoutes;
import dev.postrider.route.CertificateBundle;
import dev.postrider.route.InvalidPemException;
import dev.postrider.testing.DovecotServer;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** A Postfix with a configuration and a queue of its own; Dovecot knows its logins, and OpenDKIM signs its mail. */
final class PostfixRelay implements RelayCandidate {
    private final String name;
    private final PostfixServer server;
    private final Optional<DovecotServer> dovecot;
    private final Optional<OpenDkim> openDkim;
    private final Duration untilFirstReply;

    private PostfixRelay(String name, PostfixServer server, Optional<DovecotServer> dovecot,
            Optional<OpenDkim> openDkim, boolean login, long started) throws IOException {
        this.name = name;
        this.server = server;
        this.dovecot = dovecot;
        this.openDkim = openDkim;
        untilFirstReply = RelayCandidate.firstReply(login ? server.tlsPort() : server.port(), login, started);
    }

    /**
     * Starts one.
     *
     * @param upstream port of the server that it delivers to
     * @param settings further lines of main.cf
     */
    static PostfixRelay start(String name, int upstream, List<String> settings, Setup setup) throws IOException {
        TestCertificates.Server certificate = certificate();
        // Without a file its log goes to syslog, if there is one.
        List<String> lines = new ArrayList<>(List.of("maillog_file =", "default_transport = smtp",
                "relayhost = [127.0.0.1]:" + upstream, "smtpd_relay_restrictions = permit_mynetworks, reject",
                "smtpd_recipient_restrictions = permit", "smtp_tls_security_level = none",
                "smtpd_tls_security_level = none", "smtp_dns_support_level = disabled"));
        Optional<DovecotServer> dovecot = Optional.empty();
        if (setup.login()) {
            dovecot = Optional.of(DovecotServer
                    .startIfInstalled(certificate, MailClient.LOGIN.user(), MailClient.LOGIN.password(), "b.example")
                    .orElseThrow(() -> new IllegalStateException("Dovecot does not start")));
            lines.addAll(List.of("smtpd_tls_security_level = may", "smtpd_tls_protocols = >=TLSv1.3",
                    "smtpd_tls_auth_only = yes", "smtpd_sasl_auth_enable = yes", "smtpd_sasl_type = dovecot",
                    "smtpd_sasl_path = " + dovecot.get().authSocket(),
                    "smtpd_relay_restrictions = permit_sasl_authenticated, reject"));
        }
        Optional<OpenDkim> openDkim = Optional.empty();
        if (setup.dkim().isPresent()) {
            openDkim = Optional.of(OpenDkim.start(setup.dkim().get()));
            lines.addAll(List.of("smtpd_milters = inet:127.0.0.1:" + openDkim.get().port(),
                    "milter_default_action = tempfail"));
        }
        lines.addAll(settings);
        long started = System.nanoTime();
        return new PostfixRelay(name, PostfixServer.startIfInstalled(certificate, lines)
                .orElseThrow(() -> new IllegalStateException("Postfix does not start")), dovecot, openDkim,
                setup.login(), started);
    }

    /** The one that Postrider shows, too: a key on P-256. */
    private static TestCertificates.Server certificate() {
        var shown = TestRoutes.CERTIFICATE;
        try {
            return new TestCertificates.Server(shown.certificateChain(), shown.privateKey(), SSLContext.getDefault(),
                    CertificateBundle.parse(shown.certificateChain()).getFirst());
        } catch (GeneralSecurityException | InvalidPemException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int port() {
        return server.port();
    }

    @Override
    public List<Long> pids() {
        try {
            List<Long> pids = new ArrayList<>(List.of(server.pid()));
            if (dovecot.isPresent()) {
                pids.add(dovecot.get().pid());
            }
            openDkim.ifPresent(signer -> pids.add(signer.pid()));
            return pids;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Duration untilFirstReply() {
        return untilFirstReply;
    }

    /** Postfix alone; its helpers go on. */
    @Override
    public void kill() throws IOException {
        // The master leads a process group that all others belong to, so it cannot start one that escapes.
        var command = List.of("kill", "-KILL", "--", "-" + server.pid());
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> new ProcessBuilder(command).start().waitFor() != 0);
    }

    @Override
    public void restart() {
        server.resume();
    }

    @Override
    public void close() throws IOException {
        server.close();
        dovecot.ifPresent(DovecotServer::close);
        if (openDkim.isPresent()) {
            openDkim.get().close();
        }
    }
}
