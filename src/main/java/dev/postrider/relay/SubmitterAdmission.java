package dev.postrider.relay;

import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SubmissionPolicy.Admission;
import dev.postrider.relay.smtp.SubmissionPolicy.Admitted;
import dev.postrider.relay.smtp.SubmissionPolicy.Denied;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.relay.smtp.SubmissionPolicy.Ticket;
import dev.postrider.relay.submitter.CredentialsCipher;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.NameLookup;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets users of an organization's mail servers in with their own logins.
 *
 * <p>A login is called wrong only where a server said so, or where no server of the organization has users: mail programs
 * ask people for another password after 535. Whether mail may be sent now is asked at MAIL, as of the organization's own
 * login; so a server is asked about a login while sending is switched off. A login that nobody can be asked about now
 * gets 454 (RFC 4954 section 6).
 */
final class SubmitterAdmission {
    private static final Logger LOG = LoggerFactory.getLogger(SubmitterAdmission.class);

    private final Routes routes;
    private final SubmitterLogins logins;
    private final CredentialsCipher cipher;

    SubmitterAdmission(Routes routes, SubmitterLogins logins, CredentialsCipher cipher) {
        this.routes = routes;
        this.logins = logins;
        this.cipher = cipher;
    }

    /**
     * A session that has logged in.
     *
     * @param owner     UID of the organization as it was then; empty if it has none
     * @param submitter whose login its mail is sent with, if not the organization's
     */
    record Session(String owner, Optional<Credentials> submitter) implements Ticket {}

    /** Whoever submits counts among the sessions of the organization, with whatever login. */
    Admission admit(OrganizationRoute organization, Credentials credentials) {
        if (credentials.user().indexOf('\0') >= 0) {
            return Admission.WRONG;
        }
        List<ServerRoute> all = routes.servers(organization);
        List<ServerRoute> withUsers = all.stream().filter(server -> server.endpoint().wantsSubmitter()).toList();
        List<ServerRoute> active = withUsers.stream().filter(ServerRoute::active).toList();
        if (active.isEmpty()) {
            return whyNobodyCanBeAsked(organization, all, withUsers).map(SubmitterAdmission::later)
                    .orElse(Admission.WRONG);
        }
        if (!cipher.isReady()) {
            LOG.error("no user of organization {} can log in: the relay's route holds no key for credentials",
                    organization.key());
            return later("the relay is not ready for such logins, try again later");
        }
        return switch (NameLookup.in(organization.key().namespace(),
                () -> logins.check(organization.key(), active, credentials))) {
            case SubmitterLogins.Right() ->
                new Admitted(RelayLogin.of(organization.key()), organization.key().namespace(),
                        Optional.of(new Session(organization.uid().orElse(""), Optional.of(credentials))));
            case SubmitterLogins.Wrong() -> Admission.WRONG;
            case SubmitterLogins.Later(String why) -> later(why);
        };
    }

    /** Empty if there is no server that has users, so that no login can be right. */
    private Optional<String> whyNobodyCanBeAsked(OrganizationRoute organization, List<ServerRoute> all,
            List<ServerRoute> withUsers) {
        if (!withUsers.isEmpty()) {
            return Optional.of("the mail server that checks this login is switched off, try again later");
        }
        // A server gets its route once its settings are valid and, where that is wanted, tested.
        boolean mayCome = !routes.isComplete() || all.isEmpty() || all.size() < organization.servers().size();
        return mayCome
                ? Optional.of("the mail server that checks this login is not ready, try again later")
                : Optional.empty();
    }

    /** A login that may be right, and cannot be checked now. */
    static Admission later(String why) {
        return new Denied(new Refusal(454, "4.7.0", why));
    }
}
