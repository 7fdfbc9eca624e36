package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.SaslMechanism;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TokenSource;
import dev.postrider.testing.DovecotServer;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.ScriptedTokenEndpoint;
import dev.postrider.testing.TestCertificates;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mechanisms at a Postfix whose SASL is Dovecot's: servers that this project did not write. */
@Tag("upstreams")
final class SaslPostfixTest {
    private static final Logger LOG = LoggerFactory.getLogger(SaslPostfixTest.class);
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final String USER = "shop-" + "u".repeat(64);
    private static final String PASSWORD = "geheim-" + "4711".repeat(16);

    private static Optional<DovecotServer> dovecot = Optional.empty();
    private static Optional<PostfixServer> postfix = Optional.empty();
    private static Optional<ScriptedSmtpServer> scripted = Optional.empty();
    private static final ScriptedTokenEndpoint TOKENS = ScriptedTokenEndpoint.start();
    private static int port;

    @BeforeAll
    static void start() {
        TestCertificates.Server certificate = CA.server("localhost");
        dovecot = DovecotServer.startIfInstalled(certificate, USER, PASSWORD, "acme.example globex.example",
                Optional.of(TOKENS.introspectionUrl()));
        postfix = dovecot.flatMap(d -> PostfixServer.startIfInstalled(certificate,
                List.of("smtpd_sasl_auth_enable = yes", "smtpd_sasl_type = dovecot",
                        "smtpd_sasl_path = " + d.authSocket(), "smtpd_tls_auth_only = yes",
                        "smtpd_recipient_restrictions = permit_sasl_authenticated, reject",
                        "smtpd_sasl_security_options = noanonymous")));
        if (postfix.isPresent()) {
            LOG.info("logging in at the Postfix of this machine, whose SASL is Dovecot's");
            port = postfix.get().port();
        } else {
            LOG.info("logging in at the scripted server: Postfix or Dovecot is not installed, or this is not root");
            scripted = Optional.of(ScriptedSmtpServer.start()
                    .startTls(certificate)
                    .realms("acme.example globex.example"));
            port = scripted.get().port();
        }
    }

    @AfterAll
    static void stop() {
        postfix.ifPresent(PostfixServer::close);
        dovecot.ifPresent(DovecotServer::close);
        scripted.ifPresent(ScriptedSmtpServer::close);
        TOKENS.close();
    }

    private static String logs() {
        return postfix.map(PostfixServer::log).orElse("") + dovecot.map(DovecotServer::log).orElse("");
    }

    private static Attempt send(String password, Optional<String> realm, SaslMechanism... mechanisms) {
        scripted.ifPresent(server -> server.login(USER, PASSWORD, "PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5",
                "SCRAM-SHA-256"));
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.with(Mails.secure(port, Security.STARTTLS, CA.pem()),
                        new Login.Password(USER, password, List.of(mechanisms), realm))))) {
            return upstream.send(Mails.envelope("all@postfix.test"), Mails.text(Mails.TEXT));
        }
    }

    @ParameterizedTest
    @EnumSource(value = SaslMechanism.class, mode = Mode.EXCLUDE, names = {"NTLM", "XOAUTH2", "OAUTHBEARER"})
    void theMechanismLogsIn(SaslMechanism mechanism) {
        Attempt attempt = send(PASSWORD, Optional.of("globex.example"), mechanism);

        assertThat(attempt.verdicts().get("all@postfix.test")).as("%s%n%s", attempt, logs())
                .isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.dialogue()).contains("C: AUTH " + mechanism.saslName()).doesNotContain(PASSWORD);
        assertThat(attempt.dialogue().lines().filter(line -> line.startsWith("C: ***") || line.contains("AUTH ")))
                .allSatisfy(line -> assertThat(line).matches("C: (AUTH [A-Z0-9-]+( \\*\\*\\*)?|\\*\\*\\*)|S: 250.*"));
    }

    @ParameterizedTest
    @EnumSource(value = SaslMechanism.class, mode = Mode.EXCLUDE, names = {"NTLM", "XOAUTH2", "OAUTHBEARER"})
    void aWrongPasswordIsRefused(SaslMechanism mechanism) {
        Attempt attempt = send(PASSWORD + "x", Optional.of("globex.example"), mechanism);

        assertThat(attempt.verdicts().get("all@postfix.test")).as("%s%n%s", attempt, logs())
                .isInstanceOfSatisfying(Verdict.Refused.class, refused -> {
                    assertThat(refused.step()).isEqualTo(Step.Authentication);
                    assertThat(refused.permanent()).isFalse();
                    assertThat(refused.message()).contains("refused user \"" + USER + "\" by " + mechanism.saslName(),
                            "535 5.7.8").doesNotContain(PASSWORD);
                });
    }

    @ParameterizedTest
    @EnumSource(value = SaslMechanism.class, names = {"XOAUTH2", "OAUTHBEARER"})
    void aTokenLogsInAndOneThatTheServerDoesNotKnowIsRefused(SaslMechanism mechanism) {
        TOKENS.answer(200, "{\"access_token\":\"good.token-4711\"}");
        TOKENS.known("good.token-4711", USER);
        scripted.ifPresent(server -> server.login(USER, "good.token-4711", "XOAUTH2", "OAUTHBEARER"));
        Attempt good = sendWithToken(mechanism);
        TOKENS.answer(200, "{\"access_token\":\"bad.token-4711\"}");
        Attempt bad = sendWithToken(mechanism);

        assertThat(good.verdicts().get("all@postfix.test")).as("%s%n%s", good, logs())
                .isInstanceOf(Verdict.Accepted.class);
        assertThat(good.dialogue()).contains("C: AUTH " + mechanism.saslName() + " ***");
        assertThat(bad.verdicts().get("all@postfix.test")).as("%s%n%s", bad, logs())
                .isInstanceOfSatisfying(Verdict.Refused.class,
                        refused -> assertThat(refused.message())
                                .contains("by " + mechanism.saslName() + ": 535 5.7.8"));
        assertThat(good + " " + bad).doesNotContain("token-4711");
    }

    private static Attempt sendWithToken(SaslMechanism mechanism) {
        Login login = new Login.OAuth2(USER, new TokenSource(TOKENS.url(), Optional.empty(),
                new TokenSource.ClientSecret("client-1", "s3cret")), List.of(mechanism));
        AccessTokens tokens = new AccessTokens(InstantSource.system(), Duration.ofSeconds(5), true);
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY, tokens,
                new PopLogins())
                .to(Mails.route(Mails.with(Mails.secure(port, Security.STARTTLS, CA.pem()), login)))) {
            return upstream.send(Mails.envelope("all@postfix.test"), Mails.text(Mails.TEXT));
        }
    }

    @Test
    void theStrongestThatIsOfferedIsUsed() {
        assertThat(send(PASSWORD, Optional.empty()).dialogue()).contains("C: AUTH SCRAM-SHA-256");
    }

    @Test
    void severalRealmsAreTold() {
        assertThat(send(PASSWORD, Optional.empty(), SaslMechanism.DIGEST_MD5).toString())
                .contains("several realms (acme.example, globex.example)");
    }
}
