package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** What of a server's certificate is checked, each switch its own. */
@ValidationRule(value = "!has(self.commonNameFallback) || !self.commonNameFallback || !has(self.hostName) || self.hostName", message = "commonNameFallback is part of the check hostName, which is off")
@ValidationRule(value = "!has(self.softFail) || !self.softFail || has(self.revocation) && self.revocation == 'OCSPThenCRL'", message = "softFail is part of the check revocation, which is Off")
@ValidationRule(value = "!has(self.revocation) || self.revocation == 'Off' || (!has(self.chain) || self.chain) && (!has(self.validity) || self.validity)", message = "revocation needs chain and validity: an authority answers for its own certificates, and only until they expire")
public record CertificateVerification(
        @JsonPropertyDescription("Whether the certificate, and those that it leads through, must be within the period "
                + "that they are valid for (RFC 5280 section 4.1.2.5).")
        @Default("true") @Nullable Boolean validity,
        @JsonPropertyDescription("Whether the certificate must carry the name or address of the host among its subject "
                + "alternative names (RFC 9525).")
        @Default("true") @Nullable Boolean hostName,
        @JsonPropertyDescription("Whether the common name counts where a certificate has no subject alternative names "
                + "of hosts at all, as those of old appliances.")
        @Default("false") @Nullable Boolean commonNameFallback,
        @JsonPropertyDescription("Whether the certificate must be one of a server: its extended key usage, if it has "
                + "one, names serverAuth (RFC 5280 section 4.2.1.12).")
        @Default("true") @Nullable Boolean keyUsage,
        @JsonPropertyDescription("Whether the certificate must lead to a trusted authority (RFC 5280 section 6).")
        @Default("true") @Nullable Boolean chain,
        @JsonPropertyDescription("Off: nobody is asked. OCSPThenCRL: the certificate, and those that it leads through, "
                + "must not have been revoked; the answer that the server brings along counts first, then that of "
                + "the responder (OCSP, RFC 6960), then the list (CRL). Quote \"Off\", or YAML takes it for false.")
        @Default("Off") @Nullable Revocation revocation,
        @JsonPropertyDescription("Whether a certificate counts as not revoked when neither responder nor list can be "
                + "reached.")
        @Default("false") @Nullable Boolean softFail) {

    /** Who is asked whether a certificate was revoked. */
    public enum Revocation {
        Off, OCSPThenCRL
    }
}
