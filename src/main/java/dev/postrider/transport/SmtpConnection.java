package dev.postrider.transport;

import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.sasl.SaslCredentials;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/**
 * An SMTP session with one server, from greeting to QUIT, protected and logged in as declared or not at all.
 *
 * <p>Greeting, EHLO, STARTTLS and the framing of DATA are Angus Mail's. {@link SaslLogin} speaks AUTH, since Angus has
 * neither SCRAM nor OAUTHBEARER, and no say in what is sent in the clear. Its {@code sendMessage} is not used: it
 * tells what became of each recipient only by a chain of exceptions, and forgets the final reply when the connection
 * breaks after it. {@link SmtpTransaction} speaks the verbs of a message instead.
 */
final class SmtpConnection extends SMTPTransport {
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    /** Made once: Angus looks for providers in every jar, which takes milliseconds. */
    private static final Map<Security, Session> SESSIONS = new ConcurrentHashMap<>();

    private final Endpoint.Smtp endpoint;
    private final Wire wire;
    private final Dialogue dialogue;
    private final Secrets secrets;
    private final ReplyRules rules;
    private Step phase = Step.Connection;
    private Duration patience;
    private boolean greeted;
    private boolean resetNeeded;
    private boolean open;

    private SmtpConnection(Endpoint.Smtp endpoint, String ehloName, Wire wire, Secrets secrets, Dialogue dialogue,
            ReplyRules rules) {
        super(SESSIONS.computeIfAbsent(endpoint.security(), SmtpConnection::session),
                new URLName("smtp", endpoint.host(), endpoint.port(), null, null, null));
        setLocalHost(ehloName);
        this.endpoint = endpoint;
        this.patience = endpoint.replyTimeout();
        this.wire = wire;
        this.dialogue = dialogue;
        this.secrets = secrets;
        this.rules = rules;
    }

    /** The settings that Angus Mail needs; what differs between servers besides is told to the connection. */
    private static Session session(Security security) {
        Properties settings = new Properties();
        settings.put("mail.smtp.ssl.socketFactory", new StartTls());
        switch (security) {
            case STARTTLS -> settings.setProperty("mail.smtp.starttls.required", "true");
            case STARTTLS_IF_OFFERED -> settings.setProperty("mail.smtp.starttls.enable", "true");
            case NONE, TLS -> {
            }
        }
        return Session.getInstance(settings);
    }

    /**
     * Opens a session over a connection just made.
     *
     * @param ehloName what EHLO says
     * @param secret   the password or access token, where one is needed
     * @param secrets  what must not be shown; what is sent for the login is added to it
     * @param rules    by which refusals get their meaning
     * @throws RefusedException with Connection, Tls, Certificate, Authentication or Timeout; the connection is closed
     */
    static SmtpConnection open(Endpoint.Smtp endpoint, String ehloName, Wire wire, Optional<String> secret,
            Secrets secrets, Dialogue dialogue, ReplyRules rules) throws RefusedException {
        SmtpConnection connection = new SmtpConnection(endpoint, ehloName, wire, secrets, dialogue, rules);
        try {
            connection.establish();
            if (secret.isPresent()) {
                connection.logIn(secret.get());
            } else if (endpoint.login().orElse(null) instanceof Login.Submitter submitter) {
                SaslLogin.mechanism(connection, submitter);
            }
            connection.open = true;
            return connection;
        } catch (RefusedException e) {
            wire.cut();
            throw e;
        }
    }

