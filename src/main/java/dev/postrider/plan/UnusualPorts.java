package dev.postrider.plan;

import dev.postrider.api.Authentication;
import dev.postrider.api.Authentication.PopSecurity;
import dev.postrider.api.MailServerSpec;
import dev.postrider.api.Reason;
import dev.postrider.api.Smtp;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.ServerPorts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ports that do not go with how a connection is declared to be protected. There such a server and Postrider would each
 * wait for the other to speak. It is no error: a port may be used otherwise.
 */
final class UnusualPorts {
    private UnusualPorts() {}

    static List<Problem> of(MailServerSpec spec) {
        Smtp smtp = spec.smtp();
        if (smtp == null) {
            return List.of();
        }
        List<Problem> unusual = new ArrayList<>();
        Smtp.Security security = Optional.ofNullable(smtp.security()).orElse(Smtp.Security.StartTLS);
        if (smtp.port() != null) {
            add(unusual, "spec.smtp", smtp.port(), security.name(), security == Smtp.Security.TLS, 587, 465);
        }
        Authentication.PopBeforeSmtp pop = smtp.authentication() == null
                ? null
                : smtp.authentication().popBeforeSmtp();
        if (pop != null && pop.port() != null) {
            PopSecurity declared = Optional.ofNullable(pop.security()).orElse(PopSecurity.TLS);
            add(unusual, "spec.smtp.authentication.popBeforeSmtp", pop.port(), declared.name(),
                    declared == PopSecurity.TLS, 110, 995);
        }
        return List.copyOf(unusual);
    }

    private static void add(List<Problem> unusual, String parent, int port, String security, boolean tls, int startTls,
            int implicitTls) {
        if (!tls && ServerPorts.beginWithTls(port)) {
            unusual.add(new Problem(Area.SPEC, Reason.PortUnusual, parent + ".port",
                    ("servers speak TLS from the first octet at "
                            + "port %d, but security is %s, which waits for a greeting in the clear; set security: TLS, or port: %d")
                            .formatted(port, security, startTls)));
        } else if (tls && ServerPorts.beginInTheClear(port)) {
            unusual.add(new Problem(Area.SPEC, Reason.PortUnusual, parent + ".port",
                    ("servers begin in the clear at port %d, but "
                            + "security is %s, which begins with TLS; set security: StartTLS, or port: %d")
                            .formatted(port,
                                    security,
                                    implicitTls)));
        }
    }
}
