package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What the relay must know of one organization. Servers are named, not copied: the relay joins.
 *
 * @param key            the OrganizationMailSettings it was made from
 * @param passwordSha256 SHA-256 of the binding's password, in lower-case hex. A plain digest is enough for a password
 *                       of 256 random bits
 * @param state          what the relay does with the organization's mail
 * @param servers        the organization's own servers; empty means the global ones
 * @param from           the From address of its mail
 * @param envelopeFrom   the envelope sender that bounces of its mail go to
 * @param webhook        who is told what became of its mail
 * @param sizeLimit      how large its messages may be; {@link SizeLimit#NONE} if that is empty
 * @param senders        what its applications may send as besides {@code from}; empty only in a route of a version that
 *                       did not know this, and then anything
 * @param replyTo        the Reply-To of what Postrider itself sends in its name
 * @param dkim           what its mail is signed with
 */
public record OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
        Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit,
        Optional<AllowedSenders> senders, Optional<Address> replyTo, List<DkimKey> dkim) {

    @JsonCreator
    public OrganizationRoute {
        // Routes of earlier versions say nothing of these.
        dkim = List.copyOf(Objects.requireNonNullElse(dkim, List.of()));
    }

    /** Whose mail is not signed. */
    public OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
            Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit,
            Optional<AllowedSenders> senders) {
        this(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit, senders, Optional.empty(),
                List.of());
    }

    /** As versions wrote it that let applications send as anybody. */
    public OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
            Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit) {
        this(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit, Optional.empty());
    }

    /** The same for an organization in another state. */
    public OrganizationRoute in(State other) {
        return new OrganizationRoute(key, passwordSha256, other, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, replyTo, dkim);
    }

    /** What the relay does with the organization's mail. */
    public enum State {
        /** Takes and delivers it. */
        OPEN,
        /** Refuses new mail and holds what is queued: {@code spec.sendingEnabled} is false. */
        SUSPENDED,
        /** Refuses new mail and delivers what is queued: the organization is being deleted. */
        CLOSING,
        /** Refuses new mail and throws away what is queued: deleted with {@code queuedMailOnDeletion: Drop}. */
        DROPPING
    }

    @Override
    public String toString() {
        return "OrganizationRoute[" + key + ", " + state + ", servers=" + servers
                + webhook.map(receiver -> ", " + receiver).orElse("")
                + sizeLimit.map(limit -> ", " + limit).orElse("")
                + senders.filter(s -> !s.equals(AllowedSenders.NONE)).map(s -> ", " + s).orElse("")
                + (dkim.isEmpty() ? "" : ", " + dkim) + "]";
    }
}
