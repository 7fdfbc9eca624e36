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
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** What a person declares of one organization's mail. */
@JsonClassDescription("What you declare of the organization's mail.")
@ValidationRule(value = "!has(self.limits) || !has(self.limits.whenTooLarge) || self.limits.whenTooLarge != 'Link' || has(self.links)", message = "limits.whenTooLarge Link needs links.host: where do the links lead?")
public record OrganizationMailSettingsSpec(
        @JsonPropertyDescription("Whether this organization may send. Switched off, the relay refuses its mail at once "
                + "(550 5.7.1) and holds what is queued.")
        @Default("true") @Nullable Boolean sendingEnabled,
        @JsonPropertyDescription("The organization's own servers; several active ones share its mail, by priority "
                + "and weight. Empty: the global servers.")
        @Size(max = 32) @Nullable List<ServerReference> servers,
        @JsonPropertyDescription("Who the organization's mail comes from.")
        @Required Identity identity,
        @JsonPropertyDescription("Addresses of those who look after this organization's mail. The first is the "
                + "envelope sender where identity.envelopeFrom is not set.")
        @Size(max = 50) @Nullable List<@Size(min = 3, max = 320) @Pattern(Mailbox.ADDRESS) String> administrators,
        @JsonPropertyDescription("What the organization may do because its mail works.")
        @Nullable Capabilities capabilities,
        @JsonPropertyDescription("The Secret that applications mount to send mail.")
        @Nullable Binding binding,
        @JsonPropertyDescription("Who is told what became of the organization's mail.")
        @Nullable Events events,
        @JsonPropertyDescription("How large the organization's messages may be, and how many it may send in a time.")
        @Nullable Limits limits,
        @JsonPropertyDescription("Where links in the organization's mail lead.")
        @Nullable Links links,
        @JsonPropertyDescription("Who helps when applications write to support@postrider.internal.")
        @Nullable Support support,
        @JsonPropertyDescription("What becomes of queued mail when this resource is deleted. Deliver: the deletion "
                + "waits until all of it is delivered or bounced. Drop: it is thrown away.")
        @Default("Deliver") @Nullable QueuedMail queuedMailOnDeletion,
        @JsonPropertyDescription("When and to whom the usage report is sent that capabilities.usageReport switches on.")
        @Nullable UsageReport usageReport,
        @JsonPropertyDescription("Type exactly Delete to let this resource be deleted. Until then a deletion is "
                + "refused, or held.")
        @Size(max = 64) @Nullable String deletionConfirmation) {

    /** An address, or the at-sign and a domain, before which {@code *.} may stand. The plan checks the rest. */
    static final String SENDER = "^([^\\s@<>" + Mailbox.HIDDEN + "]+@|@([*][.])?)[^\\s@<>*" + Mailbox.HIDDEN + "]+$";

    /** What becomes of queued mail when its organization goes. */
    public enum QueuedMail {
        Deliver, Drop
    }

    /** A MailServer of the organization's namespace, or a global one. */
    public record ServerReference(
            @JsonPropertyDescription("Name of a MailServer.")
            @Required @Size(min = 1, max = 253) @Pattern("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$") String name,
            @JsonPropertyDescription("Namespace of the MailServer. Default: this resource's. Another one may be named only "
                    + "for a global server.")
            @Size(min = 1, max = 63) @Pattern("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$") @Nullable String namespace,
            @JsonPropertyDescription("Servers of the lowest priority get the mail, those of the next one only while all "
                    + "of the former rest, are over their rates or are switched off (as in SRV records, RFC 2782). Default: 0.")
            @Min(0) @Max(65535) @Nullable Integer priority,
            @JsonPropertyDescription("The server's part of the mail among those of the same priority: one of weight 3 "
                    + "gets three times as much as one of weight 1. Default: 1.")
            @Min(1) @Max(65535) @Nullable Integer weight) {}

    /** The addresses that the organization's mail carries. */
    public record Identity(
            @JsonPropertyDescription("The From of the organization's mail.")
            @Required Mailbox from,
            @JsonPropertyDescription("Where answers go, if not to From.")
            @Nullable Mailbox replyTo,
            @JsonPropertyDescription("The envelope sender, to which bounces go. Default: the first of administrators, else "
                    + "the From address.")
            @Size(min = 3, max = 320) @Pattern(Mailbox.ADDRESS) @Nullable String envelopeFrom,
            @JsonPropertyDescription("What applications may send as besides from: addresses as sales@acme.example, all "
                    + "addresses of a domain as @acme.example, all addresses of its subdomains as @*.acme.example "
                    + "(without acme.example itself).")
            @Size(max = 500) @Nullable List<@Size(min = 2, max = 320) @Pattern(SENDER) String> allowedSenders,
            @JsonPropertyDescription("What becomes of a message of another sender. Refuse: it is refused with 550 5.7.1. "
                    + "Rewrite: the fields From, Sender, Resent-From and Resent-Sender that name others are written anew "
                    + "with from, and the envelope sender becomes envelopeFrom.")
            @Default("Refuse") @Nullable SenderPolicy senderPolicy,
            @JsonPropertyDescription("Keys that sign the organization's mail as it goes to a server by SMTP (DKIM, RFC "
                    + "6376), all of them at once. status.dkim has the DNS records to publish.")
            @Size(max = 4) @Nullable List<Dkim> dkim) {}

    /** A key that signs mail. */
    public record Dkim(
            @JsonPropertyDescription("The name under which receivers find the public key, before ._domainkey and the "
                    + "domain: one DNS label or several.")
            @Required @Size(min = 1, max = 100) @Pattern("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$") String selector,
            @JsonPropertyDescription("The domain that vouches for the mail: that of from, or one that it is within. Default: "
                    + "that of from. Mail of applications is signed if its From is of this domain or of a subdomain.")
            @Size(min = 1, max = 253) @Pattern("^[^\\s@.<>\"" + Mailbox.HIDDEN + "]+([.][^\\s@.<>\"" + Mailbox.HIDDEN + "]+)*$") @Nullable String domain,
            @JsonPropertyDescription("The private key in PEM, not encrypted: RSA of 1024 to 4096 bits, better 2048 at least, "
                    + "or Ed25519.")
            @Required SecretKeyReference privateKeySecretRef) {}

    /** What becomes of a message of a sender that is not allowed. */
    public enum SenderPolicy {
        Refuse, Rewrite
    }

    /** Switches for what needs working mail. */
    public record Capabilities(
            @JsonPropertyDescription("Whether people may reset their passwords by mail. Available exactly while mail "
                    + "works, as all of these; the relay refuses mail of a class that is not.")
            @Default("true") @Nullable Boolean passwordRecovery,
            @JsonPropertyDescription("Whether applications may send alerts.")
            @Default("true") @Nullable Boolean alerts,
            @JsonPropertyDescription("Whether applications may send notifications.")
            @Default("true") @Nullable Boolean notifications,
            @JsonPropertyDescription("Whether usageReport is sent: how much mail there was, and what became of it.")
            @Default("false") @Nullable Boolean usageReport) {}

    /** The report of how much mail there was. */
    public record UsageReport(
            @JsonPropertyDescription("When it is sent, as a Quartz cron expression of second, minute, hour, day of the "
                    + "month, month, day of the week, and year if wanted; at most once a day. The default is eight "
                    + "o'clock on the first of each month. Each report is about the days since the one before.")
            @Default("0 0 8 1 * ?") @Size(min = 11, max = 120) @Pattern("^[0-9]{1,2} [0-9]{1,2} [0-9]{1,2} [^ \\s]+ [^ \\s]+ [^ \\s]+( [^ \\s]+)?$") @Nullable String schedule,
            @JsonPropertyDescription("The time zone of schedule and of the days that are counted, by its IANA name, as "
                    + "Europe/Berlin.")
            @Default("UTC") @Size(min = 1, max = 64) @Pattern("^[A-Za-z][A-Za-z0-9_+/-]*$") @Nullable String timeZone,
            @JsonPropertyDescription("The language of the report, as a BCP 47 tag like en, de-AT or zh-Hant. One without a "
                    + "translation falls back to the nearest that has one, or to English.")
            @Default("en") @Size(min = 2, max = 35) @Pattern("^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$") @Nullable String language,
            @JsonPropertyDescription("Who gets the report. Default: the administrators.")
            @Size(min = 1, max = 50) @Nullable List<@Size(min = 3, max = 320) @Pattern(Mailbox.ADDRESS) String> recipients) {}

    /** Who is told what became of mail. */
    public record Events(
            @JsonPropertyDescription("Told of each mail that is delivered, bounced or expired, as a CloudEvent by "
                    + "HTTP POST.")
            @Nullable Webhook webhook) {}

    /** A receiver of events. */
    @ValidationRule(value = "!has(self.tls) || self.url.startsWith('https://')", message = "http encrypts nothing, so tls has no meaning; remove tls, or use an https URL")
    @ValidationRule(value = "!has(self.tls) || !has(self.tls.certificateVerification)", message = "certificateVerification is for mail servers; name the receiver's authority in caSecretRef or caConfigMapRef, or pin its certificate")
    public record Webhook(
            @JsonPropertyDescription("Where to post, as https://example.com/mail-events. http works only where the "
                    + "installation allows it, and so do addresses of the relay's own machine.")
            @Required @Size(min = 9, max = 2048) @Pattern("^https?://[^/\\s@?#]+([/?][^\\s#]*)?$") String url,
            @JsonPropertyDescription("Secret whose key signing-key signs the events (HMAC-SHA256, as Standard Webhooks "
                    + "says), so that the receiver knows that they are genuine.")
            @Required SecretReference signingSecretRef,
            @JsonPropertyDescription("How the connection to the receiver is encrypted, and what is asked of its "
                    + "certificate. Default: TLS 1.2 or 1.3, and a certificate for the host from an authority of the "
                    + "system's.")
            @Nullable Tls tls) {}

    /** Bounds of messages. */
    @ValidationRule(value = "!has(self.link) || has(self.whenTooLarge) && self.whenTooLarge == 'Link'", message = "link says how links are made, which whenTooLarge: Link alone does; set it, or remove link")
    public record Limits(
            @JsonPropertyDescription("Octets of a message at most, as a quantity like 10Mi or a number, at least 64Ki. "
                    + "Default: as many as the relay takes and the server announces (RFC 1870).")
            @ValidationRule(value = "string(self).matches('^[1-9][0-9]{0,14}(k|M|G|Ki|Mi|Gi)?$')", message = "messageSize must be a quantity of octets, such as 10Mi or 10000000") @Nullable Quantity messageSize,
            @JsonPropertyDescription("What becomes of a message that is larger, or larger than its server takes. Reject: "
                    + "it is refused with 552 5.3.4, or returned to its sender where only the server's limit shows. "
                    + "Split: it is sent in parts that mail programs put together again (message/partial, RFC 2046). "
                    + "Link: its attachments are kept for download, and it has links to them in their place; needs "
                    + "links.host.")
            @Default("Reject") @Nullable WhenTooLarge whenTooLarge,
            @JsonPropertyDescription("What becomes of a message with lines of more than 998 octets, which RFC 5322 does not "
                    + "allow and many servers refuse. Encode: its fields are folded, and its parts sent as "
                    + "quoted-printable or base64, in which the same is read. Refuse: it is refused with 550 5.6.0.")
            @Default("Encode") @Nullable LongLines longLines,
            @JsonPropertyDescription("How attachments become links, with whenTooLarge: Link.")
            @Nullable Link link,
            @JsonPropertyDescription("How much mail is taken in each hour by the clock, 1 to 1000000.")
            @Min(1) @Max(1_000_000) @Nullable Integer perHour,
            @JsonPropertyDescription("How much mail is taken each day, from midnight in usageReport.timeZone, or in UTC; "
                    + "1 to 10000000.")
            @Min(1) @Max(10_000_000) @Nullable Integer perDay,
            @JsonPropertyDescription("How much mail is taken in each month of the calendar, 1 to 100000000.")
            @Min(1) @Max(100_000_000) @Nullable Integer perMonth,
            @JsonPropertyDescription("What perHour, perDay and perMonth count. Messages: each message once. Recipients: "
                    + "each recipient of a message.")
            @Default("Messages") @Nullable LimitUnit unit,
            @JsonPropertyDescription("What becomes of mail beyond perHour, perDay or perMonth. Hold: it is taken and waits "
                    + "for the next hour, day or month that has room for it, for 3 days at most; what would have to wait "
                    + "for longer is refused. Refuse: it is refused with 452 4.7.0 until then.")
            @Default("Hold") @Nullable WhenExceeded whenExceeded) {}

    /** What becomes of mail beyond a limit. */
    public enum WhenExceeded {
        Hold, Refuse
    }

    /** How attachments become links. */
    public record Link(
            @JsonPropertyDescription("Whether the attachments of all messages become links, and not only of those that "
                    + "are too large. Signed and encrypted messages stay whole.")
            @Default("false") @Nullable Boolean always,
            @JsonPropertyDescription("Days for which an attachment can be downloaded, 1 to 365.")
            @Default("30") @Min(1) @Max(365) @Nullable Integer expiresAfterDays) {}

    /** Who helps, and what they are told. */
    public record Support(
            @JsonPropertyDescription("Address of those who help this organization, where the installation allows its own. "
                    + "Default: the installation's.")
            @Size(min = 3, max = 320) @Pattern(Mailbox.ADDRESS) @Nullable String address,
            @JsonPropertyDescription("Whether mail to support has system information attached: versions, licenses, "
                    + "the state of mail servers, how much is queued. Never a password, nor anything of other "
                    + "organizations.")
            @Default("false") @Nullable Boolean attachSystemInformation) {}

    /** Where links lead. */
    @ValidationRule(value = "!self.host.contains('://')", message = "host is a host name without https://, as links.example.com; links are always https")
    @ValidationRule(value = "!self.host.contains('@')", message = "host must not hold a user name or a password; write links.example.com")
    @ValidationRule(value = "!self.host.contains('?') && !self.host.contains('#')", message = "host takes neither a query nor a fragment; write links.example.com, with a port and a path if needed")
    @ValidationRule(value = "self.host.contains('://') || self.host.contains('@') || self.host.contains('?') || self.host.contains('#') || self.host.matches('^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~-]+)*/?$')", message = "host must be a host name, with a port and a path if needed, as links.example.com or links.example.com:8443/mail")
    public record Links(
            @JsonPropertyDescription("Host name of links, as links.example.com; a port and a path may follow, as in "
                    + "links.example.com:8443/mail. The links are https.")
            @Required @Size(min = 1, max = 400) String host,
            @JsonPropertyDescription("Where people reset their passwords, as https://$[link_host]/reset?token={token}. "
                    + "Variables are $[link_host], $[organization] and $[namespace]; {token} and its like are for the "
                    + "application, which finds the address in the binding.")
            @Size(min = 9, max = 1000) @Pattern("^https://[^\\s\"<>@/?#\\x00-\\x1f\\x7f]+([/?#][^\\s\"<>\\x00-\\x1f\\x7f]*)?$") @Nullable String passwordRecoveryUrl) {}

    /** What becomes of a message that is too large. */
    public enum WhenTooLarge {
        Reject, Split, Link
    }

    /** What becomes of a message with longer lines than are allowed. */
    public enum LongLines {
        Encode, Refuse
    }

    /** The Secret for applications. */
    public record Binding(
            @JsonPropertyDescription("Name of the Secret that Postrider writes in this namespace. Default: the name of "
                    + "this resource and -mail.")
            @Size(min = 1, max = 253) @Pattern("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$") @Nullable String secretName,
            @JsonPropertyDescription("What reads the Secret: each format adds entries in the form that its reader wants, "
                    + "beside those of the Service Binding specification.")
            @ValidationRule(value = "self.all(f, self.exists_one(g, g == f))", message = "formats names a format twice")
            @Size(max = 17) @Nullable List<BindingFormat> formats,
            @JsonPropertyDescription("The directory at which applications mount the Secret, where an entry must name it. "
                    + "Default: /etc/mail-binding.")
            @Size(min = 2, max = 200) @Pattern("^(/[A-Za-z0-9._-]+)+$") @Nullable String mountPath,
            @JsonPropertyDescription("Entries of your own: the text of each is a Mustache template over host, port, "
                    + "username, password, uri, from, from-name, reply-to, reply-to-name, ca, ca-file and mount-path.")
            @ValidationRule(value = "self.all(k, k.matches('^[-._a-zA-Z0-9]{1,253}$') && !k.startsWith('..') && k != '.')", message = "template has a key that no Secret takes: letters, digits, hyphens, underscores and dots, at most 253")
            @ValidationRule(value = "self.all(k, !(k in ['type', 'provider', 'host', 'port', 'username', 'password', 'submitter-prefix', 'from', 'from-name', 'ca.crt', 'uri', 'link-host', 'password-recovery-url', 'PASSWORD_RECOVERY_ENABLED', 'ALERTS_ENABLED', 'NOTIFICATIONS_ENABLED', 'USAGE_REPORT_ENABLED']))", message = "template has a key that bindings have anyway; choose another one")
            @ValidationRule(value = "self.all(k, !self[k].matches('[{][{][ ]*[=<>$]'))", message = "template may neither change delimiters ({{=) nor take in other templates ({{>, {{<, {{$)")
            @Size(max = 16) @Nullable Map<String, @Size(min = 1, max = 4096) String> template,
            @JsonPropertyDescription("How long a former password is taken after a new value of the annotation "
                    + "postrider.dev/rotate has replaced it, from 0s to 720h (30 days).")
            @ValidationRule(value = "duration(self) <= duration('720h')", message = "rotationOverlap is at most 720h (30 days)")
            @Default("24h") @Size(max = 8) @Pattern("^([0-9]{1,7}s|[0-9]{1,5}m|[0-9]{1,3}h)$") @Nullable String rotationOverlap,
            @JsonPropertyDescription("Other namespaces that get a copy of the Secret, named <this namespace>.<its name>. The "
                    + "owner of each allows it with the label postrider.dev/accept-bindings-from on the Namespace, whose "
                    + "value is the name of this namespace, several joined by dots, or Any.")
            @ValidationRule(value = "self.all(n, self.exists_one(m, m == n))", message = "copies names a namespace twice")
            @Size(max = 16) @Nullable List<@Size(min = 1, max = 63) @Pattern("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$") String> copies) {}
}
