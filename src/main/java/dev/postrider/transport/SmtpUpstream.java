package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.reply.ReplyAction;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TestResult.Tls;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A way to a server that is spoken to by SMTP. */
final class SmtpUpstream implements Upstream {
    private static final Logger LOG = LoggerFactory.getLogger(SmtpUpstream.class);

    private final ResourceKey server;
    private final Endpoint.Smtp endpoint;
    private final EgressPolicy egress;
    private final AccessTokens tokens;
    private final TlsContexts contexts;
    private final PopLogins popLogins;
    private final String ehloName;
    private final Dialogue dialogue;
    private final ReplyRules rules;
    private final NullSender nullSender;
    private final RecipientGroups groups;
    private final SizeAtServer size;
    private @Nullable Wire wire;
    private @Nullable SmtpConnection connection;
    private PopLogins.@Nullable Opened opened;
    private Secrets secrets = Secrets.none();
    private boolean encodesAnew;

    SmtpUpstream(ResourceKey server, Endpoint.Smtp endpoint, EgressPolicy egress, String ehloName,
            boolean recordDialogue,
            AccessTokens tokens, PopLogins popLogins, TlsContexts contexts, ReplyRules rules,
            ObservedLimits observed) {
        this.server = server;
        this.endpoint = endpoint;
        this.egress = egress;
        this.tokens = tokens;
        this.popLogins = popLogins;
        this.contexts = contexts;
        this.ehloName = endpoint.ehloName().orElse(ehloName);
        this.dialogue = new Dialogue(recordDialogue);
        this.rules = rules;
        this.nullSender = new NullSender(server, endpoint, observed, this::transact);
        this.groups = new RecipientGroups(server, endpoint, observed, nullSender::send, this::close);
        this.size = new SizeAtServer(groups::send);
    }

