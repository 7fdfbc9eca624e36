package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonClassDescription;
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

/** What a person declares of the notices of one license. */
@JsonClassDescription("What you declare of the license and its notices.")
public record LicenseExpiryNoticeSpec(
        @JsonPropertyDescription("The organization whose mail this is: its identity and its servers.")
        @Required OrganizationReference organizationRef,
        @JsonPropertyDescription("The license, and when it expires.")
        @Required License license,
        @JsonPropertyDescription("How many days before the expiry the first notice is sent, the expiry day counted: 20 "
                + "days before January 31 is January 12.")
        @Required @Min(1) @Max(90) Integer daysBefore,
        @JsonPropertyDescription("The language of the notices, as a BCP 47 tag like en, de-AT or zh-Hant. One without a "
                + "translation falls back to the nearest that has one, or to English.")
        @Default("en") @Size(min = 2, max = 35) @Pattern("^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$") @Nullable String language,
        @JsonPropertyDescription("The time zone of sendAt and of the days, by its IANA name, as Europe/Berlin.")
        @Default("UTC") @Size(min = 1, max = 64) @Pattern("^[A-Za-z][A-Za-z0-9_+/-]*$") @Nullable String timeZone,
        @JsonPropertyDescription("The time of the day at which notices are sent, as 09:00.")
        @Default("09:00") @Pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$") @Nullable String sendAt,
        @JsonPropertyDescription("Who gets the notices, at most 50 addresses. An entry may hold several, separated by "
                + "commas or semicolons. Default: the administrators of the organization.")
        @ValidationRule(value = "self.join('').size() <= 16384", message = "more than 16384 characters together; list at most 50 addresses")
        @Size(min = 1, max = 50) @Nullable List<@Size(min = 3, max = 16384) @Pattern(RECIPIENTS) String> recipients,
        @JsonPropertyDescription("Own subject in place of the translated one. " + VARIABLES)
        @Size(min = 1, max = 256) @Pattern("^[^\\x00-\\x1f\\x7f]*$") @ValidationRule(value = KNOWN_VARIABLES, message = UNKNOWN_VARIABLE) @Nullable String subject,
        @JsonPropertyDescription("Own text in place of the translated one. " + VARIABLES)
        @Size(min = 1, max = 10000) @ValidationRule(value = KNOWN_VARIABLES, message = UNKNOWN_VARIABLE) @Nullable String body,
        @JsonPropertyDescription("Whether the expiry day is attached as a calendar entry with a reminder (iCalendar).")
        @Default("false") @Nullable Boolean calendar,
        @JsonPropertyDescription("Whether the notice of the expiry is sent though the license had expired before this "
                + "resource was created.")
        @Default("false") @Nullable Boolean notifyIfAlreadyExpired) {

    /** One address or several with commas or semicolons between them; the plan checks each (RFC 5321, RFC 6531). */
    static final String RECIPIENTS =
            "^\\s*[^\\s@<>,;]+@[^\\s@<>,;]+\\s*([,;]\\s*[^\\s@<>,;]+@[^\\s@<>,;]+\\s*)*$";

    private static final String VARIABLES = "It may hold $[days], $[expiry_date], $[license], $[organization] and "
            + "$[link_host].";
    private static final String KNOWN_VARIABLES = "!self.replace('$[days]', '-').replace('$[expiry_date]', '-')"
            + ".replace('$[license]', '-').replace('$[organization]', '-').replace('$[link_host]', '-').contains('$[')";
    private static final String UNKNOWN_VARIABLE = "an unknown variable; there are $[days], $[expiry_date], $[license], "
            + "$[organization] and $[link_host]";

    /** An organization of the same namespace. */
    public record OrganizationReference(
            @JsonPropertyDescription("Name of an OrganizationMailSettings in the namespace of this resource.")
            @Required @Size(min = 1, max = 253) @Pattern("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$") String name) {}

    /** A license and its end. */
    @ValidationRule(value = "[has(self.expiryDate), has(self.expiryFrom)].filter(x, x).size() == 1", message = "exactly one of expiryDate and expiryFrom must be set: when does this license expire?")
    public record License(
            @JsonPropertyDescription("What the license is called in the notices.")
            @Required @Size(min = 1, max = 256) @Pattern("^[^\\x00-\\x1f\\x7f]*$") String name,
            @JsonPropertyDescription("The last day on which the license is valid, as 2027-01-31.")
            @Nullable String expiryDate,
            @JsonPropertyDescription("Where the expiry date is to be read.")
            @Nullable ExpirySource expiryFrom) {}

    /** A Secret that tells when the license expires. */
    public record ExpirySource(
            @JsonPropertyDescription("A Secret of this namespace with the label postrider.dev/credentials: \"true\".")
            @Required SecretReference secretRef,
            @JsonPropertyDescription("The key of the Secret.")
            @Required @Size(min = 1, max = 253) @Pattern("^[-._a-zA-Z0-9]+$") String key,
            @JsonPropertyDescription("What is under that key. Date: a date like 2027-01-31. JWT: a token (RFC 7519) "
                    + "whose exp counts. Certificate: a certificate in PEM whose notAfter counts. The instant of a "
                    + "token or certificate is taken as the day that it falls on in timeZone.")
            @Default("Date") @Nullable Format format) {}

    /** How a Secret tells the date. */
    public enum Format {
        Date, JWT, Certificate
    }
}
