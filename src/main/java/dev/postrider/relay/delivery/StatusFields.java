package dev.postrider.relay.delivery;

import dev.postrider.message.header.MailDate;
import dev.postrider.relay.delivery.DeliveryReport.Entry;
import dev.postrider.relay.delivery.DeliveryReport.Kind;
import dev.postrider.relay.queue.QueuedMessage;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The part of a report that is for programs: message/delivery-status (RFC 3464 section 2). */
final class StatusFields {
    private static final int MOST_DIAGNOSTIC = 900;
    private static final Pattern HEXCHAR = Pattern.compile("\\+([0-9A-F]{2})");

    private final String hostName;
    private final QueuedMessage message;

    StatusFields(String hostName, QueuedMessage message) {
        this.hostName = hostName;
        this.message = message;
    }

    String write(Kind kind, List<Entry> entries, Instant now) {
        var text = new StringBuilder();
        message.dsn().envid().ifPresent(envid -> field(text, "Original-Envelope-Id", decoded(envid)));
        field(text, "Reporting-MTA", "dns; " + hostName);
        field(text, "Arrival-Date", MailDate.of(message.received()));
        for (Entry entry : entries) {
            text.append("\r\n");
            entry.recipient()
                    .dsn()
                    .orcpt()
                    .ifPresent(original -> field(text, "Original-Recipient", originalRecipient(original)));
            field(text, "Final-Recipient",
                    (message.smtpUtf8() ? "utf-8; " : "rfc822; ") + entry.recipient().address());
            field(text, "Action", kind.action());
            field(text, "Status", entry.status());
            field(text, "Remote-MTA", "dns; " + entry.host());
            field(text, "Diagnostic-Code", diagnostic(entry));
            entry.replyClass().ifPresent(name -> field(text, "X-Postrider-Class", name));
            field(text, "Last-Attempt-Date", MailDate.of(now));
            entry.retryUntil().ifPresent(time -> field(text, "Will-Retry-Until", MailDate.of(time)));
        }
        return text.toString();
    }

    private static void field(StringBuilder text, String name, String value) {
        text.append(name).append(": ").append(value).append("\r\n");
    }

    /** Types that are not registered begin with x- (RFC 3464 section 2.1.2). */
    private static String diagnostic(Entry entry) {
        return entry.reply()
                .map(reply -> (reply.isSmtp() ? "smtp; " : "x-http; ") + oneLine(reply.text()))
                .orElseGet(() -> "x-postrider; " + ascii(oneLine(entry.message())));
    }

    private static String ascii(String text) {
        return text.replaceAll("[^ -~]", "?");
    }

    private static String originalRecipient(String orcpt) {
        int semicolon = orcpt.indexOf(';');
        return semicolon < 0
                ? "unknown; " + decoded(orcpt)
                : decoded(orcpt.substring(0, semicolon)) + "; " + decoded(orcpt.substring(semicolon + 1));
    }

    /** Undoes xtext (RFC 3461 section 4); what could end the line becomes a question mark. */
    private static String decoded(String xtext) {
        return HEXCHAR.matcher(xtext)
                .replaceAll(hex -> Matcher
                        .quoteReplacement(String.valueOf((char) Integer.parseInt(hex.group(1), 16))))
                .replaceAll("[^ -~]", "?");
    }

    static String oneLine(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() <= MOST_DIAGNOSTIC ? line : line.substring(0, MOST_DIAGNOSTIC) + "...";
    }
}
