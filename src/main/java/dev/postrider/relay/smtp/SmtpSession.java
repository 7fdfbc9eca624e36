package dev.postrider.relay.smtp;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One session: a method for each verb, in the order of the dialogue (RFC 5321 section 4.1.1). */
final class SmtpSession implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(SmtpSession.class);
    private static final Predicate<String> GREETING = Pattern.compile("[A-Za-z0-9._:\\[\\]-]{1,255}")
            .asMatchPredicate();

    private final SmtpListener listener;
    private final SubmissionPolicy policy;
    private final SmtpLimits limits;
    private final Socket socket;
    private final SmtpListener.Start start;
    private volatile @Nullable Connection connection;

    private String greeting = "";
    private boolean extended;
    private Optional<String> user = Optional.empty();
    private @Nullable String sender;
    private boolean eightBit;
    private boolean smtpUtf8;
    private final List<String> recipients = new ArrayList<>();
    private int messages;
    private int bad;
    private int failedLogins;
    private boolean over;

    SmtpSession(SmtpListener listener, Socket socket, SmtpListener.Start start) {
        this.listener = listener;
        this.policy = listener.policy();
        this.limits = listener.settings().limits();
        this.socket = socket;
        this.start = start;
    }

    /** Refuses a connection that there is no place for, without a thread of its own. */
    static void turnAway(Socket socket, SmtpListener.Start start, String reply) throws IOException {
        try (socket) {
            if (start == SmtpListener.Start.PLAIN) {
                // A few octets into the empty buffer of a new socket: this cannot block.
                socket.getOutputStream().write((reply + "\r\n").getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    @Override
    public void run() {
        try (Connection opened = new Connection(socket, limits.idle())) {
            connection = opened;
            converse(opened);
        } catch (SSLException e) {
            LOG.debug("TLS with {} failed: {}", socket.getInetAddress(), e.getMessage());
        } catch (IOException e) {
            LOG.debug("session of {} broke off: {}", socket.getInetAddress(), e.getMessage());
        } finally {
            user.ifPresent(listener.users()::leave);
        }
    }

    /** From another thread: ends the session if it is between two mails. */
    void endIfQuiet() {
        end(true);
    }

    /** From another thread: ends the session. */
    void end() {
        end(false);
    }

    private void end(boolean onlyIfQuiet) {
        Connection open = connection;
        if (open != null) {
            open.end(onlyIfQuiet, "421 4.3.2 " + listener.settings().hostName() + " is shutting down");
        }
    }

    private void converse(Connection open) throws IOException {
        if (start == SmtpListener.Start.TLS) {
            Optional<SSLContext> context = listener.tls();
            if (context.isEmpty()) {
                return;
            }
            open.encrypt(context.get());
        }
        try {
            reply(open, 220, "", listener.settings().hostName() + " ESMTP Postrider");
            while (!over) {
                Line line = open.readLine(sender == null);
                switch (line) {
                    case Line.End() -> over = true;
                    case Line.Broken() -> close(open, 500, "5.5.2", "lines must end with CR LF and hold no NUL");
                    case Line.TooLong() -> reply(open, 500, "5.5.2", "line too long");
                    case Line.Text text -> obey(open, text);
                }
                if (!over && bad >= limits.badCommands()) {
                    close(open, 421, "4.7.0", "too many bad commands");
                }
            }
        } catch (SocketTimeoutException e) {
            reply(open, 421, "4.4.2", listener.settings().hostName() + " timed out waiting for you");
        }
    }

    private void obey(Connection open, Line.Text line) throws IOException {
        int space = line.text().indexOf(' ');
        String verb = (space < 0 ? line.text() : line.text().substring(0, space)).toUpperCase(Locale.ROOT);
        String argument = space < 0 ? "" : line.text().substring(space + 1).strip();
        if (line.octets() > SmtpLimits.COMMAND_LINE && !verb.equals("AUTH")) {
            reply(open, 500, "5.5.2", "line too long");
            return;
        }
        switch (verb) {
            case "EHLO" -> ehlo(open, argument);
            case "HELO" -> helo(open, argument);
            case "STARTTLS" -> starttls(open, argument);
            case "AUTH" -> auth(open, argument);
            case "MAIL" -> mail(open, argument);
            case "RCPT" -> rcpt(open, argument);
            case "DATA" -> data(open, argument);
            case "RSET" -> rset(open, argument);
            case "NOOP" -> reply(open, 250, "2.0.0", "OK");
            case "VRFY" -> reply(open, 252, "2.5.0", "send some mail, and it is tried");
            case "EXPN" -> reply(open, 502, "5.5.1", "there are no lists here");
            case "HELP" -> reply(open, 214, "2.0.0", "RFC 5321, RFC 6409; the login is <organization>.<namespace>");
            case "QUIT" -> close(open, 221, "2.0.0", "goodbye");
            default -> reply(open, 500, "5.5.2", "command not known");
        }
    }

    private void ehlo(Connection open, String argument) throws IOException {
        if (!greet(open, argument)) {
            return;
        }
        extended = true;
        List<String> lines = new ArrayList<>();
        lines.add(listener.settings().hostName() + " greets " + greeting);
        lines.add("PIPELINING");
        lines.add("SIZE " + limits.messageSize());
        if (open.tls().isEmpty() && listener.tls().isPresent()) {
            lines.add("STARTTLS");
        }
        if (offersAuth(open)) {
            lines.add("AUTH PLAIN LOGIN");
        }
        lines.addAll(List.of("8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "HELP"));
        for (String line : lines.subList(0, lines.size() - 1)) {
            open.write("250-" + line);
        }
        reply(open, 250, "", lines.getLast());
    }

    private void helo(Connection open, String argument) throws IOException {
        if (greet(open, argument)) {
            extended = false;
            reply(open, 250, "", listener.settings().hostName());
        }
    }

    private boolean greet(Connection open, String argument) throws IOException {
        if (!GREETING.test(argument)) {
            reply(open, 501, "5.5.4", "a domain or an address literal must follow");
            return false;
        }
        forget();
        greeting = argument;
        return true;
    }

    private void starttls(Connection open, String argument) throws IOException {
        Optional<SSLContext> context = listener.tls();
        if (!argument.isEmpty()) {
            reply(open, 501, "5.5.4", "STARTTLS takes no parameter");
        } else if (open.tls().isPresent()) {
            reply(open, 503, "5.5.1", "TLS is on already");
        } else if (!extended) {
            reply(open, 503, "5.5.1", "send EHLO first");
        } else if (context.isEmpty()) {
            reply(open, 454, "4.7.0", "TLS is not available, there is no certificate yet");
        } else if (open.in().hasMore()) {
            // Whoever sits between could have put it there, to have it obeyed as if it came encrypted.
            close(open, 503, "5.5.1", "nothing may follow STARTTLS before the handshake");
        } else {
            reply(open, 220, "2.0.0", "go ahead");
            open.encrypt(context.get());
            forget();
            leave();
            greeting = "";
            extended = false;
        }
    }

    private boolean offersAuth(Connection open) {
        return policy.authentication() != SubmissionPolicy.Authentication.NONE
                && (open.tls().isPresent() || listener.settings().allowPlaintextAuthentication());
    }

    private void auth(Connection open, String argument) throws IOException {
        if (policy.authentication() == SubmissionPolicy.Authentication.NONE) {
            reply(open, 502, "5.5.1", "AUTH is not offered");
        } else if (!extended) {
            reply(open, 503, "5.5.1", "send EHLO first");
        } else if (user.isPresent() || sender != null) {
            reply(open, 503, "5.5.1", user.isPresent() ? "you have logged in already" : "not within a mail");
        } else if (!offersAuth(open)) {
            reply(open, 538, "5.7.11", "log in after STARTTLS only");
        } else {
            switch (new SmtpLogin(open).read(argument)) {
                case SmtpLogin.Refused(int code, String status, String text) -> reply(open, code, status, text);
                case SmtpLogin.Gone() -> over = true;
                case SmtpLogin.Credentials(String name, String password) -> login(open, name, password);
            }
        }
    }

    private void login(Connection open, String name, String password) throws IOException {
        if (!policy.authenticate(name, password)) {
            policy.refused(Optional.of(name), "login");
            LOG.info("login failed for \"{}\" from {}", SmtpText.ascii(name), socket.getInetAddress());
            if (++failedLogins >= limits.failedLogins()) {
                close(open, 421, "4.7.0", "too many failed logins");
            } else {
                reply(open, 535, "5.7.8", "user name or password is wrong");
            }
        } else if (!listener.users().enter(name)) {
            close(open, 421, "4.7.0", "too many sessions of this organization are open, try again later");
        } else {
            user = Optional.of(name);
            reply(open, 235, "2.7.0", "welcome");
        }
    }

    private void mail(Connection open, String argument) throws IOException {
        if (greeting.isEmpty()) {
            reply(open, 503, "5.5.1", "send EHLO first");
        } else if (sender != null) {
            reply(open, 503, "5.5.1", "the mail has a sender already");
        } else if (user.isEmpty() && policy.authentication() == SubmissionPolicy.Authentication.REQUIRED) {
            refuse(open, "mail", new SubmissionPolicy.Refusal(530, "5.7.0", "log in first (AUTH)"));
        } else if (messages >= limits.messagesPerSession()) {
            close(open, 421, "4.7.0", "too many mails in one session, open another");
        } else {
            Optional<SubmissionPolicy.Refusal> refusal = policy.refusal(user);
            if (refusal.isPresent()) {
                refuse(open, "mail", refusal.get());
            } else {
                sender(open, argument);
            }
        }
    }

    private void sender(Connection open, String argument) throws IOException {
        Optional<SmtpPath> path = SmtpText.after("FROM:", argument).flatMap(SmtpPath::parse);
        if (path.isEmpty() || path.get().isPostmaster()) {
            reply(open, 501, "5.1.7", "MAIL FROM:<address> is expected");
            return;
        }
        try {
            var parameters = MailParameters.parse(path.get().parameters());
            if (path.get().isInternational() && !parameters.smtpUtf8()) {
                reply(open, 550, "5.6.7", "this address needs SMTPUTF8");
            } else if (parameters.size() > limits.messageSize()) {
                refuse(open, "mail", tooBig());
            } else {
                sender = path.get().mailbox();
                eightBit = parameters.eightBit();
                smtpUtf8 = parameters.smtpUtf8();
                reply(open, 250, "2.1.0", "sender OK");
            }
        } catch (MailParameters.Refused e) {
            reply(open, e.code(), "5.5.4", SmtpText.message(e));
        }
    }

    private void rcpt(Connection open, String argument) throws IOException {
        if (sender == null) {
            reply(open, 503, "5.5.1", "send MAIL first");
            return;
        }
        Optional<SmtpPath> path = SmtpText.after("TO:", argument).flatMap(SmtpPath::parse);
        if (path.isEmpty() || path.get().mailbox().isEmpty()) {
            refuse(open, "recipient",
                    new SubmissionPolicy.Refusal(501, "5.1.3", "RCPT TO:<address> is expected"));
        } else if (!path.get().parameters().isEmpty()) {
            reply(open, 555, "5.5.4", "RCPT parameter not known");
        } else if (path.get().isInternational() && !smtpUtf8) {
            reply(open, 553, "5.6.7", "this address needs SMTPUTF8");
        } else if (recipients.size() >= limits.recipients()) {
            reply(open, 452, "4.5.3", "too many recipients, send it to the others in another mail");
        } else {
            recipients.add(path.get().mailbox());
            reply(open, 250, "2.1.5", "recipient OK");
        }
    }

    private void data(Connection open, String argument) throws IOException {
        String from = sender;
        if (!argument.isEmpty()) {
            reply(open, 501, "5.5.4", "DATA takes no parameter");
        } else if (from == null) {
            reply(open, 503, "5.5.1", "send MAIL first");
        } else if (recipients.isEmpty()) {
            reply(open, 554, "5.5.1", "no valid recipients");
        } else {
            messages++;
            var submission = new Submission(user, open.client(), greeting, protocol(open), open.tls(), from,
                    List.copyOf(recipients), eightBit, smtpUtf8);
            forget();
            try (IncomingMessage message = store(submission)) {
                receive(open, message, submission.eightBit());
            } catch (StorageException e) {
                refuse(open, "data", stored(e.getCause()));
            }
        }
    }

    private IncomingMessage store(Submission submission) throws StorageException {
        try {
            return policy.open(submission);
        } catch (IOException e) {
            throw new StorageException(e);
        }
    }

    /** Sets apart what failed at our side from what failed at the client's. */
    private static final class StorageException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException cause;

        StorageException(IOException cause) {
            super(cause);
            this.cause = cause;
        }

        @Override
        public synchronized IOException getCause() {
            return cause;
        }
    }

    private void receive(Connection open, IncomingMessage message, boolean announced) throws IOException {
        reply(open, 354, "", "end the message with CR LF . CR LF");
        OutputStream content = message.content();
        MessageData.Result result = new MessageData(open.in(), content, limits).read();
        if (!result.complete()) {
            over = true;
            result.problem().ifPresent(problem -> LOG.info("refused and cut off: {}", problem));
        } else if (result.problem().isPresent()) {
            refuse(open, "data", refusal(result.problem().get()));
        } else {
            if (result.failure().isPresent()) {
                throw new StorageException(result.failure().get());
            }
            try {
                message.commit(announced || result.eightBit());
            } catch (IOException e) {
                throw new StorageException(e);
            }
            reply(open, 250, "2.0.0", "queued as " + message.id());
        }
    }

    private SubmissionPolicy.Refusal refusal(MessageData.Problem problem) {
        return switch (problem) {
            case BARE_LINE_END -> new SubmissionPolicy.Refusal(554, "5.5.2",
                    "the message holds a CR or LF that is not part of a CR LF");
            case NUL -> new SubmissionPolicy.Refusal(554, "5.6.0", "the message holds a NUL");
            case LINE_TOO_LONG -> new SubmissionPolicy.Refusal(554, "5.6.0",
                    "the message holds a line of more than " + limits.textLine() + " octets");
            case TOO_BIG -> tooBig();
        };
    }

    private SubmissionPolicy.Refusal tooBig() {
        return new SubmissionPolicy.Refusal(552, "5.3.4",
                "the message is bigger than " + limits.messageSize() + " octets");
    }

    private static SubmissionPolicy.Refusal stored(IOException e) {
        LOG.error("a message could not be stored: {}", e.getMessage());
        return e instanceof IncomingMessage.NoSpaceException
                ? new SubmissionPolicy.Refusal(452, "4.3.1", "no room for the message, try again later")
                : new SubmissionPolicy.Refusal(451, "4.3.0", "the message could not be stored, try again later");
    }

    private String protocol(Connection open) {
        if (!extended) {
            return "SMTP";
        }
        return (smtpUtf8 ? "UTF8SMTP" : "ESMTP") + (open.tls().isPresent() ? "S" : "") + (user.isPresent() ? "A" : "");
    }

    private void rset(Connection open, String argument) throws IOException {
        if (!argument.isEmpty()) {
            reply(open, 501, "5.5.4", "RSET takes no parameter");
            return;
        }
        forget();
        reply(open, 250, "2.0.0", "OK");
    }

    private void forget() {
        sender = null;
        eightBit = false;
        smtpUtf8 = false;
        recipients.clear();
    }

    private void leave() {
        user.ifPresent(listener.users()::leave);
        user = Optional.empty();
    }

    private void refuse(Connection open, String at, SubmissionPolicy.Refusal refusal) throws IOException {
        policy.refused(user, at);
        reply(open, refusal.code(), refusal.status(), refusal.text());
    }

    private void close(Connection open, int code, String status, String text) throws IOException {
        reply(open, code, status, text);
        over = true;
    }

    private void reply(Connection open, int code, String status, String text) throws IOException {
        bad = code < 400 ? 0 : code >= 500 ? bad + 1 : bad;
        open.write(code + " " + (status.isEmpty() ? "" : status + " ") + SmtpText.ascii(text));
    }
}
