package dev.postrider.transport;

import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/**
 * A login at a POP3 server and nothing more (RFC 1939): by APOP where the greeting offers it, else by USER and PASS,
 * after STLS (RFC 2595) where that is declared. The connection is checked and bounded as one of SMTP. These five
 * commands are spoken here, for Angus Mail's store opens its own sockets, and tells what failed by texts alone.
 */
final class Pop3Login {
    /** RFC 2449 section 4: a response has at most 512 octets. */
    private static final int LONGEST_LINE = 512;
    /** RFC 2449 section 8.1 and RFC 3206: not the user's fault, and over some time. */
    private static final Pattern PASSING = Pattern.compile("^-ERR \\[(IN-USE|LOGIN-DELAY|SYS/TEMP)\\].*");
    private static final Pattern TIMESTAMP = Pattern.compile("<[!-;=?-~]+@[!-;=?-~]+>");

    private final Endpoint.Smtp server;
    private final Login.PopBeforeSmtp login;
    private final Wire wire;
    private final Dialogue dialogue;
    private final Secrets secrets;

    private Pop3Login(Endpoint.Smtp server, Login.PopBeforeSmtp login, Wire wire, Dialogue dialogue) {
        this.server = server;
        this.login = login;
        this.wire = wire;
        this.dialogue = dialogue;
        this.secrets = Secrets.of(login.password());
    }

    /**
     * Logs in and says goodbye.
     *
     * @param key  of the resource that declares both servers
     * @param smtp the SMTP server, whose proxy and timeouts count here too, and its authorities and checks where the
     *             login names none
     * @throws RefusedException with the step that failed; the message names the POP3 server
     */
    static void perform(ResourceKey key, Endpoint.Smtp smtp, Login.PopBeforeSmtp login, TlsContexts contexts,
            EgressPolicy egress, Dialogue dialogue) throws RefusedException {
        Endpoint.Smtp server = smtp.beside(login.host(), login.port(), login.security(), login.tls());
        dialogue.note("POP3 login at " + server.display());
        try {
            dialogue.expect(Dialogue.Protocol.POP3);
            Wire wire = Wire.connect(server, egress, context(key, server, contexts, egress), dialogue);
            try {
                new Pop3Login(server, login, wire, dialogue).run();
            } finally {
                dialogue.login(false);
                wire.cut();
            }
        } catch (RefusedException e) {
            throw atPop3(e, login.tls().isPresent() || smtp.security() == Security.NONE);
        }
    }

    private static Optional<SSLContext> context(ResourceKey key, Endpoint.Smtp server, TlsContexts contexts,
            EgressPolicy egress)
            throws RefusedException {
        return server.security() == Security.NONE ? Optional.empty() : Optional.of(contexts.of(key, server, egress));
    }

    /** What the connection tells speaks of the SMTP server's fields. */
    private static RefusedException atPop3(RefusedException failure, boolean ownTls) {
        Verdict.Refused verdict = failure.verdict();
        String step = verdict.step() + ": ";
        return new RefusedException(new Verdict.Refused(verdict.step(), false, Optional.empty(),
                step + "POP before SMTP: " + verdict.message()
                        .substring(step.length())
                        .replaceAll("spec\\.smtp\\.(host|port|security" + (ownTls ? "|tls" : "") + ")\\b",
                                "spec.smtp.authentication.popBeforeSmtp.$1")));
    }

    private void run() throws RefusedException {
        if (server.security() == Security.TLS) {
            encrypt();
        }
        Matcher timestamp = TIMESTAMP.matcher(positive(greeting(), Step.Connection,
                "does not want to talk", "ask the server's operator whether this address may connect"));
        boolean apop = timestamp.find();
        if (server.security() == Security.STARTTLS) {
            positive(command("STLS"), Step.Tls, "does not offer STLS, and without it nothing is sent",
                    "enable it at the server, or use security TLS with port 995 if the server has that");
            encrypt();
        }
        dialogue.login(true);
        String next = "check username and password in the Secret";
        String refused = "refused user \"" + login.user() + "\"";
        if (apop) {
            positive(command("APOP " + login.user() + " " + digest(timestamp.group())), Step.Authentication, refused,
                    next);
        } else {
            positive(command("USER " + login.user()), Step.Authentication, refused, next);
            positive(command("PASS " + login.password()), Step.Authentication, refused, next);
        }
        dialogue.login(false);
        try {
            command("QUIT");
        } catch (RefusedException e) {
            // The login counts all the same.
        }
    }

    private void encrypt() throws RefusedException {
        try {
            wire.encrypt();
        } catch (IOException e) {
            throw new SessionFailure(server, wire, secrets, mismatch(), ReplyRules.shipped()).ofTls(e);
        }
    }

    private String command(String line) throws RefusedException {
        try {
            wire.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
            wire.getOutputStream().flush();
        } catch (IOException e) {
            throw broken(e);
        }
        return receive();
    }

    private String greeting() throws RefusedException {
        try (var _ = wire.greeting()) {
            return line();
        } catch (IOException e) {
            if (wire.speaksTls()) {
                throw mismatch().speaksTls();
            }
            throw wire.timedOut() && !wire.hasGreeted() ? mismatch().silent() : broken(e);
        }
    }

    private SecurityMismatch mismatch() {
        return SecurityMismatch.pop3(server, wire);
    }

    private String receive() throws RefusedException {
        try (var _ = wire.deadline(server.replyTimeout())) {
            return line();
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** Nothing here is answered with more than one. */
    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        var in = wire.getInputStream();
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0) {
                throw new IOException("the server closed the connection");
            }
            if (line.size() > LONGEST_LINE) {
                throw new IOException("the server's answer is not one of POP3");
            }
            line.write(octet);
        }
        return line.toString(StandardCharsets.UTF_8).strip();
    }

    private String positive(String response, Step step, String what, String next) throws RefusedException {
        if (response.startsWith("+OK")) {
            return response;
        }
        String told = secrets.redact(response).replaceAll("[^ -~]", "?");
        if (PASSING.matcher(told).matches()) {
            throw new RefusedException(Step.Connection, server.display() + " lets nobody in at the moment: " + told
                    + "; it will be tried again");
        }
        throw response.startsWith("-ERR")
                ? new RefusedException(step, server.display() + " " + what + ": " + told + "; " + next)
                : new RefusedException(Step.Connection, server.display()
                        + " does not speak POP3; check spec.smtp.port, and that spec.smtp.security fits it");
    }

    private RefusedException broken(IOException failure) {
        return wire.timedOut()
                ? new RefusedException(Step.Timeout, wire.server() + " took longer than "
                        + Durations.write(server.replyTimeout())
                        + " for a reply; look into the server's log, or raise spec.smtp.replyTimeout")
                : new RefusedException(Step.Connection, "the connection to " + wire.server() + " broke: "
                        + failure.getMessage() + "; check spec.smtp.port, and that spec.smtp.security fits it");
    }

    /** RFC 1939 section 7. */
    private String digest(String timestamp) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("MD5")
                            .digest((timestamp + login.password()).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has MD5", e);
        }
    }
}
