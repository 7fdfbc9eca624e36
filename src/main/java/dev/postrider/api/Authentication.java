package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** At most one way to log in to a server. */
@ValidationRule(value = "[has(self.password), has(self.oauth2)].filter(x, x).size() == 1", message = "authentication takes exactly one of password and oauth2; leave authentication out to send without a login")
public record Authentication(
        @JsonPropertyDescription("User name and password (SASL PLAIN, LOGIN, CRAM-MD5 or DIGEST-MD5, as the server "
                + "offers).")
        @Nullable Password password,
        @JsonPropertyDescription("An OAuth 2.0 access token in place of a password (SASL XOAUTH2), by the client "
                + "credentials grant.")
        @Nullable OAuth2 oauth2) {

    /** Where user name and password are. */
    public record Password(
            @JsonPropertyDescription("A Secret of this namespace with the keys username and password (type "
                    + "kubernetes.io/basic-auth) and the label postrider.dev/credentials: \"true\".")
            @Required SecretReference secretRef) {}

    /** Where to get an access token, and for which mailbox. */
    public record OAuth2(
            @JsonPropertyDescription("Where tokens are issued, as "
                    + "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token.")
            @Required @Size(max = 2048) @Pattern("^https://[^\\s/?#]+(/[^\\s#]*)?$") String tokenEndpoint,
            @JsonPropertyDescription("What the token is for; several are separated by spaces.")
            @Default("https://outlook.office365.com/.default") @Size(max = 1024) @Nullable String scopes,
            @JsonPropertyDescription("The mailbox that the token is used for.")
            @Required @Size(min = 1, max = 320) String user,
            @JsonPropertyDescription("A Secret of this namespace with the keys client-id and client-secret and the label "
                    + "postrider.dev/credentials: \"true\".")
            @Required SecretReference secretRef) {}
}
