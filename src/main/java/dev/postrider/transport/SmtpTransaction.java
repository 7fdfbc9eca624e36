package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.message.change.DowngradedMessage;
import dev.postrider.message.change.MessageForm;
import dev.postrider.message.header.AsciiForms;
import dev.postrider.reply.Meaning;
import dev.postrider.reply.Reply;
import dev.postrider.route.Durations;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import jakarta.mail.MessagingException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One mail transaction (RFC 5321 section 3.3): MAIL, RCPT for each recipient, DATA; all at once where the server offers
 * PIPELINING (RFC 2920). One refused recipient does not stop the others. A message may take as long as the reply
 * timeout and a second more for each 8 KiB.
 */
final class SmtpTransaction {
    private static final int BLOCK = 16 * 1024;
    private static final int SLOWEST = 8 * 1024;
    /** Octets of commands sent at once: their replies must fit into the buffers between, where nobody reads yet. */
    private static final int MOST_AT_ONCE = 16 * 1024;

    private final SmtpConnection connection;
    private final Envelope envelope;
    private final boolean international;
    private final Map<String, Verdict> verdicts = new LinkedHashMap<>();
    private MessageContent message;
    private boolean sevenBit;
    private boolean begun;

    SmtpTransaction(SmtpConnection connection, Envelope envelope, MessageContent message) {
        this.connection = connection;
        this.envelope = envelope;
        this.message = message;
        this.international = envelope.smtpUtf8() && connection.takesSmtpUtf8();
    }

    /** Whether the server took MAIL: before that, a broken connection may simply have been idle for too long. */
    boolean begun() {
        return begun;
    }

    /** Hands the message over; there is a verdict for each recipient, whatever happens. */
    Map<String, Verdict> run() {
        try {
            String sender = path(envelope.sender(), Step.SenderRejected);
            Map<String, String> recipients = recipients();
            if (!recipients.isEmpty()) {
                prepare();
                String mail = "MAIL FROM:<" + sender + ">" + parameters();
                connection.resetIfNeeded();
                converse(mail, recipients);
            }
        } catch (RefusedException e) {
            refuseOthers(e.verdict());
        } catch (MessagingException e) {
            refuseOthers(broken(e).verdict());
        }
        return verdicts;
    }

    /** Gives the message the form that this server takes. */
    private void prepare() throws RefusedException {
        sevenBit = envelope.encoded() || envelope.eightBit() && !connection.takesEightBit();
        MessageForm form = new MessageForm(envelope.smtpUtf8() && !international, sevenBit, international,
                envelope.longLines() || envelope.encoded(), envelope.signers());
        try {
            message = form.of(message, envelope.share());
        } catch (MessageException e) {
            throw RefusedException.of(Step.MessageRejected, e);
        }
    }

    /** @param recipients with the command for each */
    private void converse(String mail, Map<String, String> recipients) throws RefusedException, MessagingException {
        Commands commands = new Commands(mail, recipients.values());
        connection.needsReset(true);
        Reply sender = commands.next();
        if (!sender.positive()) {
            Verdict.Refused refusal = sender.code() == 552
                    ? refused(Step.SenderRejected, sender, "refused a message of " + message.size() + " octets",
                            "send less, or let it be sent in parts (spec.limits.whenTooLarge of the organization)")
                    : refused(Step.SenderRejected, sender, "refused the sender <" + envelope.sender() + ">",
                            "check that this login may send as that address");
            commands.skipOthers();
            throw new RefusedException(refusal);
        }
        begun = true;
        List<String> accepted = new ArrayList<>();
        for (String recipient : recipients.keySet()) {
            Reply reply = commands.next();
            if (reply.code() == 421) {
                throw new RefusedException(
                        refused(Step.Connection, reply, "ended the session", "it will be tried again"));
            }
            if (reply.positive()) {
                accepted.add(recipient);
            } else {
                verdicts.put(recipient, refused(Step.RecipientRejected, reply,
                        "refused the recipient <" + recipient + ">",
                        "check the address, and that this server delivers or relays to it"));
            }
        }
        if (accepted.isEmpty()) {
            commands.skipOthers();
            return;
        }
        Reply start = commands.next();
        if (start.code() != 354) {
            throw new RefusedException(refused(Step.MessageRejected, start, "refused DATA", "ask its operator"));
        }
        Reply reply = content();
        accepted.forEach(recipient -> verdicts.put(recipient, new Verdict.Accepted(reply, offersDsn())));
    }

