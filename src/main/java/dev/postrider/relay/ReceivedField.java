package dev.postrider.relay;

import dev.postrider.message.header.MailDate;
import dev.postrider.relay.smtp.Submission;
import java.time.Instant;
import java.util.Locale;

/**
 * The Received field that the relay puts before a message (RFC 5321 section 4.4).
 *
 * @param hostName      the relay's
 * @param id            the queue id
 * @param clientAddress whether it names the address of the client
 */
record ReceivedField(String hostName, String id, Instant time, boolean clientAddress) {

    /** The field with its CR LF. */
    String of(Submission submission) {
        return "Received: from " + from(submission) + "\r\n" + "\tby " + hostName + " (Postrider) with "
                + submission.protocol() + submission.tls().map(tls -> "\r\n\t(" + tls + ")").orElse("")
                + "\r\n\tid " + id
                + (submission.recipients().size() == 1
                        ? "\r\n\tfor <" + submission.recipients().getFirst().mailbox() + ">"
                        : "")
                + "; " + MailDate.of(time) + "\r\n";
    }

    private String from(Submission submission) {
        String address = submission.client().getHostAddress().replaceFirst("%.*", "");
        if (!clientAddress) {
            return tellsAddress(submission.greeting(), address) ? "unknown" : submission.greeting();
        }
        return submission.greeting() + " ([" + (address.indexOf(':') >= 0 ? "IPv6:" : "") + address + "])";
    }

    /** Literals do, and names that are made of the address, as those of pods. */
    private static boolean tellsAddress(String greeting, String address) {
        String name = greeting.toLowerCase(Locale.ROOT);
        return name.startsWith("[") || name.contains(":") || name.matches("[0-9.]+") || name.contains(address)
                || name.contains(address.replaceAll("[.:]", "-"));
    }
}
