package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A declaration that is known not to work, or not for long, is warned of. */
@Tag("delivery-world")
final class KnownTroublesTest {
    private static final String PASSWORD = "password: {secretRef: {name: login}}";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            smtp.office365.com                      | 587 | password | PasswordsEnd
            SMTP.Office365.com                      |     | password | PasswordsEnd
            smtp.office365.com                      | 587 | oauth2   |
            smtp.office365.com.acme.example         | 587 | password |
            smtp.gmail.com                          | 587 | password | AppPasswordNeeded
            smtp.gmail.com                          | 587 | oauth2   |
            smtp.office365.com                      | 25  | password | PasswordsEnd,PortOftenBlocked
            mail.acme.example                       | 25  | password | PortOftenBlocked
            mail.acme.example                       | 25  |          |
            acme-com.mail.protection.outlook.com    | 25  |          | PortOftenBlocked
            email-smtp.eu-central-1.amazonaws.com   | 587 | password |
            """)
    void whatIsKnownNotToLastIsWarnedOf(String host, @Nullable Integer port, @Nullable String authentication,
            @Nullable String reasons) {
        String login = authentication == null
                ? ""
                : ", authentication: {" + (authentication.equals("password") ? PASSWORD : "oauth2: {user: a@b.example}")
                        + "}";
        MailServer server = Serialization.unmarshal("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {namespace: acme, name: own}
                spec: {smtp: {host: %s%s%s}}
                """.formatted(host, port == null ? "" : ", port: " + port, login), MailServer.class);

        List<String> found = MailServerPlan.warnings(server)
                .stream()
                .map(warning -> warning.reason().toString())
                .toList();
        assertThat(found).isEqualTo(reasons == null ? List.of() : List.of(reasons.split(",")));
    }
}
