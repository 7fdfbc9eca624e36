package dev.postrider.plan.binding;

import dev.postrider.route.Address;
import java.util.List;
import java.util.Optional;

/**
 * All that an application must know to send mail through the relay.
 *
 * @param host          of the relay; a name that its certificate carries
 * @param port          message submission, where STARTTLS must come first (RFC 6409)
 * @param username      letters, digits, dots and hyphens
 * @param password      characters that need no quoting in a URI
 * @param from          the From of its mail
 * @param replyTo       where answers go, if not to {@code from}
 * @param envelopeFrom  the envelope sender of its mail, if the organization declares one
 * @param recipients    who is told where nobody else is named: the organization's administrators
 * @param mountPath     the directory at which applications mount the binding, without a slash at its end; letters,
 *                      digits, dots, underscores, hyphens and slashes
 * @param caCertificate the authority that the relay's certificate leads to, PEM; empty if that is one that systems know
 */
public record MailAccount(String host, int port, String username, String password, Address from,
        Optional<Address> replyTo, Optional<String> envelopeFrom, List<String> recipients, String mountPath,
        Optional<String> caCertificate) {

    /** The entry of the binding that holds {@link #caCertificate}. */
    public static final String CA_ENTRY = "ca.crt";

    /** Where an application finds the authority, if it needs one. */
    public Optional<String> caFile() {
        return caCertificate.map(_ -> mountPath + "/" + CA_ENTRY);
    }

    /** {@code smtp://<username>:<password>@<host>:<port>}; nothing in it has a character that a URI would quote. */
    public String uri() {
        return "smtp://" + username + ":" + password + "@" + host + ":" + port;
    }

    @Override
    public String toString() {
        return "MailAccount[" + username + " at " + host + ":" + port + "]";
    }
}
