package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.SaslMechanism;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TokenSource;
import dev.postrider.testing.DovecotServer;
import dev.postrider.testing.EximServer;
import dev.postrider.testing.GoldenFiles;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.ScriptedTokenEndpoint;
import dev.postrider.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every security with every way to authenticate at every server: each is tried, and what came of it is the table in
 * {@code docs/upstreams.md}. Sections of servers that are not installed are left as they are.
 */
@Tag("upstreams")
final class UpstreamsTableTest {
    private static final Logger LOG = LoggerFactory.getLogger(UpstreamsTableTest.class);
    private static final Path PAGE = Path.of("docs/upstreams.md");
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server CERTIFICATE = CA.server("localhost");
    private static final String USER = "shop";
    private static final String PASSWORD = "geheim-4711";
    private static final String TOKEN = "good.token-4711";
    private static final String HEADER = """
            # Servers, security and logins: what was tried

            A test of the project writes this page: it hands a mail to each of these servers, in each combination, and
            notes what comes of it. How to declare each is in [connect.md](connect.md).

            | cell | means |
            |---|---|
            | TLS | delivered, encrypted and logged in as the row says |
            | in the clear | delivered, logged in as the row says, and not encrypted |
            | not offered | the server has no such mechanism, so nothing was sent |
            | no STARTTLS | the server does not offer it, so nothing was sent |
            | no TLS | the server does not speak TLS from the first octet, so nothing was sent |
            | not in the clear | the login would have gone in the clear, so nothing was sent |
            | login wanted | the server takes no mail without a login |

            Every connection checks the server's certificate. With `None`, `submitter` needs
            `allowPlaintextAuthentication`; it is not set here.
            """;

