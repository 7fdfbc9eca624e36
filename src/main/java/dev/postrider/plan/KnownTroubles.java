package dev.postrider.plan;

import dev.postrider.api.MailServerSpec;
import dev.postrider.api.Reason;
import dev.postrider.api.Smtp;
import dev.postrider.plan.Problem.Area;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is known not to work at a server, or not for long. It is no error: an administrator may have made an exception.
 * Sources: "Updated Exchange Online SMTP AUTH Basic Authentication Deprecation Timeline" (Exchange Team Blog), "Sign in
 * with app passwords" (Google Account Help), and the notes on port 25 of Amazon EC2, Azure and Google Cloud.
 */
final class KnownTroubles {
    private static final String EXCHANGE_ONLINE = "smtp(-legacy)?\\.office365\\.com|smtp\\.outlook\\.office365\\.com";
    private static final String GOOGLE = "smtp(-relay)?\\.gmail\\.com|smtp\\.google(mail)?\\.com";
    private static final String PUBLIC = EXCHANGE_ONLINE + "|" + GOOGLE
            + "|.*\\.mail\\.protection\\.outlook\\.com|email-smtp\\..*\\.amazonaws\\.com";

    private KnownTroubles() {}

    static List<Problem> of(MailServerSpec spec) {
        Smtp smtp = spec.smtp();
        if (smtp == null || smtp.host() == null) {
            return List.of();
        }
        List<Problem> troubles = new ArrayList<>();
        String host = smtp.host().toLowerCase(Locale.ROOT);
        boolean password = smtp.authentication() != null && smtp.authentication().password() != null;
        if (password && host.matches(EXCHANGE_ONLINE)) {
            troubles.add(new Problem(Area.SPEC, Reason.PasswordsEnd, "spec.smtp.authentication.password",
                    "Exchange Online switches logins with passwords off by default at the end of December 2026, and "
                            + "then refuses them with 550 5.7.30; use oauth2 in place of password, or spec.microsoftGraph"));
        }
        if (password && host.matches(GOOGLE)) {
            troubles.add(new Problem(Area.SPEC, Reason.AppPasswordNeeded, "spec.smtp.authentication.password",
                    "Google takes no account passwords here; put an app password into the Secret, or use oauth2"));
        }
        if (smtp.port() != null && smtp.port() == 25 && (smtp.authentication() != null || host.matches(PUBLIC))) {
            troubles.add(new Problem(Area.SPEC, Reason.PortOftenBlocked, "spec.smtp.port",
                    "many clouds and hosters let no connection out to port 25; use port 587, where the server has it"));
        }
        return List.copyOf(troubles);
    }
}