    @Override
    public Attempt send(Envelope envelope, MessageContent message) {
        long start = System.nanoTime();
        dialogue.clear();
        // The session goes on with mail of others, whose signatures that would break.
        encodesAnew = false;
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

    @Override
    public Opening open() {
        dialogue.clear();
        Optional<Verdict.Refused> refused = Optional.empty();
        if (!isOpen()) {
            try {
                connection = connect();
            } catch (RefusedException e) {
                refused = Optional.of(e.verdict());
            }
        }
        Optional<Wire> last = Optional.ofNullable(wire);
        return new Opening(refused, last.map(Wire::server).orElseGet(endpoint::display),
                refused.isPresent() ? refused.get().reply() : connection().flatMap(SmtpConnection::lastWord),
                last.flatMap(Wire::tls), secrets.redact(dialogue.text()));
    }

    private Optional<SmtpConnection> connection() {
        return Optional.ofNullable(connection);
    }

    private Map<String, Verdict> deliver(Envelope envelope, MessageContent message) throws RefusedException {
        if (endpoint.login().orElse(null) instanceof Login.Submitter login && login.credentials().isEmpty()) {
            throw new RefusedException(Step.Authentication, endpoint.display()
                    + " takes mail only with the login of whoever submits it (spec.smtp.authentication.submitter)");
        }
        if (envelope.oversize().isEmpty()) {
            return groups.send(envelope, message);
        }
        // Only a server that was greeted says how much it takes.
        SmtpConnection greeted = connection != null && connection.isOpen() ? connection : connect();
        connection = greeted;
        return size.send(envelope, message, greeted.mostOctets());
    }

    /**
     * What the server refuses for how it is encoded is encoded anew, once, and where that helped, so is the message for
     * all others, if it can be.
     */
    private Map<String, Verdict> transact(Envelope envelope, MessageContent message) throws RefusedException {
        Map<String, Verdict> verdicts = converse(encodesAnew ? envelope.encodedAnew() : envelope, message);
        if (encodesAnew) {
            verdicts.putAll(conversedAbout(envelope, message, verdicts, SmtpUpstream::isNotEncoded));
            return verdicts;
        }
        conversedAbout(envelope.encodedAnew(), message, verdicts, SmtpUpstream::isForEncoding)
                .forEach((recipient, verdict) -> {
                    encodesAnew |= verdict instanceof Verdict.Accepted;
                    // What cannot be encoded was refused by the server, and its words say more.
                    if (!(verdict instanceof Verdict.Refused refused) || refused.reply().isPresent()) {
                        verdicts.put(recipient, verdict);
                    }
                });
        return verdicts;
    }

    /** Another transaction for recipients whose verdicts want one, if there are any. */
    private Map<String, Verdict> conversedAbout(Envelope envelope, MessageContent message,
            Map<String, Verdict> verdicts, Predicate<Verdict> wantsIt) throws RefusedException {
        List<String> recipients = envelope.recipients()
                .stream()
                .filter(recipient -> wantsIt.test(verdicts.get(recipient)))
                .toList();
        return recipients.isEmpty() ? Map.of() : converse(envelope.to(recipients), message);
    }

    /** Whether it is signed or encrypted, so that it goes as it is or not at all. */
    private static boolean isNotEncoded(@Nullable Verdict verdict) {
        return verdict instanceof Verdict.Refused refused && refused.reply().isEmpty()
                && refused.status().filter(MessageException.NOT_ENCODED::equals).isPresent();
    }

    private static boolean isForEncoding(@Nullable Verdict verdict) {
        return verdict instanceof Verdict.Refused refused
                && refused.meaning().filter(m -> m.action() instanceof ReplyAction.EncodeAnew).isPresent();
    }

    private Map<String, Verdict> converse(Envelope envelope, MessageContent message) throws RefusedException {
        SmtpConnection kept = connection;
        if (kept != null && kept.isOpen()) {
            SmtpTransaction transaction = new SmtpTransaction(kept, envelope, message);
            Map<String, Verdict> verdicts = transaction.run();
            if (kept.isOpen() || transaction.begun()) {
                return ofThisMail(judged(verdicts, false));
            }
            LOG.debug("{} closed a connection kept for the next message; connecting again", endpoint.display());
        }
        SmtpConnection fresh = connect();
        connection = fresh;
        return ofThisMail(
                judged(new SmtpTransaction(fresh, envelope, message).run(), opened != null && opened.fresh()));
    }

    /** From here on a server that ends the session, or falls silent, may do so for what is in the mail. */
    private static Map<String, Verdict> ofThisMail(Map<String, Verdict> verdicts) {
        verdicts.replaceAll((_, verdict) -> verdict instanceof Verdict.Refused refused
                ? refused.whileHandedOver()
                : verdict);
        return verdicts;
    }

    /**
     * A server that has forgotten a POP3 login that was remembered here refuses what it would take after another: that
     * refusal is not its last word.
     */
    private Map<String, Verdict> judged(Map<String, Verdict> verdicts, boolean freshLogin) {
        if (!(endpoint.login().orElse(null) instanceof Login.PopBeforeSmtp login) || opened == null || freshLogin) {
            return verdicts;
        }
        Map<String, Verdict> judged = new LinkedHashMap<>();
        boolean forgotten = false;
        for (Map.Entry<String, Verdict> entry : verdicts.entrySet()) {
            if (entry.getValue() instanceof Verdict.Refused refused && mayBeForLogin(refused)) {
                forgotten = true;
                judged.put(entry.getKey(), new Verdict.Refused(refused.step(), false, refused.reply(),
                        refused.message() + "; the next attempt logs in at the POP3 server anew"));
            } else {
                judged.put(entry.getKey(), entry.getValue());
            }
        }
        if (forgotten) {
            popLogins.forget(login, opened.login());
            close();
        }
        return judged;
    }

    private static boolean mayBeForLogin(Verdict.Refused refused) {
        return refused.reply().isPresent() && (refused.step() == Step.Authentication
                || refused.step() == Step.SenderRejected || refused.step() == Step.RecipientRejected);
    }

    private SmtpConnection connect() throws RefusedException {
        wire = null;
        opened = null;
        return switch (endpoint.login().orElse(null)) {
            case null -> connect(Optional.empty(), Secrets.none());
            case Login.Password login -> connect(Optional.of(login.password()), Secrets.of(login.password()));
            case Login.PopBeforeSmtp login -> {
                secrets = Secrets.of(login.password());
                opened = popLogins.open(server, endpoint, login, egress, dialogue);
                yield connect(Optional.empty(), secrets);
            }
            case Login.OAuth2 login -> connect(login);
            case Login.Submitter login -> connect(login.credentials().map(Login.Credentials::password),
                    login.credentials().map(known -> Secrets.of(known.password())).orElseGet(Secrets::none));
        };
    }

    private SmtpConnection connect(Login.OAuth2 login) throws RefusedException {
        String token = tokens.token(login.tokens(), egress);
        try {
            return connect(Optional.of(token), Secrets.of(token));
        } catch (RefusedException e) {
            boolean refused = e.verdict().step() == Step.Authentication
                    && e.verdict().reply().filter(reply -> reply.code() == 535).isPresent();
            if (!refused) {
                throw e;
            }
            // It may have been revoked before its time.
            tokens.forget(login.tokens(), token);
            String another = tokens.token(login.tokens(), egress);
            return connect(Optional.of(another), Secrets.of(another));
        }
    }

    private SmtpConnection connect(Optional<String> secret, Secrets hidden) throws RefusedException {
        secrets = hidden;
        Optional<SSLContext> context = endpoint.security() == Endpoint.Security.NONE
                ? Optional.empty()
                : Optional.of(contexts.of(server, endpoint, egress));
        dialogue.expect(Dialogue.Protocol.SMTP);
        Wire connected = Wire.connect(endpoint, egress, context, dialogue);
        wire = connected;
        return SmtpConnection.open(endpoint, ehloName, connected, secret, secrets, dialogue, rules);
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
