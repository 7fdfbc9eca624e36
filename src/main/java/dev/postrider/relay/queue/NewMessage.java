package dev.postrider.relay.queue;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.route.MailClass;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The envelope of a message that comes into the queue.
 *
 * @param sender         the reverse-path; empty for the null sender
 * @param recipients     at least one
 * @param eightBit       whether the message holds octets above 127
 * @param smtpUtf8       whether addresses or headers need SMTPUTF8
 * @param dsn            what the sender wants to be told
 * @param idempotencyKey of two messages of an organization with the same key within a day the second is not queued
 * @param traceParent    the trace that it belongs to (W3C Trace Context)
 * @param credentials    of whoever submitted it, encrypted for this message alone
 * @param received       when it was accepted
 * @param mailClass      what it is for, by which it is counted
 * @param due            when it may be delivered
 * @param longLines      whether the message may have lines of more than 998 octets
 */
public record NewMessage(String sender, List<NewRecipient> recipients, boolean eightBit, boolean smtpUtf8,
        DsnRequest dsn, Optional<String> idempotencyKey, Optional<String> traceParent, Optional<byte[]> credentials,
        Instant received, Optional<MailClass> mailClass, Instant due, boolean longLines) {

    /** A message that is due at once, and may have lines of any length. */
    public NewMessage(String sender, List<NewRecipient> recipients, boolean eightBit, boolean smtpUtf8,
            DsnRequest dsn, Optional<String> idempotencyKey, Optional<String> traceParent,
            Optional<byte[]> credentials, Instant received, Optional<MailClass> mailClass) {
        this(sender, recipients, eightBit, smtpUtf8, dsn, idempotencyKey, traceParent, credentials, received, mailClass,
                received, true);
    }

    /** A recipient and what the sender wants to be told about him. */
    public record NewRecipient(String address, RecipientDsnRequest dsn) {}

    /** A message that comes with the organization's own login. */
    public NewMessage(String sender, List<NewRecipient> recipients, boolean eightBit, boolean smtpUtf8,
            DsnRequest dsn, Optional<String> idempotencyKey, Optional<String> traceParent, Instant received) {
        this(sender, recipients, eightBit, smtpUtf8, dsn, idempotencyKey, traceParent, Optional.empty(), received,
                Optional.empty());
    }

    /** The same as part of a trace. */
    public NewMessage inTrace(Optional<String> parent) {
        return new NewMessage(sender, recipients, eightBit, smtpUtf8, dsn, idempotencyKey, parent, credentials,
                received, mailClass, due, longLines);
    }

    /** The same with the credentials of whoever submitted it. */
    public NewMessage with(Optional<byte[]> encrypted) {
        return new NewMessage(sender, recipients, eightBit, smtpUtf8, dsn, idempotencyKey, traceParent, encrypted,
                received, mailClass, due, longLines);
    }

    /** The same as a message of a class. */
    public NewMessage of(Optional<MailClass> other) {
        return new NewMessage(sender, recipients, eightBit, smtpUtf8, dsn, idempotencyKey, traceParent, credentials,
                received, other, due, longLines);
    }

    /** The same that is delivered at a time. */
    public NewMessage dueAt(Instant time) {
        return new NewMessage(sender, recipients, eightBit, smtpUtf8, dsn, idempotencyKey, traceParent, credentials,
                received, mailClass, time, longLines);
    }

    /** The same where it is known whether it has lines of more than 998 octets. */
    public NewMessage withLongLines(boolean known) {
        return new NewMessage(sender, recipients, eightBit, smtpUtf8, dsn, idempotencyKey, traceParent, credentials,
                received, mailClass, due, known);
    }

    /** A message whose sender asks for nothing special. */
    public static NewMessage plain(String sender, List<String> recipients, boolean eightBit, boolean smtpUtf8,
            Instant received) {
        return new NewMessage(sender,
                recipients.stream().map(address -> new NewRecipient(address, RecipientDsnRequest.NONE)).toList(),
                eightBit, smtpUtf8, DsnRequest.NONE, Optional.empty(), Optional.empty(), Optional.empty(), received,
                Optional.empty());
    }

    /** See {@link MailClass#urgency()}. */
    int urgency() {
        return mailClass.map(MailClass::urgency).orElse(0);
    }
}
