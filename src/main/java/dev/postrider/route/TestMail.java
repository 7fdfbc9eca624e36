package dev.postrider.route;

import java.util.List;
import java.util.Optional;

/**
 * An order to prove a server with a real mail.
 *
 * @param server       through which server
 * @param from         From of the mail
 * @param replyTo      Reply-To of the mail
 * @param envelopeFrom its envelope sender
 * @param recipient    who gets it
 * @param onBehalfOf   the resource that asked for it, as the mail's text names it: {@code MailServer shop/own}
 * @param dkim         what it is signed with
 */
public record TestMail(ServerRoute server, Address from, Optional<Address> replyTo, String envelopeFrom,
        String recipient, String onBehalfOf, List<DkimKey> dkim) {

    /** One that is not signed. */
    public TestMail(ServerRoute server, Address from, Optional<Address> replyTo, String envelopeFrom,
            String recipient, String onBehalfOf) {
        this(server, from, replyTo, envelopeFrom, recipient, onBehalfOf, List.of());
    }

    /** Whether there is a mail: a server that only submitters log in to is tested up to its offer of AUTH. */
    public boolean isSent() {
        return !(server.endpoint() instanceof Endpoint.Smtp smtp
                && smtp.login().orElse(null) instanceof Login.Submitter submitter
                && submitter.credentials().isEmpty());
    }
}
