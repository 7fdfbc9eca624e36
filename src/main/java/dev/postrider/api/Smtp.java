package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** How to reach an upstream server by SMTP. */
@ValidationRule(value = "!has(self.tls) || !has(self.security) || self.security != 'None'", message = "security None encrypts nothing, so tls has no meaning; remove tls, or choose another security")
@ValidationRule(value = "!has(self.allowPlaintextAuthentication) || !self.allowPlaintextAuthentication || has(self.security) && self.security in ['None', 'StartTLSIfOffered']", message = "allowPlaintextAuthentication has a meaning with security StartTLSIfOffered alone; StartTLS and TLS never send a login in the clear")
@ValidationRule(value = "!has(self.authentication) || !has(self.authentication.submitter) || !has(self.security) || self.security != 'None' || has(self.allowPlaintextAuthentication) && self.allowPlaintextAuthentication", message = "security None would send the passwords of those who submit in the clear; choose another security, or set allowPlaintextAuthentication: true")
public record Smtp(
        @JsonPropertyDescription("Name or address of the server: a host name, an IPv4 address, or an IPv6 address "
                + "without brackets (a zone may follow, as in fe80::1%eth0).")
        @Required @Size(min = 1, max = 253) @Pattern("^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.~-]+)?$") String host,
        @JsonPropertyDescription("TCP port. Default: by security, 25 for None and StartTLSIfOffered, 587 for StartTLS, "
                + "465 for TLS.")
        @Min(1) @Max(65535) @Nullable Integer port,
        @JsonPropertyDescription("None: in the clear. StartTLSIfOffered: encrypted where the server offers STARTTLS, "
                + "else in the clear, and then without a login unless allowPlaintextAuthentication. StartTLS: "
                + "encrypted by STARTTLS (RFC 3207), or not at all. TLS: encrypted from the first byte (RFC 8314).")
        @Default("StartTLS") @Nullable Security security,
        @JsonPropertyDescription("How connections are encrypted, and what is asked of the server's certificate. "
                + "Default: TLS 1.2 or 1.3, and a certificate for the host from an authority of the system's.")
        @Nullable Tls tls,
        @JsonPropertyDescription("Whether Postrider may log in over a connection that StartTLSIfOffered left in the "
                + "clear. With None a login goes in the clear in any case, but for those of submitters.")
        @Default("false") @Nullable Boolean allowPlaintextAuthentication,
        @JsonPropertyDescription("A proxy that connections to this server go through.")
        @Nullable Proxy proxy,
        @JsonPropertyDescription("The name that Postrider introduces itself by (EHLO, RFC 5321 section 4.1.1.1), a "
                + "host name or an address in brackets. Default: the relay's (relay.hostName of the chart); test mails "
                + "greet by the same.")
        @Size(min = 1, max = 253) @Pattern("^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$|^\\[(IPv6:)?[0-9A-Fa-f:.]+\\]$") @Nullable String ehloName,
        @JsonPropertyDescription("How long to wait for a connection to each address with the server's greeting, "
                + "and for a proxy, as 500ms, 60s or 5m; at most 1h.")
        @Default("60s") @Pattern(Smtp.TIMEOUT) @Nullable String connectTimeout,
        @JsonPropertyDescription("How long the TLS handshake may take, the questions of the check revocation "
                + "included, as 30s; at most 1h.")
        @Default("60s") @Pattern(Smtp.TIMEOUT) @Nullable String tlsTimeout,
        @JsonPropertyDescription("How long to wait for each reply of the server (RFC 5321 section 4.5.3.2), as 30s or "
                + "5m; at most 1h.")
        @Default("5m") @Pattern(Smtp.TIMEOUT) @Nullable String replyTimeout,
        @JsonPropertyDescription("How long to wait for the reply to a whole message, in which many servers look for "
                + "viruses (RFC 5321 section 4.5.3.2.6), as 10m; at most 1h.")
        @Default("10m") @Pattern(Smtp.TIMEOUT) @Nullable String dataTimeout,
        @JsonPropertyDescription("How many connections the relay opens to this server at most.")
        @Default("10") @Min(1) @Max(1000) @Nullable Integer maxConnections,
        @JsonPropertyDescription("How many recipients of a message the relay names in one transaction at most; a message "
                + "to more goes in several. Default: what the server's provider documents, for Amazon SES 50, and else "
                + "100, which every server must take (RFC 5321 section 4.5.3.1.8) and more than which are never named.")
        @Min(1) @Max(1000) @Nullable Integer maxRecipients,
        @JsonPropertyDescription("How mail with addresses or header fields beyond ASCII is sent. IfOffered: by SMTPUTF8 "
                + "(RFC 6531) where the server offers it, and else as with Never. Never: in ASCII, with encoded words "
                + "(RFC 2047) and domains by IDNA; what has no such form is returned to its sender (550 5.6.7).")
        @Default("IfOffered") @Nullable InternationalizedEmail internationalizedEmail,
        @JsonPropertyDescription("How mail with octets above 127 is sent. IfOffered: as it is where the server offers "
                + "8BITMIME (RFC 6152), and else as with Never. Never: encoded as quoted-printable or base64, for servers "
                + "that offer what they cannot do. Assume: as it is, for servers that can do it and do not say so.")
        @Default("IfOffered") @Nullable EightBitMime eightBitMime,
        @JsonPropertyDescription("How Postrider proves to the server who it is. Default: not at all.")
        @Nullable Authentication authentication) {

    /** 1ms to 1h. */
    static final String TIMEOUT = "^[1-9][0-9]{0,5}ms$|^([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600)s$"
            + "|^([1-9]|[1-5][0-9]|60)m$|^1h$";

    /** How mail that is not in ASCII is sent. */
    public enum InternationalizedEmail {
        IfOffered, Never
    }

    /** How mail that is not of 7 bits is sent. */
    public enum EightBitMime {
        IfOffered, Never, Assume
    }

    /** How a connection is protected. */
    public enum Security {
        None(25), StartTLSIfOffered(25), StartTLS(587), TLS(465);

        private final int defaultPort;

        Security(int defaultPort) {
            this.defaultPort = defaultPort;
        }

        /** The port that is used where the resource names none. */
        public int defaultPort() {
            return defaultPort;
        }
    }
}
