package dev.postrider.relay.smtp;

import dev.postrider.route.CanonicalAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A mail from MAIL to the end of its data: the verbs MAIL, RCPT, DATA and RSET (RFC 5321 section 3.3). */
final class MailTransaction {

    /** What MAIL said. */
    private record Sender(String mailbox, MailParameters parameters) {}

    private final SmtpListener listener;
    private final SmtpLimits limits;
    private final SubmissionPolicy policy;
    private final Connection connection;
    private final Replies replies;
    private final Places.Place place;
    private final MessageReception reception;
    private final List<Recipient> recipients = new ArrayList<>();
    private final Set<CanonicalAddress> named = new HashSet<>();
    private Optional<Sender> sender = Optional.empty();
    private int messages;
    private int commands;

    MailTransaction(SmtpListener listener, Connection connection, Replies replies, Places.Place place) {
        this.listener = listener;
        this.limits = listener.settings().limits();
        this.policy = listener.policy();
        this.connection = connection;
        this.replies = replies;
        this.place = place;
        this.reception = new MessageReception(listener, connection, replies);
    }

    /** Whether there was MAIL, and neither the end of the mail nor RSET. */
    boolean isOpen() {
        return sender.isPresent();
    }

    void countCommand() {
        commands++;
    }

    /** How many commands there were since a message was accepted. */
    int commandsSinceLast() {
        return commands;
    }

    void mail(String argument, Greeting greeting) throws IOException {
        if (greeting.name().isEmpty()) {
            replies.say(503, "5.5.1", "send EHLO first");
        } else if (sender.isPresent()) {
            replies.say(503, "5.5.1", "the mail has a sender already");
        } else if (place.user().isEmpty()
                && policy.authentication() == SubmissionPolicy.Authentication.REQUIRED) {
            replies.refuse("mail", new SubmissionPolicy.Refusal(530, "5.7.0", "log in first (AUTH)"));
        } else if (messages >= limits.messagesPerSession()) {
            replies.close(421, "4.7.0", "too many mails in one session, open another");
        } else {
            Optional<SubmissionPolicy.Refusal> refusal = policy.refusal(place.user());
            if (refusal.isPresent()) {
                replies.refuse("mail", refusal.get());
            } else {
                sender(argument);
            }
        }
    }

    /** Before a login the grammar holds. */
    private Optional<SmtpPath> path(String keyword, String argument) {
        Optional<String> text = SmtpText.after(keyword, argument);
        return place.user().isPresent() ? text.flatMap(ClientPath::parse) : text.flatMap(SmtpPath::parse);
    }

    private SmtpPath inAscii(SmtpPath path, MailParameters parameters) {
        return place.user().isPresent() && !parameters.smtpUtf8() ? ClientPath.inAscii(path) : path;
    }

    private void sender(String argument) throws IOException {
        Optional<SmtpPath> path = path("FROM:", argument);
        if (path.isEmpty() || path.get().isPostmaster()) {
            replies.say(501, "5.1.7", "MAIL FROM:<address> is expected");
            return;
        }
        try {
            var parameters = MailParameters.parse(path.get().parameters(), policy.offersDsn());
            path = path.map(read -> inAscii(read, parameters));
            Optional<SubmissionPolicy.Refusal> refusal = policy.refusalOfSender(place.user(), path.get().mailbox());
            if (refusal.isEmpty()) {
                refusal = policy.refusalOfSize(place.user(),
                        Math.min(parameters.size(), listener.messageSize(place.user())));
            }
            if (path.get().isInternational() && !parameters.smtpUtf8()) {
                replies.say(550, "5.6.7", "this address needs SMTPUTF8");
            } else if (parameters.size() > listener.messageSize(place.user())) {
                replies.refuse("mail", MessageReception.tooBig(listener.messageSize(place.user())));
            } else if (refusal.isPresent()) {
                replies.refuse("mail", refusal.get());
            } else {
                sender = Optional.of(new Sender(path.get().mailbox(), parameters));
                replies.say(250, "2.1.0", "sender OK");
            }
        } catch (EsmtpParameters.Refused e) {
            replies.say(e.code(), "5.5.4", SmtpText.message(e));
        }
    }

    void rcpt(String argument) throws IOException {
        if (sender.isEmpty()) {
            replies.say(503, "5.5.1", "send MAIL first");
            return;
        }
        MailParameters parameters = sender.get().parameters();
        Optional<SmtpPath> path = path("TO:", argument).map(read -> inAscii(read, parameters));
        if (path.isEmpty() || path.get().mailbox().isEmpty()) {
            replies.refuse("recipient",
                    new SubmissionPolicy.Refusal(501, "5.1.3", "RCPT TO:<address> is expected"));
        } else if (path.get().isInternational() && !parameters.smtpUtf8()) {
            replies.say(553, "5.6.7", "this address needs SMTPUTF8");
        } else if (recipients.size() >= limits.recipients()) {
            replies.say(452, "4.5.3", "too many recipients, send it to the others in another mail");
        } else {
            recipient(path.get());
        }
    }

    private void recipient(SmtpPath path) throws IOException {
        try {
            Recipient recipient = Recipient.parse(path.mailbox(), path.parameters(), policy.offersDsn());
            Optional<SubmissionPolicy.Refusal> refusal = policy.refusalOfRecipient(place.user(), path.mailbox(),
                    List.copyOf(recipients));
            if (refusal.isPresent()) {
                replies.refuse("recipient", refusal.get());
            } else {
                if (named.add(CanonicalAddress.of(path.mailbox())) || place.user().isEmpty()) {
                    recipients.add(recipient);
                }
                replies.say(250, "2.1.5", "recipient OK");
            }
        } catch (EsmtpParameters.Refused e) {
            replies.say(e.code(), "5.5.4", SmtpText.message(e));
        }
    }

    void data(String argument, Greeting greeting) throws IOException {
        if (!argument.isEmpty()) {
            replies.say(501, "5.5.4", "DATA takes no parameter");
        } else if (sender.isEmpty()) {
            replies.say(503, "5.5.1", "send MAIL first");
        } else if (recipients.isEmpty()) {
            replies.say(554, "5.5.1", "no valid recipients");
        } else {
            messages++;
            Submission submission = submission(sender.get(), greeting);
            forget();
            if (reception.receive(submission)) {
                commands = 0;
            }
        }
    }

    private Submission submission(Sender from, Greeting greeting) {
        MailParameters parameters = from.parameters();
        return new Submission(place.user(), place.ticket(), connection.client(), greeting.name(),
                greeting.protocol(parameters.smtpUtf8(), connection.tls().isPresent(), place.user().isPresent()),
                connection.tls(), from.mailbox(), List.copyOf(recipients), parameters.eightBit(),
                parameters.smtpUtf8(), parameters.dsn(), parameters.size());
    }

    void rset(String argument) throws IOException {
        if (!argument.isEmpty()) {
            replies.say(501, "5.5.4", "RSET takes no parameter");
            return;
        }
        forget();
        replies.say(250, "2.0.0", "OK");
    }

    void forget() {
        sender = Optional.empty();
        recipients.clear();
        named.clear();
    }
}
