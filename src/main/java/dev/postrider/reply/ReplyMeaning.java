package dev.postrider.reply;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What well-known servers mean by their replies, and what to do next; the first that fits counts. Sources: "Fix issues
 * with printers, scanners, and LOB applications" and "Enable or disable SMTP AUTH" of Exchange Online, "Gmail SMTP
 * errors and codes" of Google Workspace, "Amazon SES SMTP issues" and "SMTP response codes" of AWS, "SMTP Errors and
 * Troubleshooting" of SendGrid, and RFC 4954 section 6.
 */
public enum ReplyMeaning {
    // @formatter:off
    EXCHANGE_SMTP_AUTH_OFF("535 5\\.7\\.139 .*SmtpClientAuthentication is disabled", "SMTP AUTH is switched off in Exchange Online: allow it for the mailbox (Set-CASMailbox -SmtpClientAuthenticationDisabled $false) or the organization (Set-TransportConfig)"),
    EXCHANGE_SECURITY_DEFAULTS("535 5\\.7\\.139 .*security defaults", "the security defaults of the directory forbid logins with a password: use oauth2, or have its administrator make an exception"),
    EXCHANGE_BASIC_AUTH("535 5\\.7\\.139 .*basic authentication is disabled", "Exchange Online takes no password: use oauth2"),
    EXCHANGE_CRITERIA("535 5\\.7\\.139\\b", "Exchange Online does not let this account log in so: check password and multi-factor authentication, Conditional Access, and that SMTP AUTH is allowed for the mailbox; better, use oauth2"),
    EXCHANGE_LOGIN("535 5\\.7\\.3\\b", "Exchange refused the login. With a password: check it, and that SMTP AUTH is allowed for the mailbox. With oauth2: the application needs SMTP.SendAsApp, must be registered (New-ServicePrincipal), and needs access to the mailbox (Add-MailboxPermission)"),
    EXCHANGE_SEND_AS("550 5\\.7\\.60\\b|55[04] 5\\.2\\.252\\b|5.*SendAsDenied", "the login may not send as this address: send from the mailbox that logs in, or grant it Send As (Add-RecipientPermission -AccessRights SendAs)"),
    EXCHANGE_ANONYMOUS("530 5\\.7\\.57\\b", "Exchange wants a login: declare spec.smtp.authentication; if one is declared, check that SMTP AUTH is allowed for the mailbox"),
    GOOGLE_APP_PASSWORD("534 5\\.7\\.9 .*Application-specific password", "Google wants an app password for this account: make one, or use oauth2"),
    GOOGLE_WEB_LOGIN("53[45] 5\\.7\\.(9|14)\\b.*(log in (via|with) your web browser|accounts\\.google\\.com)", "Google wants to see the user in a browser first: log in there once as this user; better, use oauth2"),
    GOOGLE_CREDENTIALS("535 5\\.7\\.8 .*Username and Password not accepted", "Google takes no account password here: use an app password, or oauth2; with oauth2, check that user is the mailbox and that the scope is https://mail.google.com/"),
    GOOGLE_LIMIT("[45]50 [45]\\.4\\.5 .*(sending (limit|quota)|user sending)", "the daily sending limit of the Google account is reached: wait, or use another account"),
    SES_SANDBOX("554 .*Email address is not verified", "Amazon SES does not know this identity in this region: verify the sender, and while the account is in the sandbox the recipients too"),
    SES_CREDENTIALS("535 Authentication Credentials Invalid", "Amazon SES wants SMTP credentials of this region, which are not AWS access keys: make some in the SES console"),
    SES_QUOTA("454 .*(Maximum sending rate exceeded|Daily message quota exceeded)", "the quota of Amazon SES is reached: it will be tried again; ask AWS for more, or lower spec.smtp.maxConnections"),
    SES_ACCESS("554 Access denied: .*ses:Send", "the IAM user may not send: allow it ses:SendRawEmail"),
    SENDGRID_IDENTITY("550 .*verified Sender Identity", "SendGrid does not know the From address: verify a sender or a domain there (Sender Authentication)"),
    SENDGRID_LOGIN("535 .*Bad username / password", "SendGrid wants the user name apikey, just so, and an API key with the permission Mail Send as the password"),
    SENDGRID_CREDITS("45[01] .*Maximum credits exceeded", "the SendGrid account has used up its mails: wait, or get a larger plan"),
    ENCRYPTION_REQUIRED("538\\b|53[045] .*(STARTTLS|encryption|TLS)", "the server wants TLS before a login: set spec.smtp.security to StartTLS or TLS"),
    PASSWORD_TRANSITION("432 4\\.7\\.12\\b|432 .*transition", "the server wants a login with PLAIN once, to store the password anew: set mechanisms to PLAIN"),
    TOO_WEAK("534\\b", "the mechanism is too weak for this user: set mechanisms to a stronger one that the server offers"),
    LATER("454 4\\.7\\.0\\b", "the server cannot check logins at the moment: it will be tried again"),
    NOT_OWNED("55[034] .*not owned by user", "the login may not send as this address: send from its own, or have the server's operator allow it"),
    CREDENTIALS("535 5\\.7\\.8\\b", "user name or password is wrong, or this account may not log in so");
    // @formatter:on

    private final Pattern pattern;
    private final String text;

    ReplyMeaning(String pattern, String text) {
        this.pattern = Pattern.compile("^(" + pattern + ")", Pattern.CASE_INSENSITIVE);
        this.text = text;
    }

    /** What it means, for people. */
    public String text() {
        return text;
    }

    /** The meaning of a reply, if it is a known one. */
    public static Optional<ReplyMeaning> of(Reply reply) {
        for (ReplyMeaning meaning : values()) {
            if (meaning.pattern.matcher(reply.text()).find()) {
                return Optional.of(meaning);
            }
        }
        return Optional.empty();
    }
}
