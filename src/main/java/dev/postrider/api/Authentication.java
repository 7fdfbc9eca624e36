package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** At most one way to log in to a server. */
@ValidationRule(value = "[has(self.password), has(self.popBeforeSmtp), has(self.oauth2), has(self.submitter)].filter(x, x).size() == 1", message = "authentication takes exactly one of password, popBeforeSmtp, oauth2 and submitter; leave authentication out to send without a login")
public record Authentication(
        @JsonPropertyDescription("User name and password, by a SASL mechanism that the server offers (RFC 4954).")
        @Nullable Password password,
        @JsonPropertyDescription("A login at a POP3 server first, after which the SMTP server takes mail from this "
                + "address; SMTP itself is without a login.")
        @Nullable PopBeforeSmtp popBeforeSmtp,
        @JsonPropertyDescription("An OAuth 2.0 access token in place of a password (SASL XOAUTH2 or OAUTHBEARER). "
                + "Without a token nothing is sent; no password is tried.")
        @Nullable OAuth2 oauth2,
        @JsonPropertyDescription("The login of whoever submits the mail: applications and persons log in to the relay as "
                + "ORGANIZATION.NAMESPACE/USER with the name and the password that they have at this server. The relay "
                + "checks them here, and keeps them with the queued mail only encrypted.")
        @Nullable Submitter submitter) {

    /** 0 to 600s. */
    static final String DELAY = "^(0|[1-9][0-9]{0,4})ms$|^(0|[1-9][0-9]?|[1-5][0-9]{2}|600)s$";

    /** 0 to 24h; short, for the API server estimates what a rule costs by its length. */
    static final String A_DAY = "^((0|[1-9]\\d{0,3}|[1-7]\\d{4}|8[0-5]\\d{3}|86[0-3]\\d\\d|86400)s"
            + "|(0|[1-9]\\d{0,2}|1[0-3]\\d\\d|14[0-3]\\d|1440)m|(1?\\d|2[0-4])h)$";

    /** Where user name and password are, and how they may be used. */
    public record Password(
            @JsonPropertyDescription("A Secret of this namespace with the keys username and password (type "
                    + "kubernetes.io/basic-auth) and the label postrider.dev/credentials: \"true\".")
            @Required SecretReference secretRef,
            @JsonPropertyDescription("The SASL mechanisms that may be used; the first that the server offers is. Default: "
                    + "the strongest that it offers, in the order SCRAM-SHA-256, DIGEST-MD5, CRAM-MD5, NTLM, PLAIN, LOGIN.")
            @Size(min = 1, max = 6) @Nullable List<PasswordMechanism> mechanisms,
            @JsonPropertyDescription("The realm of the user (DIGEST-MD5), needed only where the server offers several; for "
                    + "NTLM the domain.")
            @Size(min = 1, max = 253) @Pattern("^[^\\x00-\\x1f\\x7f]*$") @Nullable String realm) {}

    /** How a password is proved. */
    public enum PasswordMechanism {
        @JsonProperty("SCRAM-SHA-256") SCRAM_SHA_256,
        @JsonProperty("DIGEST-MD5") DIGEST_MD5,
        @JsonProperty("CRAM-MD5") CRAM_MD5,
        NTLM, PLAIN, LOGIN
    }

    /** Which POP3 server to log in to, and for how long that is good. */
    @ValidationRule(value = "!has(self.tls) || !has(self.security) || self.security != 'None'", message = "security None encrypts nothing, so tls has no meaning; remove tls, or choose another security")
    public record PopBeforeSmtp(
            @JsonPropertyDescription("Name or address of the POP3 server. Default: the host of the SMTP server.")
            @Size(min = 1, max = 253) @Pattern("^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.~-]+)?$") @Nullable String host,
            @JsonPropertyDescription("TCP port. Default: by security, 110 for None and StartTLS, 995 for TLS.")
            @Min(1) @Max(65535) @Nullable Integer port,
            @JsonPropertyDescription("None: in the clear. StartTLS: encrypted by STLS (RFC 2595), or not at all. TLS: "
                    + "encrypted from the first byte (POP3S).")
            @Default("TLS") @Nullable PopSecurity security,
            @JsonPropertyDescription("How the connection is encrypted, and what is asked of the server's certificate. "
                    + "Default: as with the SMTP server, but for its serverName and clientCertificateSecretRef.")
            @Nullable Tls tls,
            @JsonPropertyDescription("A Secret of this namespace with the keys username and password (type "
                    + "kubernetes.io/basic-auth) and the label postrider.dev/credentials: \"true\".")
            @Required SecretReference secretRef,
            @JsonPropertyDescription("How long to wait between the login and SMTP, as 500ms or 5s; at most 600s.")
            @Default("5s") @Pattern(Authentication.DELAY) @Nullable String delay,
            @JsonPropertyDescription("How long one login is enough, as 10m, at most 24h; less than the server remembers it.")
            @Default("10m") @Pattern(Authentication.A_DAY) @Nullable String rememberFor) {}

    /** How the connection to a POP3 server is protected. */
    public enum PopSecurity {
        None(110), StartTLS(110), TLS(995);

        private final int defaultPort;

        PopSecurity(int defaultPort) {
            this.defaultPort = defaultPort;
        }

        /** The port that is used where the resource names none. */
        public int defaultPort() {
            return defaultPort;
        }
    }

    /** Where to get an access token, by what right, and for which mailbox. */
    @ValidationRule(value = "[has(self.secretRef), has(self.certificateSecretRef), has(self.serviceAccountSecretRef), has(self.refreshTokenSecretRef)].filter(x, x).size() == 1", message = "oauth2 takes exactly one of secretRef, certificateSecretRef, serviceAccountSecretRef and refreshTokenSecretRef")
    @ValidationRule(value = "has(self.tokenEndpoint) || has(self.serviceAccountSecretRef)", message = "tokenEndpoint is required; only the key file of a service account names its own")
    public record OAuth2(
            @JsonPropertyDescription("Where tokens are issued, as "
                    + "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token. Default with serviceAccountSecretRef: "
                    + "the token_uri of the key file.")
            @Size(max = 2048) @Pattern("^https://[^\\s/?#]+(/[^\\s#]*)?$") @Nullable String tokenEndpoint,
            @JsonPropertyDescription("How the connection to the token endpoint is encrypted, and what is asked of its "
                    + "certificate. Default: TLS 1.2 or 1.3, and a certificate for the host from an authority of the "
                    + "system's. The connection goes through the proxy of the server, where one is declared.")
            @Nullable Tls tls,
            @JsonPropertyDescription("What the token is for; several are separated by spaces. Default: "
                    + "https://outlook.office365.com/.default; with serviceAccountSecretRef https://mail.google.com/; "
                    + "with refreshTokenSecretRef what was granted.")
            @Size(max = 1024) @Nullable String scopes,
            @JsonPropertyDescription("The mailbox that the token is used for.")
            @Required @Size(min = 1, max = 320) String user,
            @JsonPropertyDescription("How the token is shown to the server. Default: XOAUTH2 or OAUTHBEARER, as the server "
                    + "offers.")
            @Nullable BearerMechanism mechanism,
            @JsonPropertyDescription("Client credentials: a Secret of this namespace with the keys client-id and "
                    + "client-secret and the label postrider.dev/credentials: \"true\".")
            @Nullable SecretReference secretRef,
            @JsonPropertyDescription("Client credentials with an assertion that a certificate's key signs (RFC 7523): a "
                    + "labelled Secret with the keys client-id, tls.crt and tls.key.")
            @Nullable SecretReference certificateSecretRef,
            @JsonPropertyDescription("A service account of Google Cloud with domain-wide delegation: a labelled Secret "
                    + "whose key key.json holds the key file.")
            @Nullable SecretReference serviceAccountSecretRef,
            @JsonPropertyDescription("A refresh token that somebody was granted: a labelled Secret with the keys client-id "
                    + "and refresh-token, and client-secret unless the client is a public one.")
            @Nullable SecretReference refreshTokenSecretRef) {}

    /** How those who submit are logged in. */
    public record Submitter(
            @JsonPropertyDescription("The SASL mechanisms that may be used; the first that the server offers is. Default: "
                    + "the strongest that it offers, in the order SCRAM-SHA-256, DIGEST-MD5, CRAM-MD5, NTLM, PLAIN, LOGIN.")
            @Size(min = 1, max = 6) @Nullable List<PasswordMechanism> mechanisms,
            @JsonPropertyDescription("The realm of the users (DIGEST-MD5), needed only where the server offers several; "
                    + "for NTLM the domain.")
            @Size(min = 1, max = 253) @Pattern("^[^\\x00-\\x1f\\x7f]*$") @Nullable String realm,
            @JsonPropertyDescription("How long a login that the server took is good at the relay without asking the "
                    + "server again, as 5m, at most 24h; 0s to ask each time. The relay remembers it in memory, and not the password.")
            @Default("5m") @Pattern(Authentication.A_DAY) @Nullable String rememberFor,
            @JsonPropertyDescription("The login that the test mail is sent with: a Secret of this namespace with the keys "
                    + "username and password (type kubernetes.io/basic-auth) and the label postrider.dev/credentials: "
                    + "\"true\". Default: none; the test then ends with the server's offer of AUTH, and sends nothing.")
            @Nullable SecretReference testSecretRef) {}

    /** How an access token is shown to the server. */
    public enum BearerMechanism {
        XOAUTH2, OAUTHBEARER
    }
}
