package dev.postrider.notice;

import java.util.Arrays;
import java.util.Optional;

/** The texts of a usage report that each language has. */
enum UsageTextKey {
    // @formatter:off
    SUBJECT("subject"), INTRO("intro"),
    LINE("line"), NOW("column.now"), BEFORE("column.before"), CHANGE("column.change"),
    ACCEPTED("label.accepted"), RECIPIENTS("label.recipients"), DELIVERED("label.delivered"),
    DEFERRED("label.deferred"), BOUNCED("label.bounced"), REFUSED("label.refused"), SIZE("label.size"),
    DAYS("heading.days"), CLASSES("heading.classes"), SERVERS("heading.servers"),
    BOUNCES("heading.bounces"),
    PASSWORD_RECOVERY("class.password-recovery"), ALERTS("class.alerts"), NOTIFICATIONS("class.notifications"),
    USAGE_REPORT("class.usage-report"), OTHER("class.other"),
    INVALID_RECIPIENT("reply.InvalidRecipient"), INACTIVE_MAILBOX("reply.InactiveMailbox"),
    QUOTA_EXCEEDED("reply.QuotaExceeded"), RATE_LIMITED("reply.RateLimited"),
    SENDING_QUOTA_EXCEEDED("reply.SendingQuotaExceeded"), ACCOUNT_SUSPENDED("reply.AccountSuspended"),
    AUTHENTICATION_FAILED("reply.AuthenticationFailed"), SENDER_NOT_ALLOWED("reply.SenderNotAllowed"),
    TOO_MANY_RECIPIENTS("reply.TooManyRecipients"), POLICY_REJECTED("reply.PolicyRejected"),
    SPAM_BLOCKED("reply.SpamBlocked"), CONTENT_REJECTED("reply.ContentRejected"),
    ENCODING_REJECTED("reply.EncodingRejected"), TOO_LARGE("reply.TooLarge"), PROTOCOL_ERROR("reply.ProtocolError"),
    ROUTING_FAILED("reply.RoutingFailed"), TEMPORARY("reply.Temporary"),
    COUNTED("counted"), ATTACHED("attached"), FOOTER("footer");
    // @formatter:on

    private final String property;

    UsageTextKey(String property) {
        this.property = property;
    }

    /** What a reply was about; empty for what only a later version knows. */
    static Optional<UsageTextKey> ofReply(String replyClass) {
        return Arrays.stream(values()).filter(key -> key.property.equals("reply." + replyClass)).findFirst();
    }

    String property() {
        return property;
    }
}
