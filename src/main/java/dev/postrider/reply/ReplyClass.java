package dev.postrider.reply;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a refusal is about, in the words of those who count bounces (after the classes of KumoMTA). */
public enum ReplyClass {
    /** There is no such recipient, or its address is not valid. */
    INVALID_RECIPIENT,
    /** The recipient's mailbox is there, and disabled. */
    INACTIVE_MAILBOX,
    /** The recipient's mailbox is full. */
    QUOTA_EXCEEDED,
    /** More mail, connections or recipients than the server takes in a time. */
    RATE_LIMITED,
    /** The quota of the account that sends is used up. */
    SENDING_QUOTA_EXCEEDED,
    /** The account that sends is suspended, disabled or not yet allowed to send. */
    ACCOUNT_SUSPENDED,
    /** The login is wrong, missing or not allowed. */
    AUTHENTICATION_FAILED,
    /** The login may not send as this sender. */
    SENDER_NOT_ALLOWED,
    /** More recipients than one message may have. */
    TOO_MANY_RECIPIENTS,
    /** A policy of the server, DMARC among them. */
    POLICY_REJECTED,
    /** Taken for spam, or the sending address is on a list of such. */
    SPAM_BLOCKED,
    /** The content is refused: a virus, a type of attachment, a form that is not valid. */
    CONTENT_REJECTED,
    /** The message, or a line of it, is not encoded as this server takes it. */
    ENCODING_REJECTED,
    /** The message is larger than the server takes. */
    TOO_LARGE,
    /** The server did not understand a command, or one came out of order. */
    PROTOCOL_ERROR,
    /** DNS, routing or hosts behind the server. */
    ROUTING_FAILED,
    /** The server cannot do it at the moment. */
    TEMPORARY,
    /** Nothing of these can be told from the reply. */
    OTHER;

    private final String text = Arrays.stream(name().split("_", -1))
            .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
            .collect(Collectors.joining());

    /** As rules, logs, events and metrics have it: {@code InvalidRecipient}. */
    public String text() {
        return text;
    }
}
