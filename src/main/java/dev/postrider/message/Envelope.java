package dev.postrider.message;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What goes before the message: who sends it and who gets it (RFC 5321 section 2.3.1).
 *
 * @param sender     the reverse-path without angle brackets; empty for the null sender of a bounce
 * @param recipients the forward-paths without angle brackets, at least one
 * @param eightBit   whether the message may hold octets above 127 (RFC 6152)
 * @param smtpUtf8   whether addresses or headers need SMTPUTF8 (RFC 6531)
 * @param dsn        what the sender wants to be told, for servers that offer DSN (RFC 3461)
 * @param reports    the same about each recipient; none for those who are not named
 * @param oversize   what may be done if it is too large; nothing where that is empty
 * @param signers    what signs it, where it is handed over by SMTP; nothing where that is empty
 * @param share      whose work on the message it is
 * @param nullSenderSubstitute what stands in for the null sender at servers that do not take it; nothing where that is
 *                   empty
 * @param longLines  whether the message may have lines of more than 998 octets
 * @param encoded    whether it goes in 7 bits and short lines, whatever the server says that it takes
 */
public record Envelope(String sender, List<String> recipients, boolean eightBit, boolean smtpUtf8, DsnRequest dsn,
        Map<String, RecipientDsnRequest> reports, Optional<Oversize> oversize, Optional<Signing> signers,
        LargeWork.Share share, Optional<String> nullSenderSubstitute, boolean longLines, boolean encoded) {

    /** An envelope for a message that is not signed. */
    public Envelope(String sender, List<String> recipients, boolean eightBit, boolean smtpUtf8, DsnRequest dsn,
            Map<String, RecipientDsnRequest> reports, Optional<Oversize> oversize) {
        this(sender, recipients, eightBit, smtpUtf8, dsn, reports, oversize, Optional.empty(), LargeWork.NOBODYS,
                Optional.empty(), false, false);
    }

    /** An envelope for a message that goes in one piece or not at all. */
    public Envelope(String sender, List<String> recipients, boolean eightBit, boolean smtpUtf8, DsnRequest dsn,
            Map<String, RecipientDsnRequest> reports) {
        this(sender, recipients, eightBit, smtpUtf8, dsn, reports, Optional.empty());
    }

    /** An envelope whose sender asks for no special reports. */
    public Envelope(String sender, List<String> recipients, boolean eightBit, boolean smtpUtf8) {
        this(sender, recipients, eightBit, smtpUtf8, DsnRequest.NONE, Map.of());
    }

    /** The same for some of its recipients. */
    public Envelope to(List<String> some) {
        return new Envelope(sender, some, eightBit, smtpUtf8, dsn, reports, oversize, signers, share,
                nullSenderSubstitute, longLines, encoded);
    }

    /** The same with a share of the work on large messages. */
    public Envelope workedOnBy(LargeWork.Share some) {
        return new Envelope(sender, recipients, eightBit, smtpUtf8, dsn, reports, oversize, signers, some,
                nullSenderSubstitute, longLines, encoded);
    }

    /** The same for a message that is signed. */
    public Envelope signedBy(Signing some) {
        return new Envelope(sender, recipients, eightBit, smtpUtf8, dsn, reports, oversize, Optional.of(some),
                share, nullSenderSubstitute, longLines, encoded);
    }

    /** The same, which may come from another where a server does not take the null sender. */
    public Envelope insteadOfNullSender(Optional<String> substitute) {
        return new Envelope(sender, recipients, eightBit, smtpUtf8, dsn, reports, oversize, signers, share, substitute,
                longLines, encoded);
    }

    /** The same from another sender. */
    public Envelope from(String other) {
        return new Envelope(other, recipients, eightBit, smtpUtf8, dsn, reports, oversize, signers, share,
                nullSenderSubstitute, longLines, encoded);
    }

    /** The same for a message of which is known whether it has lines of more than 998 octets. */
    public Envelope withLongLines(boolean known) {
        return new Envelope(sender, recipients, eightBit, smtpUtf8, dsn, reports, oversize, signers, share,
                nullSenderSubstitute, known, encoded);
    }

    /** The same for a server that has refused the message as it was. */
    public Envelope encodedAnew() {
        return new Envelope(sender, recipients, eightBit, smtpUtf8, dsn, reports, oversize, signers, share,
                nullSenderSubstitute, longLines, true);
    }
}
