package dev.postrider.relay.smtp;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;

/** Takes commands apart and obeys those about the session itself (RFC 5321 section 4.1.1, RFC 3207). */
final class SmtpCommands {
    /** Methods of HTTP: a browser can be made to post a form that holds SMTP further down. */
    private static final Set<String> HTTP = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS",
            "TRACE", "PATCH", "PRI");

    private final SmtpListener listener;
    private final Connection connection;
    private final Replies replies;
    private final SmtpAuthentication authentication;
    private final Places.Place place;
    private final MailTransaction transaction;
    private Greeting greeting = Greeting.NONE;

    SmtpCommands(SmtpListener listener, Connection connection, Replies replies, Places.Place place,
            MailTransaction transaction) {
        this.listener = listener;
        this.connection = connection;
        this.replies = replies;
        this.place = place;
        this.authentication = new SmtpAuthentication(listener, connection, replies, place);
        this.transaction = transaction;
    }

    void obey(Line.Text line) throws IOException {
        transaction.countCommand();
        int space = SmtpText.blank(line.text());
        String verb = (space < 0 ? line.text() : line.text().substring(0, space)).toUpperCase(Locale.ROOT);
        String argument = space < 0 ? "" : line.text().substring(space + 1).strip();
        if (line.octets() > SmtpLimits.COMMAND_LINE && !verb.equals("AUTH")) {
            replies.say(500, "5.5.2", "line too long");
            return;
        }
        switch (verb) {
            case "EHLO" -> ehlo(argument);
            case "HELO" -> helo(argument);
            case "STARTTLS" -> starttls(argument);
            case "AUTH" -> authentication.auth(argument, greeting, transaction.isOpen());
            case "MAIL" -> transaction.mail(argument, greeting);
            case "RCPT" -> transaction.rcpt(argument);
            case "DATA" -> transaction.data(argument, greeting);
            case "RSET" -> transaction.rset(argument);
            case "NOOP" -> replies.say(250, "2.0.0", "OK");
            case "VRFY" -> replies.say(252, "2.5.0", "send some mail, and it is tried");
            case "EXPN" -> replies.say(502, "5.5.1", "there are no lists here");
            case "HELP" -> replies.say(214, "2.0.0",
                    "RFC 5321, RFC 6409; the login is <organization>.<namespace>, or that with /<user of its mail server>");
            case "QUIT" -> replies.bye();
            default -> {
                if (HTTP.contains(verb)) {
                    replies.close(500, "5.5.2", "this is SMTP, not HTTP");
                } else {
                    replies.say(500, "5.5.2", "command not known");
                }
            }
        }
    }

    private void ehlo(String argument) throws IOException {
        greet(argument, true);
        List<String> lines = new ArrayList<>();
        lines.add(listener.settings().hostName() + " greets " + greeting.name());
        lines.add("PIPELINING");
        lines.add("SIZE " + listener.messageSize(place.user()));
        if (connection.tls().isEmpty() && listener.tls().isPresent()) {
            lines.add("STARTTLS");
        }
        if (authentication.isOffered()) {
            lines.add("AUTH PLAIN LOGIN");
        }
        lines.addAll(List.of("8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"));
        if (listener.policy().offersDsn()) {
            lines.add("DSN");
        }
        lines.add("HELP");
        for (String line : lines.subList(0, lines.size() - 1)) {
            replies.sayMore(250, line);
        }
        replies.say(250, "", lines.getLast());
    }

    private void helo(String argument) throws IOException {
        greet(argument, false);
        replies.say(250, "", listener.settings().hostName());
    }

    private void greet(String argument, boolean extended) {
        transaction.forget();
        greeting = Greeting.of(argument, extended);
    }

    private void starttls(String argument) throws IOException {
        Optional<SSLContext> context = listener.tls();
        if (!argument.isEmpty()) {
            replies.say(501, "5.5.4", "STARTTLS takes no parameter");
        } else if (connection.tls().isPresent()) {
            replies.say(503, "5.5.1", "TLS is on already");
        } else if (!greeting.extended()) {
            replies.say(503, "5.5.1", "send EHLO first");
        } else if (context.isEmpty()) {
            replies.say(454, "4.7.0", "TLS is not available, there is no certificate yet");
        } else if (connection.in().hasMore()) {
            // Whoever sits between could have put it there, to have it obeyed as if it came encrypted.
            replies.close(503, "5.5.1", "nothing may follow STARTTLS before the handshake");
        } else {
            replies.say(220, "2.0.0", "go ahead");
            connection.encrypt(context.get(), listener.handshakes());
            transaction.forget();
            authentication.forget();
            greeting = Greeting.NONE;
        }
    }
}
