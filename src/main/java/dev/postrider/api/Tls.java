package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** How a connection is encrypted, and what is asked of the server's certificate. */
@ValidationRule(value = "[has(self.caSecretRef), has(self.caConfigMapRef), has(self.pinnedCertificates)].filter(x, x).size() <= 1", message = "at most one of caSecretRef, caConfigMapRef and pinnedCertificates says what is trusted")
@ValidationRule(value = "!has(self.pinnedCertificates) || !has(self.certificateVerification) || !has(self.certificateVerification.revocation) || self.certificateVerification.revocation == 'Off'", message = "a pinned certificate is trusted by itself, and nobody is asked whether it was revoked; remove pinnedCertificates or revocation")
public record Tls(
        @JsonPropertyDescription("The oldest version of TLS that is spoken.")
        @Default("TLSv1.2") @Nullable Version minimumVersion,
        @JsonPropertyDescription("The name that the server is asked for (SNI, RFC 6066) and that its certificate must "
                + "carry, where that is not the host.")
        @Size(min = 1, max = 253) @Pattern("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$") @Nullable String serverName,
        @JsonPropertyDescription("A labelled Secret of this namespace whose key ca.crt holds the certificate "
                + "authorities (PEM) that the server's certificate must lead to; no others count then. "
                + "Default: the system's.")
        @Nullable SecretReference caSecretRef,
        @JsonPropertyDescription("A labelled ConfigMap of this namespace in place of caSecretRef.")
        @Nullable ConfigMapReference caConfigMapRef,
        @JsonPropertyDescription("A labelled Secret of this namespace, type kubernetes.io/tls, whose certificate "
                + "(tls.crt) and key (tls.key, not encrypted) are shown to this server when it asks for a client's.")
        @Nullable SecretReference clientCertificateSecretRef,
        @JsonPropertyDescription("What of the server's certificate is checked. Default: everything but revocation.")
        @Nullable CertificateVerification certificateVerification,
        @JsonPropertyDescription("SHA-256 fingerprints of the only certificates that this server may show, with or "
                + "without colons, as a failed check tells them. A pin takes the place of the check chain: no "
                + "authority is asked for. The other checks stay.")
        @Size(min = 1, max = 10) @Nullable List<@Size(max = 95) @Pattern("^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|^[0-9A-Fa-f]{64}$") String> pinnedCertificates) {

    /** A version of TLS, by the name that the JDK has for it too. */
    public enum Version {
        @JsonProperty("TLSv1.2")
        TLS_1_2,
        @JsonProperty("TLSv1.3")
        TLS_1_3
    }
}
