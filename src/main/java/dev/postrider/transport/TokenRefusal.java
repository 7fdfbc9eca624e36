package dev.postrider.transport;

import dev.postrider.route.TokenSource.ClientCertificate;
import dev.postrider.route.TokenSource.Grant;
import dev.postrider.route.TokenSource.RefreshToken;
import dev.postrider.route.TokenSource.ServiceAccount;
import java.util.regex.Pattern;

/**
 * What token endpoints mean by their refusals, and what to do next; the first that fits counts. The codes are those of
 * "Microsoft Entra authentication and authorization error codes", of "Using OAuth 2.0 to Access Google APIs" and of
 * RFC 6749 section 5.2.
 */
public enum TokenRefusal {
    // @formatter:off
    AADSTS7000215("AADSTS7000215\\b", "the client secret is wrong: put the secret's value, not its id, under client-secret"),
    AADSTS7000222("AADSTS7000222\\b", "the client secret has expired: make a new one in the app registration and put it under client-secret"),
    AADSTS700016("AADSTS700016\\b", "there is no such application in this directory: check client-id, and the tenant in tokenEndpoint"),
    AADSTS90002("AADSTS(90002|900023)\\b", "there is no such directory: check the tenant in tokenEndpoint"),
    AADSTS700027("AADSTS(700027|700030)\\b", "the certificate is not one of the application: upload tls.crt to the app registration (Certificates & secrets)"),
    AADSTS700024("AADSTS700024\\b", "the assertion is not valid at this time: check the clock of this machine"),
    AADSTS70011("AADSTS(70011|1002012)\\b", "the scope is wrong: for Exchange Online it is https://outlook.office365.com/.default"),
    AADSTS500011("AADSTS(500011|650057)\\b", "the directory does not know what scopes asks for: check scopes, and the API permissions of the application"),
    AADSTS65001("AADSTS65001\\b", "nobody has consented: have an administrator grant the application its permissions"),
    AADSTS7000112("AADSTS7000112\\b", "the application is disabled: enable it under Enterprise applications"),
    AADSTS53003("AADSTS53003\\b", "a Conditional Access policy blocks it: exclude the application, or allow the address of this cluster"),
    AADSTS50076("AADSTS(50076|50079)\\b", "multi-factor authentication is wanted, which nobody can answer here: use client credentials"),
    AADSTS700082("AADSTS(700082|70043|50173)\\b", "the refresh token is no longer good: have the user log in again, and put the new one under refresh-token"),
    GOOGLE_DELEGATION("^unauthorized_client .*(using this method|scopes requested)", "the service account may not act for the users: grant its client id the scope https://mail.google.com/ under domain-wide delegation in the Google Admin console"),
    GOOGLE_SUBJECT("^invalid_grant .*(Invalid email or User ID|Not a valid email or user ID)", "spec.smtp.authentication.oauth2.user is no user of the Google Workspace: correct it"),
    GOOGLE_SIGNATURE("^invalid_grant .*Invalid JWT Signature", "the key was deleted or is another account's: download a new key file, and put it under key.json"),
    GOOGLE_CLOCK("^invalid_grant .*(short-lived token|reasonable timeframe)", "the assertion is not valid at this time: check the clock of this machine"),
    GOOGLE_ACCOUNT("^invalid_grant .*account not found", "the service account does not exist any more: make another, and put its key file under key.json"),
    REFRESH_TOKEN("^invalid_grant .*(expired|revoked|Bad Request)", "the refresh token is no longer good: have the user log in again, and put the new one under refresh-token"),
    DISABLED("^(disabled_client|deleted_client)\\b", "the client is disabled or deleted: make another, or enable it"),
    ADMIN_POLICY("^(admin_policy_enforced|org_internal|access_denied)\\b", "a policy of the organization forbids it: have its administrator allow the application"),
    INVALID_CLIENT("^invalid_client\\b", "check %s in the Secret"),
    INVALID_GRANT("^invalid_grant\\b", "check %s in the Secret"),
    UNAUTHORIZED_CLIENT("^unauthorized_client\\b", "allow the application this grant at the provider"),
    UNSUPPORTED_GRANT("^unsupported_grant_type\\b", "the provider does not have this grant: declare another credential"),
    INVALID_SCOPE("^invalid_scope\\b", "check spec.smtp.authentication.oauth2.scopes"),
    UNAVAILABLE("^(temporarily_unavailable|server_error|slow_down)\\b", "it will be tried again"),
    OTHERWISE("", "check %s in the Secret, and scopes");
    // @formatter:on

    private final Pattern pattern;
    private final String next;

    TokenRefusal(String pattern, String next) {
        this.pattern = Pattern.compile(pattern, Pattern.CASE_INSENSITIVE);
        this.next = next;
    }

    /**
     * What to do about a refusal.
     *
     * @param code        the member {@code error}
     * @param description the member {@code error_description}, or empty
     */
    static String nextStep(String code, String description, Grant grant) {
        return of(code, description).next.formatted(switch (grant) {
            case ClientCertificate _ -> "client-id and tls.crt";
            case ServiceAccount _ -> "key.json";
            case RefreshToken _ -> "client-id and refresh-token";
            default -> "client-id and client-secret";
        });
    }

    public static TokenRefusal of(String code, String description) {
        String told = code + " " + description.replaceAll("[^ -~]+", " ");
        for (TokenRefusal refusal : values()) {
            if (refusal.pattern.matcher(told).find()) {
                return refusal;
            }
        }
        return OTHERWISE;
    }
}
