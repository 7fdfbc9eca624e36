package dev.postrider.plan;

import dev.postrider.api.Authentication;
import dev.postrider.api.SecretReference;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Login;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Turns how a MailServer declares to authenticate, with what its Secrets hold, into a login. */
final class Logins {
    private final Credentials credentials;
    private final List<Problem> problems;

    Logins(Credentials credentials, List<Problem> problems) {
        this.credentials = credentials;
        this.problems = problems;
    }

    /**
     * The login; empty when something is wrong, and then the problems are recorded.
     *
     * @param host the server that is logged in to
     */
    Optional<Login> of(Authentication authentication, String host) {
        Authentication.Password password = authentication.password();
        if (password != null) {
            return credentials
                    .read("spec.smtp.authentication.password.secretRef", password.secretRef().name(), List.of(host),
                            "username", "password")
                    .map(v -> new Login.Password(v.get(0), v.get(1)));
        }
        Authentication.OAuth2 oauth2 = authentication.oauth2();
        if (oauth2 != null) {
            Optional<String> tokenHost = hostOf(oauth2.tokenEndpoint());
            if (tokenHost.isEmpty()) {
                problems.add(new Problem(Area.SPEC, "InvalidSpec", "spec.smtp.authentication.oauth2.tokenEndpoint",
                        "\"%s\" is no https URL with a host".formatted(oauth2.tokenEndpoint())));
                return Optional.empty();
            }
            return credentials
                    .read("spec.smtp.authentication.oauth2.secretRef", oauth2.secretRef().name(),
                            List.of(tokenHost.get(), host), "client-id", "client-secret")
                    .map(v -> new Login.OAuth2(oauth2.user(), oauth2.tokenEndpoint(),
                            Optional.ofNullable(oauth2.scopes()).orElse("https://outlook.office365.com/.default"),
                            v.get(0), v.get(1)));
        }
        problems.add(new Problem(Area.SPEC, "InvalidSpec", "spec.smtp.authentication",
                "exactly one of password and oauth2 must be set"));
        return Optional.empty();
    }

    private static Optional<String> hostOf(String url) {
        try {
            return Optional.ofNullable(new URI(url).getHost());
        } catch (URISyntaxException _) {
            return Optional.empty();
        }
    }

    /** The Secrets that a way to authenticate names. */
    static Stream<String> secretNames(Authentication authentication) {
        return Stream
                .of(Optional.ofNullable(authentication.password()).map(Authentication.Password::secretRef),
                        Optional.ofNullable(authentication.oauth2()).map(Authentication.OAuth2::secretRef))
                .flatMap(Optional::stream)
                .map(SecretReference::name);
    }
}
