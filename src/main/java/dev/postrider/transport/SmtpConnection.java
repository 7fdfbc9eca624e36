package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/**
 * An SMTP session with one server, from greeting to QUIT, protected and logged in as declared or not at all.
 *
 * <p>Greeting, EHLO, STARTTLS, SASL and the framing of DATA are Angus Mail's. Its {@code sendMessage} is not used: it
 * tells what became of each recipient only by a chain of exceptions, and forgets the final reply when the connection
 * breaks after it. {@link SmtpTransaction} speaks the verbs of a message instead.
 */
final class SmtpConnection extends SMTPTransport {
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private final Endpoint.Smtp endpoint;
    private final Wire wire;
    private final Dialogue dialogue;
    private final @Nullable String secret;
    private final Secrets secrets;
    private Step phase = Step.Connection;
    private boolean resetNeeded;
    private boolean open;

    private SmtpConnection(Session session, Endpoint.Smtp endpoint, Wire wire, Optional<String> secret,
            Dialogue dialogue) {
        super(session, new URLName("smtp", endpoint.host(), endpoint.port(), null, null, null));
        this.endpoint = endpoint;
        this.wire = wire;
        this.dialogue = dialogue;
        this.secret = secret.orElse(null);
        this.secrets = secret.flatMap(s -> endpoint.login().map(login -> Secrets.of(login.user(), s)))
                .orElseGet(Secrets::none);
    }

    /** The settings that Angus Mail needs to speak to this server. */
    static Session session(Endpoint.Smtp endpoint, String ehloName) {
        Properties settings = new Properties();
        settings.setProperty("mail.smtp.localhost", ehloName);
        settings.put("mail.smtp.ssl.socketFactory", new StartTls());
        switch (endpoint.security()) {
            case STARTTLS -> settings.setProperty("mail.smtp.starttls.required", "true");
            case STARTTLS_IF_OFFERED -> settings.setProperty("mail.smtp.starttls.enable", "true");
            case NONE, TLS -> {
            }
        }
        endpoint.login().ifPresent(login -> {
            settings.setProperty("mail.smtp.auth", "true");
            settings.setProperty("mail.smtp.auth.mechanisms", switch (login) {
                case Login.OAuth2 _ -> "XOAUTH2";
                // Under TLS what most servers do well comes first, in the clear what does not show the password.
                case Login.Password _ when endpoint.security() == Security.NONE -> "DIGEST-MD5 NTLM PLAIN LOGIN";
                case Login.Password _ -> "PLAIN LOGIN DIGEST-MD5 NTLM";
            });
        });
        return Session.getInstance(settings);
    }

    /**
     * Opens a session over a connection just made.
     *
     * @param secret the password or access token, where a login is declared
     * @throws RefusedException with Connection, Tls, Certificate, Authentication or Timeout; the connection is closed
     */
    static SmtpConnection open(Session session, Endpoint.Smtp endpoint, Wire wire, Optional<String> secret,
            Dialogue dialogue) throws RefusedException {
        SmtpConnection connection = new SmtpConnection(session, endpoint, wire, secret, dialogue);
        try {
            connection.establish();
            return connection;
        } catch (RefusedException e) {
            wire.cut();
            throw e;
        }
    }

    private void establish() throws RefusedException {
        SessionFailure failure = new SessionFailure(endpoint, wire, secrets);
        if (endpoint.security() == Security.TLS) {
            try {
                wire.encrypt();
            } catch (IOException e) {
                throw failure.ofTls(e);
            }
        }
        try {
            connect(wire);
        } catch (MessagingException | RuntimeException e) {
            throw failure.of(e, phase, getLastServerResponse());
        } finally {
            dialogue.login(false);
        }
        if (endpoint.login().isPresent() && getLastReturnCode() != 235) {
            goodbye();
            throw failure.ofMissingLogin();
        }
        open = true;
    }

    @Override
    protected synchronized boolean protocolConnect(String host, int port, String user, String password)
            throws MessagingException {
        String login = endpoint.login().map(Login::user).orElse(null);
        return super.protocolConnect(endpoint.host(), endpoint.port(), login, secret);
    }

    @Override
    protected boolean ehlo(String domain) throws MessagingException {
        boolean understood = super.ehlo(domain);
        if (!understood && wire.tls().isPresent() && endpoint.security() != Security.TLS) {
            // What was offered before STARTTLS must be forgotten (RFC 3207 section 4.2); Angus would go on with it.
            throw new MessagingException(getLastServerResponse());
        }
        boolean showsPassword = endpoint.security() == Security.NONE;
        boolean othersOffered = supportsAuthentication("PLAIN") || supportsAuthentication("LOGIN");
        setSASLMechanisms(new String[]{"CRAM-MD5"});
        setSASLEnabled(endpoint.login().filter(Login.Password.class::isInstance).isPresent()
                && supportsAuthentication("CRAM-MD5") && (showsPassword || !othersOffered));
        return understood;
    }