    private void establish() throws RefusedException {
        SessionFailure failure = SessionFailure.ofSmtp(endpoint, wire, secrets, rules);
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
        }
    }

    private void logIn(String secret) throws RefusedException {
        Login login = endpoint.login().orElseThrow();
        String host = endpoint.host().replaceFirst("\\.$", "");
        try {
            new SaslLogin(this, login,
                    new SaslCredentials(login.user(), secret, realm(login), host, endpoint.port(), getLocalHost()))
                    .perform();
        } catch (RefusedException e) {
            if (e.verdict().step() == Step.Authentication) {
                goodbye();
            }
            throw e;
        }
    }

    private static Optional<String> realm(Login login) {
        return switch (login) {
            case Login.Password password -> password.realm();
            case Login.Submitter submitter -> submitter.realm();
            case Login.OAuth2 _,Login.PopBeforeSmtp _ -> Optional.empty();
        };
    }

    /** Angus must not try a login of its own. */
    @Override
    protected synchronized boolean protocolConnect(String host, int port, @Nullable String user,
            @Nullable String password) throws MessagingException {
        return super.protocolConnect(endpoint.host(), endpoint.port(), null, null);
    }

    @Override
    protected boolean ehlo(String domain) throws MessagingException {
        boolean understood = super.ehlo(domain);
        if (!understood && wire.tls().isPresent() && endpoint.security() != Security.TLS) {
            // What was offered before STARTTLS must be forgotten (RFC 3207 section 4.2); Angus would go on with it.
            throw new MessagingException(getLastServerResponse());
        }
        return understood;
    }

    @Override
    protected void startTLS() throws MessagingException {
        phase = Step.Tls;
        super.startTLS();
        phase = Step.Connection;
    }

    /** The SASL mechanisms that the server offers, in upper case; also as servers did before RFC 2554 was finished. */
    Set<String> offeredMechanisms() {
        Set<String> offered = new LinkedHashSet<>();
        String names = getExtensionParameter("AUTH");
        if (names != null) {
            offered.addAll(Arrays.asList(names.strip().toUpperCase(Locale.ROOT).split("\\s+")));
            offered.remove("");
        }
        if (supportsExtension("AUTH=LOGIN")) {
            offered.add("LOGIN");
        }
        return offered;
    }

    /** Whether a login may be sent though the connection is not encrypted. */
    boolean mayLogInInTheClear() {
        return endpoint.sendsLoginInTheClear();
    }

    @Override
    protected int readServerResponse() throws MessagingException {
        if (!greeted) {
            greeted = true;
            try (var _ = wire.greeting()) {
                return super.readServerResponse();
            }
        }
        try (var _ = wire.deadline(patience)) {
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

    /** Sends commands without waiting for their replies (RFC 2920); in UTF-8, as RFC 6531 has it. */
    void send(Collection<String> commands) throws MessagingException {
        try {
            wire.getOutputStream().write((String.join("\r\n", commands) + "\r\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new MessagingException("cannot send", e);
        }
    }

    /** Reads the next reply to what was sent. */
    synchronized Reply reply() throws MessagingException {
        readServerResponse();
        return lastReply();
    }

    /** Reads the reply to the message that was sent, for which a server may take longer. */
    synchronized Reply replyToMessage() throws MessagingException {
        patience = endpoint.dataTimeout();
        try {
            return reply();
        } finally {
            patience = endpoint.replyTimeout();
        }
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

    /** The line of the server just read, as it came; a challenge is in it. */
    String lastLine() {
        return getLastServerResponse().lines().findFirst().orElse("");
    }

    /** The reply just read, if it was one. */
    Optional<Reply> lastWord() {
        return Reply.parse(getLastServerResponse()).map(secrets::redact);
    }

    /** The reply just read, credentials removed. */
    Reply lastReply() throws MessagingException {
        return lastWord().orElseThrow(() -> new MessagingException("[EOF]".equals(getLastServerResponse())
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

    Secrets secrets() {
        return secrets;
    }

    ReplyRules rules() {
        return rules;
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

    /** Whether addresses and headers may be in UTF-8 (RFC 6531). */
    boolean takesSmtpUtf8() {
        return supportsExtension("SMTPUTF8") && !endpoint.withoutSmtpUtf8();
    }

    /** Whether messages may have octets above 127 (RFC 6152). */
    boolean takesEightBit() {
        return switch (endpoint.eightBitMime()) {
            case IF_OFFERED -> supportsExtension("8BITMIME");
            case NEVER -> false;
            case ASSUME -> true;
        };
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
