package dev.postrider.relay.smtp;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * A mail transaction at the moment of DATA.
 *
 * @param user       who logged in
 * @param ticket     what the policy said of that login
 * @param client     the client's address
 * @param greeting   what it called itself in EHLO or HELO
 * @param protocol   the keyword for Received: ESMTPSA and its like (RFC 3848, RFC 6531 section 3.7.3)
 * @param tls        protocol and cipher suite, if encrypted
 * @param sender     the reverse-path without angle brackets; empty for the null sender
 * @param recipients at least one
 * @param eightBit   whether the client announced octets above 127 (RFC 6152)
 * @param smtpUtf8   whether it asked for SMTPUTF8 (RFC 6531)
 * @param dsn        what it wants of reports (RFC 3461); each recipient has more
 * @param announced  octets that the message will have, as the client says; 0 if it does not, and never more than may be
 */
public record Submission(Optional<String> user, Optional<SubmissionPolicy.Ticket> ticket, InetAddress client,
        String greeting, String protocol,
        Optional<String> tls, String sender, List<Recipient> recipients, boolean eightBit, boolean smtpUtf8,
        DsnParameters dsn, long announced) {

    /** Of a login of which the policy said nothing more. */
    public Submission(Optional<String> user, InetAddress client, String greeting, String protocol,
            Optional<String> tls, String sender, List<Recipient> recipients, boolean eightBit, boolean smtpUtf8,
            DsnParameters dsn) {
        this(user, Optional.empty(), client, greeting, protocol, tls, sender, recipients, eightBit, smtpUtf8, dsn,
                0);
    }

    /** The forward-paths without angle brackets. */
    public List<String> mailboxes() {
        return recipients.stream().map(Recipient::mailbox).toList();
    }
}
