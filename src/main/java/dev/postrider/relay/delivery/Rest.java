package dev.postrider.relay.delivery;

import dev.postrider.reply.Meaning;
import dev.postrider.reply.ReplyAction;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a server gets no mail for a known time, though it may be reached.
 *
 * @param until   when one message is tried again; {@link #UNTIL_RELEASED} where a person ends it
 * @param shown   the same for people: {@code 00:00 Pacific Time}
 * @param reason  for people, in a few words; nothing of anybody's mail
 * @param failure what it follows from
 */
record Rest(Instant until, String shown, String reason, Verdict.Refused failure) {
    /** It ends by no time. */
    static final Instant UNTIL_RELEASED = Instant.MAX;
    /** What is refused so soon after midnight may be for the day before: the server's clock is another. */
    private static final Duration OLD_QUOTA = Duration.ofHours(1);

    /** Of a time that needs no other words. */
    Rest(Instant until, String reason, Verdict.Refused failure) {
        this(until, until.truncatedTo(ChronoUnit.SECONDS).toString(), reason, failure);
    }

    /** The rest that a refusal asks for, if it asks for one. */
    static Optional<Rest> of(Verdict.Refused refused, Instant now) {
        return refused.meaning().flatMap(meaning -> switch (meaning.action()) {
            case ReplyAction.RestServer(Duration time) ->
                Optional.of(new Rest(now.plus(time), reason(meaning), refused));
            case ReplyAction.RestUntilMidnight(ZoneId zone) -> Optional.of(untilMidnight(zone, meaning, refused, now));
            case ReplyAction.HoldOrganization() ->
                Optional.of(new Rest(UNTIL_RELEASED, "a person releases it", reason(meaning), refused));
            case ReplyAction.Bounce _,ReplyAction.Retry _,ReplyAction.RetryElsewhere _,ReplyAction.FewerConnections _,ReplyAction.SplitRecipients _,ReplyAction.EncodeAnew _ ->
                Optional.empty();
        });
    }

    private static Rest untilMidnight(ZoneId zone, Meaning meaning, Verdict.Refused refused, Instant now) {
        ZonedDateTime there = now.atZone(zone);
        Instant begun = there.toLocalDate().atStartOfDay(zone).toInstant();
        if (now.isBefore(begun.plus(OLD_QUOTA))) {
            return new Rest(now.plus(OLD_QUOTA), reason(meaning), refused);
        }
        return new Rest(there.toLocalDate().plusDays(1).atStartOfDay(zone).toInstant(),
                "00:00 " + zone.getDisplayName(TextStyle.FULL, Locale.ENGLISH), reason(meaning), refused);
    }

    private static String reason(Meaning meaning) {
        return switch (meaning.replyClass()) {
            case SENDING_QUOTA_EXCEEDED -> meaning.action() instanceof ReplyAction.RestUntilMidnight
                    ? "daily limit of the account"
                    : "sending limit of the account";
            case ACCOUNT_SUSPENDED -> "the account is suspended, or may not send";
            case AUTHENTICATION_FAILED -> "the login is not allowed to send";
            case SENDER_NOT_ALLOWED -> "the login may not send as this sender";
            case RATE_LIMITED -> "rate limit of the server";
            case SPAM_BLOCKED -> "the server takes mail from here for spam";
            case POLICY_REJECTED -> "a policy of the server";
            case INVALID_RECIPIENT, INACTIVE_MAILBOX, QUOTA_EXCEEDED, TOO_MANY_RECIPIENTS, CONTENT_REJECTED,
                    ENCODING_REJECTED, TOO_LARGE, PROTOCOL_ERROR, ROUTING_FAILED, TEMPORARY, OTHER ->
                "the server refused mail for now";
        };
    }

    /** For people. */
    String text(ResourceKey server) {
        return "server %s rests %s".formatted(server, words());
    }

    /** Until when and why, for people. */
    String words() {
        return "until %s: %s".formatted(shown, reason);
    }

    /** When it ends by itself. */
    Optional<Instant> end() {
        return Optional.of(until).filter(time -> !time.equals(UNTIL_RELEASED));
    }
}
