package dev.postrider.reply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.TokenRefusal;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Replies of well-known servers and token endpoints, as their vendors document them, get their meaning. */
@Tag("upstreams")
final class MeaningsTest {
    // @formatter:off
    private static final String REPLIES = """
            535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [AM0PR01CA0001.eurprd01.prod.exchangelabs.com] | ExchangeSmtpAuthOff
            535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information. | ExchangeSmtpAuthOff
            535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator. | ExchangeSecurityDefaults
            535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [AM0PR01CA0001] | ExchangeBasicAuth
            535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator. | ExchangeCriteria
            535 5.7.3 Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com 2026-01-01T00:00:00.000Z] | ExchangeLogin
            550 5.7.60 SMTP; Client does not have permissions to send as this sender | ExchangeSendAs
            554 5.2.252 SendAsDenied; it@acme.example not allowed to send as boss@acme.example; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied | ExchangeSendAsDenied
            530 5.7.57 Client not authenticated to send mail. [AM0PR01CA0001.eurprd01.prod.exchangelabs.com] | ExchangeAnonymous
            534 5.7.9 Application-specific password required. For more information, go to https://support.google.com/mail/?p=InvalidSecondFactor | GoogleAppPassword
            534 5.7.9 Please log in with your web browser and then try again. For more information, go to https://support.google.com/mail/?p=WebLoginRequired | GoogleWebLogin
            535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials | GoogleCredentials
            550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to https://support.google.com/a/answer/166852 | GoogleLimit
            535 Authentication Credentials Invalid | SesCredentials
            554 Message rejected: Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: no-reply@acme.example | SesSandbox
            454 Throttling failure: Maximum sending rate exceeded. | SesRate
            454 Throttling failure: Daily message quota exceeded. | SesDailyQuota
            554 Access denied: User `arn:aws:iam::123456789012:user/relay' is not authorized to perform `ses:SendRawEmail' on resource `arn:aws:ses:eu-central-1:123456789012:identity/acme.example' | SesAccess
            530 Must issue a STARTTLS command first | EncryptionRequired
            550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. | SendGridIdentity
            535 Authentication failed: Bad username / password | SendGridLogin
            451 Authentication failed: Maximum credits exceeded | SendGridCredits
            538 5.7.11 Encryption required for requested authentication mechanism | EncryptionRequiredCode
            432 4.7.12 A password transition is needed | PasswordTransition
            534 5.7.9 Authentication mechanism is too weak | TooWeak
            454 4.7.0 Temporary authentication failure | Later
            553 5.7.1 <boss@acme.example>: Sender address rejected: not owned by user shop | PostfixNotOwned
            535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6 | Credentials
            550 5.1.1 <gone@acme.example>: Recipient address rejected: User unknown | PostfixUserUnknown
            554 5.7.1 Spam | Spam
            554 5.6.0 nothing today |
            """;

    private static final String REFUSALS = """
            invalid_client | AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID | AADSTS7000215
            invalid_client | AADSTS7000222: The provided client secret keys for app '00000000-0000-0000-0000-000000000000' are expired. | AADSTS7000222
            unauthorized_client | AADSTS700016: Application with identifier '0' was not found in the directory 'Acme'. | AADSTS700016
            invalid_request | AADSTS90002: Tenant 'acme.example' not found. | AADSTS90002
            invalid_request | AADSTS900023: Specified tenant identifier 'x' is neither a valid DNS name, nor a valid external domain. | AADSTS90002
            invalid_client | AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application. | AADSTS700027
            invalid_client | AADSTS700024: Client assertion is not within its valid time range. | AADSTS700024
            invalid_scope | AADSTS70011: The provided request must include a 'scope' input parameter. | AADSTS70011
            invalid_scope | AADSTS1002012: The provided value for scope mail is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier. | AADSTS70011
            invalid_resource | AADSTS500011: The resource principal named https://x was not found in the tenant. | AADSTS500011
            invalid_grant | AADSTS65001: The user or administrator has not consented to use the application. | AADSTS65001
            unauthorized_client | AADSTS7000112: Application '0' is disabled. | AADSTS7000112
            access_denied | AADSTS53003: Access has been blocked by Conditional Access policies. | AADSTS53003
            invalid_grant | AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication. | AADSTS50076
            invalid_grant | AADSTS700082: The refresh token has expired due to inactivity. | AADSTS700082
            invalid_grant | AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed. | AADSTS700082
            unauthorized_client | Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested. | GOOGLE_DELEGATION
            invalid_grant | Invalid email or User ID | GOOGLE_SUBJECT
            invalid_grant | Invalid JWT Signature. | GOOGLE_SIGNATURE
            invalid_grant | Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim. | GOOGLE_CLOCK
            invalid_grant | Invalid grant: account not found | GOOGLE_ACCOUNT
            invalid_grant | Token has been expired or revoked. | REFRESH_TOKEN
            deleted_client | The OAuth client was deleted. | DISABLED
            admin_policy_enforced | | ADMIN_POLICY
            invalid_client | | INVALID_CLIENT
            invalid_grant | | INVALID_GRANT
            unauthorized_client | | UNAUTHORIZED_CLIENT
            unsupported_grant_type | | UNSUPPORTED_GRANT
            invalid_scope | | INVALID_SCOPE
            temporarily_unavailable | | UNAVAILABLE
            no error code | | OTHERWISE
            """;
    // @formatter:on

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = REPLIES)
    void aReplyGetsItsMeaning(String line, @Nullable String rule) {
        Reply reply = Reply.parse(line).orElseThrow();
        Step step = Set.of(432, 454, 530, 534, 535, 538).contains(reply.code())
                ? Step.Authentication
                : reply.text().contains("Recipient") ? Step.RecipientRejected : Step.MessageRejected;
        assertThat(NamedRules.of("mail.acme.example", step, reply)).isEqualTo(Optional.ofNullable(rule));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', emptyValue = "", textBlock = REFUSALS)
    void aRefusedTokenGetsItsMeaning(String code, String description, TokenRefusal meaning) {
        assertThat(TokenRefusal.of(code, description == null ? "" : description)).isEqualTo(meaning);
    }

    @Test
    void everyMeaningIsShownAbove() {
        assertThat(named(REFUSALS)).containsAll(Arrays.stream(TokenRefusal.values()).map(Enum::name).toList());
    }

    static Set<String> shown() {
        return named(REPLIES);
    }

    private static Set<String> named(String table) {
        Set<String> names = new HashSet<>();
        table.lines().forEach(line -> names.add(line.substring(line.lastIndexOf('|') + 1).strip()));
        return names;
    }
}
