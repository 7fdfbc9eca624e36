package dev.postrider.plan;

import dev.postrider.api.Authentication;
import dev.postrider.api.Authentication.PopSecurity;
import dev.postrider.api.Reason;
import dev.postrider.api.SecretReference;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import dev.postrider.route.SaslMechanism;
import dev.postrider.route.TlsSettings;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Turns how a MailServer declares to authenticate, with what its Secrets hold, into a login. */
final class Logins {
    private static final String FIELD = "spec.smtp.authentication";
    private static final Duration DELAY = Duration.ofSeconds(5);
    private static final Duration REMEMBER_FOR = Duration.ofMinutes(10);
    private static final Duration SUBMITTERS_REMEMBERED_FOR = Duration.ofMinutes(5);

    private final Credentials credentials;
    private final TlsDeclaration tls;
    private final Optional<Proxy> proxy;
    private final TokenSources tokens;
    private final List<Problem> problems;

    /** @param proxy what token endpoints are asked through, as the server */
    Logins(Credentials credentials, TlsDeclaration tls, Optional<Proxy> proxy, List<Problem> problems) {
        this.credentials = credentials;
        this.tls = tls;
        this.proxy = proxy;
        this.tokens = new TokenSources(credentials, problems);
        this.problems = problems;
    }

    /**
     * The login; empty when something is wrong, and then the problems are recorded.
     *
     * @param host the server that is logged in to
     */
    Optional<Login> of(Authentication declared, String host) {
        if (Stream.of(declared.password(), declared.popBeforeSmtp(), declared.oauth2(), declared.submitter())
                .filter(way -> way != null)
                .count() == 1) {
            if (declared.password() != null) {
                return password(declared.password(), host);
            }
            if (declared.popBeforeSmtp() != null) {
                return popBeforeSmtp(declared.popBeforeSmtp(), host);
            }
            if (declared.oauth2() != null) {
                return oauth2(declared.oauth2(), host);
            }
            if (declared.submitter() != null) {
                return Optional.of(submitter(declared.submitter()));
            }
        }
        problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, FIELD,
                "exactly one of password, popBeforeSmtp, oauth2 and submitter must be set"));
        return Optional.empty();
    }

    private Optional<Login> password(Authentication.Password declared, String host) {
        return login(FIELD + ".password.secretRef", declared.secretRef(), host)
                .map(v -> new Login.Password(v.get(0), v.get(1), mechanisms(declared.mechanisms()),
                        Optional.ofNullable(declared.realm())));
    }

    private static List<SaslMechanism> mechanisms(@Nullable List<Authentication.PasswordMechanism> declared) {
        return Optional.ofNullable(declared)
                .stream()
                .flatMap(List::stream)
                .map(mechanism -> SaslMechanism.valueOf(mechanism.name()))
                .distinct()
                .toList();
    }

    private static Login submitter(Authentication.Submitter declared) {
        return new Login.Submitter(mechanisms(declared.mechanisms()), Optional.ofNullable(declared.realm()),
                Optional.ofNullable(declared.rememberFor()).map(Durations::read).orElse(SUBMITTERS_REMEMBERED_FOR),
                Optional.empty());
    }

    /**
     * The login that a test mail is sent with in place of a submitter's.
     *
     * @return empty where none is declared, or something is wrong with it, which is recorded then
     */
    Optional<Login.Credentials> forTest(Authentication declared, String host) {
        return Optional.ofNullable(declared.submitter())
                .flatMap(submitter -> Optional.ofNullable(submitter.testSecretRef()))
                .flatMap(secret -> login(FIELD + ".submitter.testSecretRef", secret, host))
                .map(v -> new Login.Credentials(v.get(0), v.get(1)));
    }

    private Optional<Login> popBeforeSmtp(Authentication.PopBeforeSmtp declared, String smtpHost) {
        String host = Optional.ofNullable(declared.host()).orElse(smtpHost);
        PopSecurity security = Optional.ofNullable(declared.security()).orElse(PopSecurity.TLS);
        Optional<TlsSettings> encryption = Optional.ofNullable(declared.tls())
                .map(its -> tls.of(TlsDeclaration.POP, its, host));
        return login(FIELD + ".popBeforeSmtp.secretRef", declared.secretRef(), host)
                .map(v -> new Login.PopBeforeSmtp(host,
                        Optional.ofNullable(declared.port()).orElse(security.defaultPort()), switch (security) {
                            case None -> Endpoint.Security.NONE;
                            case StartTLS -> Endpoint.Security.STARTTLS;
                            case TLS -> Endpoint.Security.TLS;
                        }, encryption, v.get(0), v.get(1),
                        Optional.ofNullable(declared.delay()).map(Durations::read).orElse(DELAY),
                        Optional.ofNullable(declared.rememberFor()).map(Durations::read).orElse(REMEMBER_FOR)));
    }

    private Optional<List<String>> login(String field, SecretReference secret, String host) {
        return credentials.read(field, secret.name(), List.of(host), "username", "password");
    }

    private Optional<Login> oauth2(Authentication.OAuth2 declared, String host) {
        List<SaslMechanism> mechanisms = Optional.ofNullable(declared.mechanism())
                .map(mechanism -> SaslMechanism.valueOf(mechanism.name()))
                .stream()
                .toList();
        return tokens.of(declared, host)
                .map(source -> source.asked(
                        Optional.ofNullable(declared.tls())
                                .map(its -> tls.of(TlsDeclaration.OAUTH, its, URI.create(source.endpoint()).getHost())),
                        proxy))
                .map(source -> new Login.OAuth2(declared.user(), source, mechanisms));
    }

    /** The Secrets that a way to authenticate names. */
    static Stream<String> secretNames(Authentication declared) {
        return Stream.concat(
                Stream.of(Optional.ofNullable(declared.password()).map(Authentication.Password::secretRef),
                        Optional.ofNullable(declared.submitter())
                                .flatMap(submitter -> Optional.ofNullable(submitter.testSecretRef())),
                        Optional.ofNullable(declared.popBeforeSmtp()).map(Authentication.PopBeforeSmtp::secretRef))
                        .flatMap(Optional::stream),
                Optional.ofNullable(declared.oauth2()).stream().flatMap(TokenSources::secrets))
                .map(SecretReference::name);
    }
}