    @Override
    protected void startTLS() throws MessagingException {
        if (endpoint.security() == Security.NONE || wire.tls().isPresent()) {
            // Angus tries this when AUTH is answered with 530.
            throw new MessagingException(getLastServerResponse());
        }
        phase = Step.Tls;
        super.startTLS();
        phase = Step.Connection;
    }

    @Override
    public synchronized int simpleCommand(String command) throws MessagingException {
        if (!command.startsWith("AUTH ")) {
            return super.simpleCommand(command);
        }
        phase = Step.Authentication;
        if (wire.tls().isEmpty() && endpoint.security() != Security.NONE) {
            throw new MessagingException(SessionFailure.NO_CLEAR_TEXT_LOGIN);
        }
        dialogue.login(true);
        int code = super.simpleCommand(command);
        // The server tells the reason of its refusal in a challenge, and its reply only after an empty answer to that.
        return code == 334 && command.startsWith("AUTH XOAUTH2") ? simpleCommand(new byte[0]) : code;
    }

    @Override
    protected int readServerResponse() throws MessagingException {
        try (var _ = wire.deadline(endpoint.replyTimeout())) {
            return super.readServerResponse();
        }
    }

    /** Angus resets after each refusal; that can wait until there is a next message, and must not hide the reply. */
    @Override
    public synchronized void issueCommand(String command, int expect) throws MessagingException {
        if (command.equals("RSET")) {
            resetNeeded = true;
        } else {
            super.issueCommand(command, expect);
        }
    }

    /** Sends a command and reads its reply; in UTF-8, as RFC 6531 has it. Throws what breaks the connection. */
    synchronized Reply command(String command) throws MessagingException {
        simpleCommand(command.getBytes(StandardCharsets.UTF_8));
        return lastReply();
    }

    /** DATA: the stream takes the message; its lines and dots are put right on the way. */
    @Override
    protected synchronized OutputStream data() throws MessagingException {
        return super.data();
    }

    /** Ends the message, and waits for its reply. */
    @Override
    protected synchronized void finishData() throws IOException, MessagingException {
        super.finishData();
    }

    /** Reads a reply that nothing asked for: what a server says before it closes the connection. */
    synchronized Optional<Reply> lastWords() {
        try (var _ = wire.deadline(GOODBYE)) {
            readServerResponse();
            return Reply.parse(getLastServerResponse()).map(secrets::redact);
        } catch (MessagingException e) {
            return Optional.empty();
        }
    }

    /** The reply just read, credentials removed. */
    Reply lastReply() throws MessagingException {
        return Reply.parse(getLastServerResponse())
                .map(secrets::redact)
                .orElseThrow(() -> new MessagingException("[EOF]".equals(getLastServerResponse())
                        ? "the server closed the connection"
                        : "the server's answer is not an SMTP reply"));
    }

    /** Whether the next message must begin with RSET: not after one that the server took. */
    void needsReset(boolean needed) {
        resetNeeded = needed;
    }

    /** RSET, if the last message left the server in the middle of a transaction. */
    void resetIfNeeded() throws MessagingException {
        if (resetNeeded) {
            if (!command("RSET").positive()) {
                throw new MessagingException("the server refused RSET");
            }
            resetNeeded = false;
        }
    }

    Wire wire() {
        return wire;
    }

    Endpoint.Smtp endpoint() {
        return endpoint;
    }

    Dialogue dialogue() {
        return dialogue;
    }

    /** How large a message may be, where the server says so (RFC 1870). */
    Optional<Long> mostOctets() {
        return Optional.ofNullable(getExtensionParameter("SIZE"))
                .filter(size -> size.matches("0*[1-9][0-9]{0,17}"))
                .map(Long::valueOf);
    }

    /** Whether another message may be sent. */
    boolean isOpen() {
        return open && !wire.isClosed();
    }

    /** Cuts the connection: it broke, or what was sent must not count. */
    void abort() {
        open = false;
        wire.cut();
        goodbye();
    }

    /** QUIT, and closes once the server has let go of its side, or does not answer. */
    void goodbye() {
        open = false;
        try (var _ = wire.deadline(GOODBYE)) {
            close();
        } catch (MessagingException e) {
            // It is closed either way.
        } finally {
            wire.cut();
        }
    }
}
