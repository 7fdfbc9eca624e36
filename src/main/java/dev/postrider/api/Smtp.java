package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** How to reach an upstream server by SMTP. */
public record Smtp(
        @JsonPropertyDescription("Name or address of the server: a host name, an IPv4 address, or an IPv6 address "
                + "without brackets (a zone may follow, as in fe80::1%eth0).")
        @Required @Size(min = 1, max = 253) @Pattern("^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.~-]+)?$") String host,
        @JsonPropertyDescription("TCP port. Default: by security, 25 for None and StartTLSIfOffered, 587 for StartTLS, "
                + "465 for TLS.")
        @Min(1) @Max(65535) @Nullable Integer port,
        @JsonPropertyDescription("None: in the clear. StartTLSIfOffered: encrypted where the server offers STARTTLS, "
                + "else in the clear, and then without authentication. StartTLS: encrypted by STARTTLS "
                + "(RFC 3207), or not at all. TLS: encrypted from the first byte (RFC 8314).")
        @Default("StartTLS") @Nullable Security security,
        @JsonPropertyDescription("A labelled Secret of this namespace whose key ca.crt holds the certificate "
                + "authorities (PEM) that the server's certificate must lead to. Default: the system's.")
        @Nullable SecretReference caSecretRef,
        @JsonPropertyDescription("How long to wait for a connection, as 500ms, 60s or 5m.")
        @Default("60s") @Pattern("^[1-9][0-9]{0,4}(ms|s|m|h)$") @Nullable String connectTimeout,
        @JsonPropertyDescription("How long to wait for each reply of the server (RFC 5321 section 4.5.3.2), as 30s or "
                + "5m.")
        @Default("5m") @Pattern("^[1-9][0-9]{0,4}(ms|s|m|h)$") @Nullable String replyTimeout,
        @JsonPropertyDescription("How many connections the relay opens to this server at most.")
        @Default("10") @Min(1) @Max(1000) @Nullable Integer maxConnections,
        @JsonPropertyDescription("How Postrider proves to the server who it is. Default: not at all.")
        @Nullable Authentication authentication) {

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
