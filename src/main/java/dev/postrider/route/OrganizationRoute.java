package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.time.ZoneId;
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
 * @param unavailable    classes of mail that it cannot have now; empty only in a route of a version that had no classes
 * @param support        where its mail to support goes
 * @param formerPasswords what else the login takes for a while; none in a route of a version that did not know this
 * @param reportZone     in which the days of its mail are counted; UTC if that is empty
 * @param replyTo        the Reply-To of mail that is sent as {@code from} without one
 * @param dkim           what its mail is signed with
 * @param bounceAddress  the envelope sender that the organization declared, which takes the place of {@code from} in
 *                       mail of its applications; empty if {@code envelopeFrom} is a default
 * @param uid            of the OrganizationMailSettings: its name may have been somebody else's before. Empty without a
 *                       cluster, and in a route of a version that did not know this
 * @param granted        the domains that its mail may come from where it leaves through a global server; empty where the
 *                       installation's policy is Open, and in a route of a version that did not know this: any
 * @param preferences    those of its servers that are not of the default priority and weight
 */
public record OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
        Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit,
        Optional<AllowedSenders> senders, Optional<UnavailableClasses> unavailable, Optional<Support> support,
        List<FormerPassword> formerPasswords, Optional<ZoneId> reportZone,
        Optional<Address> replyTo, List<DkimKey> dkim, Optional<String> bounceAddress, Optional<String> uid,
        Optional<GrantedDomains> granted,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<PreferredServer> preferences) {

    @JsonCreator
    public OrganizationRoute {
        // Routes of earlier versions say nothing of these.
        formerPasswords = List.copyOf(Objects.requireNonNullElse(formerPasswords, List.of()));
        dkim = List.copyOf(Objects.requireNonNullElse(dkim, List.of()));
        preferences = List.copyOf(Objects.requireNonNullElse(preferences, List.of()));
    }

    /** Of one that has nothing of what the rest is for. */
    public OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
            Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit,
            Optional<AllowedSenders> senders) {
        this(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit, senders, Optional.empty(),
                Optional.empty(), List.of(), Optional.empty(), Optional.empty(), List.of(), Optional.empty(),
                Optional.empty(), Optional.empty(), List.of());
    }

    /** As versions wrote it that let applications send as anybody. */
    public OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
            Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit) {
        this(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit, Optional.empty());
    }

    /** The same for an organization in another state. */
    public OrganizationRoute in(State other) {
        return new OrganizationRoute(key, passwordSha256, other, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, support, formerPasswords, reportZone, replyTo, dkim, bounceAddress, uid,
                granted, preferences);
    }

    /** The same without these classes of mail. */
    public OrganizationRoute without(UnavailableClasses classes) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, Optional.of(classes), support, formerPasswords, reportZone, replyTo, dkim, bounceAddress, uid,
                granted, preferences);
    }

    /** The same with others who help it. */
    public OrganizationRoute helpedBy(Optional<Support> helpers) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, helpers, formerPasswords, reportZone, replyTo, dkim, bounceAddress, uid,
                granted, preferences);
    }

    /** The same that takes these passwords, too. */
    public OrganizationRoute with(List<FormerPassword> passwords) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, support, passwords, reportZone, replyTo, dkim, bounceAddress, uid,
                granted, preferences);
    }

    /** How its attachments become links, if they do. */
    public Optional<Linking> linking() {
        return sizeLimit.flatMap(SizeLimit::linking);
    }

    /** The same where another namespace has the host of its links for itself. */
    public OrganizationRoute withoutOwnLinkHost() {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook,
                sizeLimit.map(SizeLimit::withoutOwnLinkHost), senders, unavailable, support, formerPasswords,
                reportZone,
                replyTo, dkim, bounceAddress, uid, granted, preferences);
    }

    /** Whether the login may have this password at that time. */
    public boolean takes(String password, Instant now) {
        boolean current = Sha256.matches(password, passwordSha256);
        return formerPasswords.stream()
                .map(former -> Sha256.matches(password, former.sha256()) && now.isBefore(former.validUntil()))
                .reduce(current, Boolean::logicalOr);
    }

    /** The same whose mail is signed, and names somebody to answer. */
    public OrganizationRoute signing(Optional<Address> answersTo, List<DkimKey> keys) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, support, formerPasswords, reportZone, answersTo, keys, bounceAddress, uid,
                granted, preferences);
    }

    /** The same with what it declared for bounces of its applications' mail. */
    public OrganizationRoute bouncingTo(Optional<String> address) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, support, formerPasswords, reportZone, replyTo, dkim, address, uid, granted,
                preferences);
    }

    /** The same of the resource with this UID. */
    public OrganizationRoute of(Optional<String> resource) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, support, formerPasswords, reportZone, replyTo, dkim, bounceAddress, resource,
                granted, preferences);
    }

    /** The same that may send as these domains through global servers; as any if it is empty. */
    public OrganizationRoute granting(Optional<GrantedDomains> domains) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, support, formerPasswords, reportZone, replyTo, dkim, bounceAddress, uid,
                domains, preferences);
    }

    /** The same that goes through its servers in this order. */
    public OrganizationRoute preferring(List<PreferredServer> order) {
        return new OrganizationRoute(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit,
                senders, unavailable, support, formerPasswords, reportZone, replyTo, dkim, bounceAddress, uid,
                granted, order);
    }

    /** When its mail goes through one of the servers that it names. */
    Preference preference(ResourceKey server) {
        return preferences.stream()
                .filter(preferred -> preferred.server().equals(server))
                .map(PreferredServer::preference)
                .findFirst()
                .orElse(Preference.DEFAULT);
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
                + unavailable.filter(u -> !u.equals(UnavailableClasses.NONE)).map(u -> ", " + u).orElse("")
                + support.map(s -> ", " + s).orElse("")
                + bounceAddress.map(address -> ", bounces to " + address).orElse("")
                + granted.map(domains -> ", granted " + domains.patterns()).orElse("")
                + reportZone.map(zone -> ", days of " + zone).orElse("")
                + (dkim.isEmpty() ? "" : ", " + dkim)
                + (preferences.isEmpty() ? "" : ", preferring " + preferences) + "]";
    }
}