    private final ScriptedTokenEndpoint tokens = ScriptedTokenEndpoint.start();
    private final List<AutoCloseable> servers = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable server : servers.reversed()) {
            server.close();
        }
        tokens.close();
    }

    /** A way to authenticate: a row. */
    private record Way(String name, Function<Login.PopBeforeSmtp, Optional<Login>> login) {}

    private List<Way> ways() {
        List<Way> ways = new ArrayList<>();
        ways.add(new Way("none", _ -> Optional.empty()));
        for (SaslMechanism mechanism : List.of(SaslMechanism.PLAIN, SaslMechanism.LOGIN, SaslMechanism.CRAM_MD5,
                SaslMechanism.DIGEST_MD5, SaslMechanism.SCRAM_SHA_256, SaslMechanism.NTLM)) {
            ways.add(new Way("`password`, " + mechanism.saslName(), _ -> Optional.of(new Login.Password(USER, PASSWORD,
                    List.of(mechanism), Optional.of("table.test")))));
        }
        ways.add(new Way("`popBeforeSmtp`", Optional::of));
        for (SaslMechanism mechanism : List.of(SaslMechanism.XOAUTH2, SaslMechanism.OAUTHBEARER)) {
            ways.add(new Way("`oauth2`, " + mechanism.saslName(), _ -> Optional.of(new Login.OAuth2(USER,
                    new TokenSource(tokens.url(), Optional.empty(), new TokenSource.ClientSecret("client-1", "s3cret")),
                    List.of(mechanism)))));
        }
        ways.add(new Way("`submitter`", _ -> Optional.of(new Login.Submitter(List.of(), Optional.of("table.test"),
                Duration.ZERO, Optional.of(new Login.Credentials(USER, PASSWORD))))));
        return ways;
    }

    /**
     * A server.
     *
     * @param port      with STARTTLS
     * @param tlsPort   with TLS from the first octet
     * @param forAll    an address that it takes mail for without a login
     * @param forUsers  one that it takes mail for after a login
     */
    private record Server(int port, int tlsPort, String forAll, String forUsers) {}

    @Test
    void everyCombinationIsTried() throws Exception {
        tokens.answer(200, "{\"access_token\":\"" + TOKEN + "\"}");
        tokens.known(TOKEN, USER);
        StringBuilder page = new StringBuilder(HEADER);
        Optional<DovecotServer> accounts = DovecotServer.startIfInstalled(CERTIFICATE, USER, PASSWORD, "table.test",
                Optional.of(tokens.introspectionUrl()));
        accounts.ifPresent(servers::add);
        Optional<PostfixServer> postfix = accounts.flatMap(d -> PostfixServer.startIfInstalled(CERTIFICATE,
                List.of("smtpd_sasl_auth_enable = yes", "smtpd_sasl_type = dovecot",
                        "smtpd_sasl_path = " + d.authSocket(), "smtpd_sasl_security_options = noanonymous",
                        "smtpd_recipient_restrictions = permit_sasl_authenticated, "
                                + "check_recipient_access inline:{members@postfix.test=reject}, permit")));
        postfix.ifPresent(servers::add);
        Optional<DovecotServer> submission = postfix.flatMap(p -> DovecotServer.startIfInstalled(CERTIFICATE, USER,
                PASSWORD, "table.test", Optional.of(tokens.introspectionUrl()), Optional.of(p.port())))
                .filter(_ -> DovecotServer.hasSubmission());
        submission.ifPresent(servers::add);
        Optional<EximServer> exim = EximServer.startIfInstalled(CERTIFICATE, new EximServer.Account(USER, PASSWORD));
        exim.ifPresent(servers::add);
        Optional<Integer> pop = accounts.map(DovecotServer::pop3s);

        page.append(section("Postfix, with Dovecot for its accounts", postfix.map(server -> new Server(
                server.port(), server.tlsPort(), "all@postfix.test", "members@postfix.test")), pop));
        page.append(section("Exim", exim.map(server -> new Server(server.port(), server.tlsPort(), "all@exim.test",
                "members@exim.test")), pop));
        page.append(section("Dovecot's submission service", submission.map(server -> new Server(
                server.submission(), server.submissions(), "all@postfix.test", "all@postfix.test")), pop));
        page.append(standIn("A stand-in that offers everything", true, pop));
        page.append(standIn("A stand-in without TLS", false, pop));
        GoldenFiles.check(PAGE, page.toString(), UpstreamsTableTest.class);
    }

    private String section(String title, Optional<Server> server, Optional<Integer> pop) throws IOException {
        if (server.isEmpty() || pop.isEmpty()) {
            LOG.info("not tried, for it or Dovecot's POP3 is not installed, or this is not root: {}", title);
            assertThat(Boolean.getBoolean("postrider.write")).as("all servers are needed to write the page").isFalse();
            return present(title);
        }
        StringBuilder section = head(title);
        for (Way way : ways()) {
            section.append("| ").append(way.name);
            for (Security security : Security.values()) {
                int port = security == Security.TLS ? server.get().tlsPort : server.get().port;
                Optional<Login> login = way.login.apply(pop(pop.get()));
                String recipient = login.filter(l -> !(l instanceof Login.PopBeforeSmtp)).isPresent()
                        ? server.get().forUsers
                        : server.get().forAll;
                section.append(" | ").append(attempt(port, security, login, recipient));
            }
            section.append(" |\n");
        }
        return section.toString();
    }

    private String standIn(String title, boolean encrypts, Optional<Integer> pop) throws IOException {
        if (pop.isEmpty()) {
            return present(title);
        }
        StringBuilder section = head(title);
        for (Way way : ways()) {
            section.append("| ").append(way.name);
            for (Security security : Security.values()) {
                Optional<Login> login = way.login.apply(pop(pop.get()));
                try (ScriptedSmtpServer server = ScriptedSmtpServer.start().realms("table.test")) {
                    if (encrypts && security == Security.TLS) {
                        server.implicitTls(CERTIFICATE);
                    } else if (encrypts) {
                        server.startTls(CERTIFICATE);
                    }
                    if (login.orElse(null) instanceof Login.OAuth2) {
                        server.login(USER, TOKEN, "XOAUTH2", "OAUTHBEARER");
                    } else if (login.isPresent() && !(login.get() instanceof Login.PopBeforeSmtp)) {
                        server.login(USER, PASSWORD, "PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-256",
                                "NTLM");
                    }
                    section.append(" | ").append(attempt(server.port(), security, login, "all@standin.test"));
                }
            }
            section.append(" |\n");
        }
        return section.toString();
    }

    private static StringBuilder head(String title) {
        return new StringBuilder("\n## " + title + "\n\n")
                .append("| authentication | `None` | `StartTLSIfOffered` | `StartTLS` | `TLS` |\n")
                .append("|---|---|---|---|---|\n");
    }

    /** The section as it stands on the page. */
    private static String present(String title) throws IOException {
        Matcher section = Pattern.compile("(?ms)^## " + Pattern.quote(title) + "$.*?(?=^## |\\z)")
                .matcher(Files.readString(PAGE));
        assertThat(section.find()).isTrue();
        return "\n" + section.group().strip() + "\n";
    }

    private static Login.PopBeforeSmtp pop(int port) {
        return new Login.PopBeforeSmtp("localhost", port, Security.TLS, USER, PASSWORD, Duration.ZERO, Duration.ZERO);
    }

    /** What comes of a mail. */
    private static String attempt(int port, Security security, Optional<Login> login, String recipient) {
        Endpoint.Smtp plain = Mails.secure(port, security, CA.pem());
        Endpoint.Smtp endpoint = login.map(way -> Mails.with(plain, way)).orElse(plain);
        AccessTokens tokens = new AccessTokens(InstantSource.system(), Duration.ofSeconds(5), true);
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY, tokens,
                new PopLogins())
                .to(Mails.route(endpoint))) {
            Attempt attempt = upstream.send(Mails.envelope(recipient), Mails.text(Mails.TEXT));
            String what = "%s with %s at port %d: %s".formatted(security, login, port, attempt);
            assertThat(attempt.toString()).doesNotContain(PASSWORD, TOKEN);
            return switch (attempt.verdicts().get(recipient)) {
                case Verdict.Accepted _ -> {
                    boolean bySasl = login.filter(l -> !(l instanceof Login.PopBeforeSmtp)).isPresent();
                    assertThat(attempt.dialogue().contains("S: 235")).as(what).isEqualTo(bySasl);
                    assertThat(attempt.tls().isPresent() || !endpoint.security().name().matches("STARTTLS|TLS"))
                            .as(what)
                            .isTrue();
                    yield attempt.tls().isPresent() ? "TLS" : "in the clear";
                }
                case Verdict.Refused refused -> told(refused, what);
                case null -> throw new AssertionError(what);
            };
        }
    }

    private static String told(Verdict.Refused refused, String what) {
        String message = refused.message();
        if (refused.step() == Step.Authentication && message.contains("a login is never sent in the clear")) {
            return "not in the clear";
        }
        if (refused.step() == Step.Authentication && message.contains("offers no way to log in that fits")) {
            return "not offered";
        }
        if (refused.step() == Step.Tls && message.contains("does not offer STARTTLS, and without it nothing is sent")) {
            return "no STARTTLS";
        }
        if (refused.step() == Step.Tls && message.contains("begins in the clear")) {
            return "no TLS";
        }
        if (refused.reply().filter(reply -> reply.code() == 530).isPresent()) {
            return "login wanted";
        }
        throw new AssertionError(what);
    }
}