    /** The commands before the message, each said when its reply is wanted, or all of them at once. */
    private final class Commands {
        private final Deque<String> left = new ArrayDeque<>();
        private final boolean atOnce;

        Commands(String mail, Collection<String> recipients) throws MessagingException {
            left.add(mail);
            left.addAll(recipients);
            left.add("DATA");
            this.atOnce = connection.supportsExtension("PIPELINING")
                    && left.stream().mapToInt(String::length).sum() < MOST_AT_ONCE;
            if (atOnce) {
                connection.send(left);
            }
        }

        Reply next() throws MessagingException {
            String command = left.remove();
            return atOnce ? connection.reply() : connection.command(command);
        }

        /** Reads the replies to what was said in vain. */
        void skipOthers() throws MessagingException {
            while (atOnce && !left.isEmpty() && connection.isOpen()) {
                int code = next().code();
                if (code == 421 || code == 354) {
                    // To 354 a lone dot would be the answer of RFC 2920 section 3.1, and an empty mail if it had taken
                    // a recipient all the same.
                    connection.abort();
                }
            }
        }
    }

    private void refuseOthers(Verdict.Refused verdict) {
        envelope.recipients().forEach(recipient -> verdicts.putIfAbsent(recipient, verdict));
    }

    /** Parameters of MAIL (RFC 1870, 3461, 6152, 6531). */
    private String parameters() {
        StringBuilder parameters = new StringBuilder();
        if (connection.supportsExtension("SIZE")) {
            parameters.append(" SIZE=").append(message.size());
        }
        if (envelope.eightBit() && !sevenBit && connection.supportsExtension("8BITMIME")) {
            parameters.append(" BODY=8BITMIME");
        }
        if (international) {
            parameters.append(" SMTPUTF8");
        }
        if (offersDsn()) {
            envelope.dsn().ret().ifPresent(ret -> parameters.append(" RET=").append(ret));
            envelope.dsn().envid().ifPresent(envid -> parameters.append(" ENVID=").append(envid));
        }
        return parameters.toString();
    }

    private boolean offersDsn() {
        return connection.supportsExtension("DSN");
    }

    /** Parameters of RCPT (RFC 3461 section 4). */
    private String parameters(String recipient) {
        RecipientDsnRequest request = envelope.reports().getOrDefault(recipient, RecipientDsnRequest.NONE);
        StringBuilder parameters = new StringBuilder();
        if (offersDsn() && !request.conditions().isEmpty()) {
            parameters.append(" NOTIFY=")
                    .append(request.conditions().stream().sorted().map(Enum::name).collect(Collectors.joining(",")));
        }
        if (offersDsn()) {
            request.orcpt().ifPresent(orcpt -> parameters.append(" ORCPT=").append(orcpt));
        }
        return parameters.toString();
    }

    /** The command for each recipient that can be told to this server; the others are refused. */
    private Map<String, String> recipients() {
        Map<String, String> commands = new LinkedHashMap<>();
        for (String recipient : envelope.recipients()) {
            try {
                commands.put(recipient,
                        "RCPT TO:<" + path(recipient, Step.RecipientRejected) + ">" + parameters(recipient));
            } catch (RefusedException e) {
                verdicts.put(recipient, e.verdict());
            }
        }
        return commands;
    }

    private Reply content() throws RefusedException, MessagingException {
        connection.dialogue().message(message.size());
        Duration time = connection.endpoint().replyTimeout().plusSeconds(message.size() / SLOWEST);
        try (var _ = connection.wire().deadline(time); InputStream in = open()) {
            var out = new DataStream(new BufferedOutputStream(connection.wire().getOutputStream(), BLOCK));
            copy(in, out);
            out.end();
        } catch (IOException e) {
            throw interrupted(e);
        }
        Reply reply;
        try {
            reply = connection.replyToMessage();
        } catch (MessagingException e) {
            if (connection.wire().timedOut()) {
                connection.abort();
                throw tookTooLong("the reply to the message", connection.endpoint().dataTimeout(), "dataTimeout");
            }
            throw broken(e);
        }
        if (!reply.positive()) {
            throw new RefusedException(refused(Step.MessageRejected, reply, "refused the message",
                    "change what it objects to, or ask its operator"));
        }
        connection.needsReset(false);
        return reply;
    }

