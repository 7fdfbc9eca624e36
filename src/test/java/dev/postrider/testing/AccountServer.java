package dev.postrider.testing;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A mail server at which each user has an account, and who sends must log in after STARTTLS: a Postfix whose accounts
 * are Dovecot's where both are installed, else the scripted server.
 */
public final class AccountServer implements AutoCloseable {
    /** The domain that it takes mail for. */
    public static final String DOMAIN = "postfix.test";
    /** An address that it refuses. */
    public static final String GONE = "gone@" + DOMAIN;

    private static final Pattern SENDER = Pattern.compile("\\(Authenticated sender: ([^)]+)\\)");

    private final Optional<DovecotServer> dovecot;
    private final Optional<PostfixServer> postfix;
    private final Optional<ScriptedSmtpServer> scripted;

    private AccountServer(Optional<DovecotServer> dovecot, Optional<PostfixServer> postfix,
            Optional<ScriptedSmtpServer> scripted) {
        this.dovecot = dovecot;
        this.postfix = postfix;
        this.scripted = scripted;
    }

    /**
     * A mail that it took.
     *
     * @param user    who had logged in
     * @param content one character an octet
     */
    public record Taken(String user, String content) {}

    /** Starts one with these users and their passwords. */
    public static AccountServer start(TestCertificates.Server certificate, Map<String, String> accounts) {
        var first = accounts.entrySet().iterator().next();
        Optional<DovecotServer> dovecot = DovecotServer.startIfInstalled(certificate, first.getKey(),
                first.getValue(), "accounts.test");
        Optional<PostfixServer> postfix = dovecot.flatMap(d -> PostfixServer.startIfInstalled(certificate,
                List.of("smtpd_sasl_auth_enable = yes", "smtpd_sasl_type = dovecot",
                        "smtpd_sasl_path = " + d.authSocket(), "smtpd_tls_auth_only = yes",
                        "smtpd_sasl_authenticated_header = yes", "smtpd_sasl_security_options = noanonymous",
                        "smtpd_recipient_restrictions = check_recipient_access inline:{" + GONE
                                + "=reject}, permit_sasl_authenticated, reject")));
        if (dovecot.isPresent() && postfix.isEmpty()) {
            dovecot.get().close();
        }
        var server = postfix.isPresent()
                ? new AccountServer(dovecot, postfix, Optional.empty())
                : new AccountServer(Optional.empty(), Optional.empty(),
                        Optional.of(ScriptedSmtpServer.start()
                                .startTls(certificate)
                                .on("RCPT", line -> line.contains(GONE) ? "554 5.7.1 rejected" : "")));
        accounts.forEach(server::account);
        return server;
    }

    /** What it is, for the output of a test. */
    public String kind() {
        return postfix.isPresent()
                ? "the Postfix of this machine, whose accounts are Dovecot's"
                : "the scripted server: Postfix or Dovecot is not installed, or this is not root";
    }

    public int port() {
        return postfix.map(PostfixServer::port).orElseGet(() -> scripted.orElseThrow().port());
    }

    /** Sets the password of a user, who may be new. */
    public void account(String user, String password) {
        dovecot.ifPresent(server -> server.account(user, password));
        scripted.ifPresent(server -> server.account(user, password));
    }

    /** Lets nobody in until {@link #resume}. */
    public void pause() {
        postfix.ifPresent(PostfixServer::pause);
        scripted.ifPresent(server -> server.on("CONNECT", "421 4.3.2 away"));
    }

    public void resume() {
        postfix.ifPresent(PostfixServer::resume);
        scripted.ifPresent(server -> server.on("CONNECT", ""));
    }

    /** The mails that it took so far. */
    public List<Taken> mails() {
        return Stream.concat(postfix.stream().flatMap(server -> server.mails().stream()).map(AccountServer::taken),
                scripted.stream()
                        .flatMap(server -> server.messages().stream())
                        .map(mail -> new Taken(mail.account(), mail.text())))
                .toList();
    }

    private static Taken taken(String content) {
        Matcher sender = SENDER.matcher(content);
        return new Taken(sender.find() ? sender.group(1) : "", content);
    }

    /** What it wrote into its logs; for the message of a failing test. */
    public String log() {
        return postfix.map(PostfixServer::log).orElse("") + dovecot.map(DovecotServer::log).orElse("")
                + scripted.map(server -> String.join("\n", server.commands())).orElse("");
    }

    @Override
    public void close() {
        postfix.ifPresent(PostfixServer::close);
        dovecot.ifPresent(DovecotServer::close);
        scripted.ifPresent(ScriptedSmtpServer::close);
    }
}
