package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TestResult.Tls;
import jakarta.mail.Session;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A way to a server that is spoken to by SMTP. */
final class SmtpUpstream implements Upstream {
    private static final Logger LOG = LoggerFactory.getLogger(SmtpUpstream.class);

    private final Endpoint.Smtp endpoint;
    private final AccessTokens tokens;
    private final Session session;
    private final Dialogue dialogue;
    private @Nullable Wire wire;
    private @Nullable SmtpConnection connection;
    private Secrets secrets = Secrets.none();

    SmtpUpstream(Endpoint.Smtp endpoint, String ehloName, boolean recordDialogue, AccessTokens tokens) {
        this.endpoint = endpoint;
        this.tokens = tokens;
        this.session = SmtpConnection.session(endpoint, ehloName);
        this.dialogue = new Dialogue(recordDialogue);
    }

    @Override
    public Attempt send(Envelope envelope, MessageContent message) {
        long start = System.nanoTime();
        dialogue.clear();
        Map<String, Verdict> verdicts;
        try {
            verdicts = deliver(envelope, message);
        } catch (RefusedException e) {
            verdicts = new LinkedHashMap<>();
            for (String recipient : envelope.recipients()) {
                verdicts.put(recipient, e.verdict());
            }
        }
        Optional<Wire> last = Optional.ofNullable(wire);
        Optional<Tls> tls = last.flatMap(Wire::tls);
        return new Attempt(verdicts, last.map(Wire::server).orElseGet(endpoint::display), tls,
                Duration.ofNanos(System.nanoTime() - start), secrets.redact(dialogue.text()));
    }

    private Map<String, Verdict> deliver(Envelope envelope, MessageContent message) throws RefusedException {
        if (envelope.splitting().isEmpty()) {
            return transact(envelope, message);
        }
        Splitting splitting = envelope.splitting().get();
        // Only a server that was greeted says how much it takes.
        SmtpConnection greeted = connection != null && connection.isOpen() ? connection : connect();
        connection = greeted;
        long most = Math.min(greeted.mostOctets().orElse(Long.MAX_VALUE), splitting.octets().orElse(Long.MAX_VALUE));
        return message.size() <= most
                ? transact(envelope, message)
                : PartialMessages.send(envelope, message, most, splitting.id(), this::transact);
    }

    private Map<String, Verdict> transact(Envelope envelope, MessageContent message) throws RefusedException {
        SmtpConnection kept = connection;
        if (kept != null && kept.isOpen()) {
            SmtpTransaction transaction = new SmtpTransaction(kept, envelope, message);
            Map<String, Verdict> verdicts = transaction.run();
            if (kept.isOpen() || transaction.begun()) {
                return verdicts;
            }
            LOG.debug("{} closed a connection kept for the next message; connecting again", endpoint.display());
        }
        SmtpConnection fresh = connect();
        connection = fresh;
        return new SmtpTransaction(fresh, envelope, message).run();
    }

    private SmtpConnection connect() throws RefusedException {
        wire = null;
        Login login = endpoint.login().orElse(null);
        if (!(login instanceof Login.OAuth2 oauth)) {
            return connect(
                    login instanceof Login.Password password ? Optional.of(password.password()) : Optional.empty());
        }
        String token = tokens.token(oauth);
        try {
            return connect(Optional.of(token));
        } catch (RefusedException e) {
            boolean refused = e.verdict().step() == Step.Authentication
                    && e.verdict().reply().filter(reply -> reply.code() == 535).isPresent();
            if (!refused) {
                throw e;
            }
            // It may have been revoked before its time.
            tokens.forget(oauth, token);
            return connect(Optional.of(tokens.token(oauth)));
        }
    }

    private SmtpConnection connect(Optional<String> secret) throws RefusedException {
        secrets = secret.flatMap(s -> endpoint.login().map(login -> Secrets.of(login.user(), s)))
                .orElseGet(Secrets::none);
        Wire connected = Wire.connect(endpoint, dialogue);
        wire = connected;
        return SmtpConnection.open(session, endpoint, connected, secret, dialogue);
    }

    @Override
    public boolean isOpen() {
        return connection != null && connection.isOpen();
    }

    @Override
    public void close() {
        if (connection != null) {
            connection.goodbye();
        }
    }
}