    private InputStream open() throws RefusedException {
        try {
            return message.open();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void copy(InputStream in, OutputStream out) throws IOException, RefusedException {
        byte[] block = new byte[BLOCK];
        while (true) {
            int count;
            try {
                count = in.read(block);
            } catch (IOException e) {
                throw unreadable(e);
            }
            if (count < 0) {
                return;
            }
            out.write(block, 0, count);
        }
    }

    /** A server may refuse a message before it has seen its end, and close. */
    private RefusedException interrupted(IOException failure) {
        Optional<Reply> reply = connection.wire().timedOut() ? Optional.empty() : connection.lastWords();
        if (reply.isPresent() && !reply.get().positive()) {
            connection.abort();
            return new RefusedException(refused(Step.MessageRejected, reply.get(), "refused the message before its end",
                    "change what it objects to, or ask its operator"));
        }
        return broken(failure);
    }

    /** The message's own store failed: the connection is cut, since what was sent so far must not count. */
    private RefusedException unreadable(IOException failure) {
        connection.abort();
        return new RefusedException(Step.MessageRejected,
                "the message could not be read: " + failure.getMessage() + "; it will be tried again");
    }

    private RefusedException broken(Exception failure) {
        boolean timedOut = connection.wire().timedOut();
        connection.abort();
        Throwable cause = failure instanceof MessagingException mail && mail.getNextException() != null
                ? mail.getNextException()
                : failure;
        String server = connection.wire().server();
        return timedOut
                ? tookTooLong("a reply", connection.endpoint().replyTimeout(), "replyTimeout")
                : new RefusedException(Step.Connection, "the connection to " + server
                        + " broke before the message was taken: " + cause.getMessage()
                        + "; look into the server's log");
    }

    private RefusedException tookTooLong(String what, Duration time, String field) {
        return new RefusedException(Step.Timeout, connection.wire().server() + " took longer than "
                + Durations.write(time) + " for " + what + "; look into the server's log, or raise spec.smtp." + field);
    }

    /** A path for MAIL or RCPT: nothing that would end the command, and UTF-8 only where it was agreed on. */
    private String path(String address, Step step) throws RefusedException {
        boolean plain = address.chars().allMatch(c -> c >= ' ' && c < 127);
        boolean visible = address.chars().allMatch(c -> c >= ' ' && c != 127);
        if (plain || (visible && international)) {
            return address;
        }
        if (visible && envelope.smtpUtf8()) {
            try {
                return AsciiForms.address(address);
            } catch (AsciiForms.NoneException e) {
                throw RefusedException.of(step, DowngradedMessage.refusal(String.valueOf(e.getMessage())));
            }
        }
        throw new RefusedException(new Verdict.Refused(step, true, "5.1.3", step + ": the address \""
                + address.replaceAll("\\p{Cntrl}", "?")
                + "\" is not an address of RFC 5321 (5.1.3); use one in ASCII, or "
                + "SMTPUTF8 (RFC 6531)"));
    }

    private Verdict.Refused refused(Step step, Reply reply, String what, String next) {
        boolean loginWanted = reply.code() == 530 || reply.code() == 534 || reply.code() == 535;
        boolean tooBig = reply.code() == 552 && step == Step.SenderRejected;
        Step actual = reply.code() == 421
                ? Step.Connection
                : loginWanted ? Step.Authentication : tooBig ? Step.MessageRejected : step;
        if (actual == Step.Connection) {
            connection.abort();
        }
        Meaning meaning = connection.rules().of(connection.endpoint().host(), actual, reply);
        String advice = meaning.advice()
                .orElseGet(() -> loginWanted ? adviceOnLogin() : next);
        boolean permanent = meaning.isPermanent(actual, reply);
        return new Verdict.Refused(actual, permanent, Optional.of(reply), actual + ": "
                + connection.endpoint().display() + " " + what + ": " + reply.text() + "; " + advice)
                .meaning(meaning);
    }

    private String adviceOnLogin() {
        return switch (connection.endpoint().login().orElse(null)) {
            case null -> "declare a login in spec.smtp.authentication";
            case Login.PopBeforeSmtp _ ->
                "the login at the POP3 server does not count here: raise delay, or lower rememberFor, in "
                        + "spec.smtp.authentication.popBeforeSmtp";
            case Login.Password _,Login.OAuth2 _,Login.Submitter _ -> "check that the login may send mail";
        };
    }
}
