package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

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
 * @param serverUids     of the MailServers that {@code servers} named when the route was made: whoever takes the name of
 *                       one gets no mail by that. Empty in a route of a version that did not know this: whatever is there
 * @param preferences    those of its servers that are not of the default priority and weight
 * @param quota          how much of its mail is taken in a time; empty for as much as there is room for
 */
public record OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
        Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit,
        Optional<AllowedSenders> senders, Optional<UnavailableClasses> unavailable, Optional<Support> support,
        List<FormerPassword> formerPasswords, Optional<ZoneId> reportZone,
        Optional<Address> replyTo, List<DkimKey> dkim, Optional<String> bounceAddress, Optional<String> uid,
        Optional<GrantedDomains> granted, Optional<List<String>> serverUids,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<PreferredServer> preferences,
        @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Quota> quota) {

    @JsonCreator
    public OrganizationRoute {
        // Routes of earlier versions say nothing of these.
        formerPasswords = List.copyOf(Objects.requireNonNullElse(formerPasswords, List.of()));
        dkim = List.copyOf(Objects.requireNonNullElse(dkim, List.of()));
        serverUids = serverUids.map(List::copyOf);
        preferences = List.copyOf(Objects.requireNonNullElse(preferences, List.of()));
    }

    /** Of one that has nothing of what the rest is for. */
    public OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
            Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit,
            Optional<AllowedSenders> senders) {
        this(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit, senders, Optional.empty(),
                Optional.empty(), List.of(), Optional.empty(), Optional.empty(), List.of(), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), List.of(), Optional.empty());
    }

    /** As versions wrote it that let applications send as anybody. */
    public OrganizationRoute(ResourceKey key, String passwordSha256, State state, List<ResourceKey> servers,
            Address from, String envelopeFrom, Optional<Webhook> webhook, Optional<SizeLimit> sizeLimit) {
        this(key, passwordSha256, state, servers, from, envelopeFrom, webhook, sizeLimit, Optional.empty());
    }

    /** What a copy that is otherwise the same has in the place of some components. */
    private static final class Copy {
        private ResourceKey key;
        private String passwordSha256;
        private State state;
        private List<ResourceKey> servers;
        private Address from;
        private String envelopeFrom;
        private Optional<Webhook> webhook;
        private Optional<SizeLimit> sizeLimit;
        private Optional<AllowedSenders> senders;
        private Optional<UnavailableClasses> unavailable;
        private Optional<Support> support;
        private List<FormerPassword> formerPasswords;
        private Optional<ZoneId> reportZone;
        private Optional<Address> replyTo;
        private List<DkimKey> dkim;
        private Optional<String> bounceAddress;
        private Optional<String> uid;
        private Optional<GrantedDomains> granted;
        private Optional<List<String>> serverUids;
        private List<PreferredServer> preferences;
        private Optional<Quota> quota;

        Copy(OrganizationRoute route) {
            key = route.key;
            passwordSha256 = route.passwordSha256;
            state = route.state;
            servers = route.servers;
            from = route.from;
            envelopeFrom = route.envelopeFrom;
            webhook = route.webhook;
            sizeLimit = route.sizeLimit;
            senders = route.senders;
            unavailable = route.unavailable;
            support = route.support;
            formerPasswords = route.formerPasswords;
            reportZone = route.reportZone;
            replyTo = route.replyTo;
            dkim = route.dkim;
            bounceAddress = route.bounceAddress;
            uid = route.uid;
            granted = route.granted;
            serverUids = route.serverUids;
            preferences = route.preferences;
            quota = route.quota;
        }
    }

    private OrganizationRoute with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return new OrganizationRoute(copy.key, copy.passwordSha256, copy.state, copy.servers, copy.from,
                copy.envelopeFrom, copy.webhook, copy.sizeLimit, copy.senders, copy.unavailable, copy.support,
                copy.formerPasswords, copy.reportZone, copy.replyTo, copy.dkim, copy.bounceAddress, copy.uid,
                copy.granted, copy.serverUids, copy.preferences, copy.quota);
    }

    /** The same for an organization in another state. */
    public OrganizationRoute in(State other) {
        return with(copy -> copy.state = other);
    }

    /** The same without these classes of mail. */
    public OrganizationRoute without(UnavailableClasses classes) {
        return with(copy -> copy.unavailable = Optional.of(classes));
    }

    /** The same with others who help it. */
    public OrganizationRoute helpedBy(Optional<Support> helpers) {
        return with(copy -> copy.support = helpers);
    }

    /** The same that takes these passwords, too. */
    public OrganizationRoute with(List<FormerPassword> passwords) {
        return with(copy -> copy.formerPasswords = passwords);
    }

    /** The same whose days are those of a zone. */
    public OrganizationRoute countedIn(Optional<ZoneId> zone) {
        return with(copy -> copy.reportZone = zone);
    }

    /** How its attachments become links, if they do. */
    public Optional<Linking> linking() {
        return sizeLimit.flatMap(SizeLimit::linking);
    }

    /** The same where another namespace has the host of its links for itself. */
    public OrganizationRoute withoutOwnLinkHost() {
        return with(copy -> copy.sizeLimit = sizeLimit.map(SizeLimit::withoutOwnLinkHost));
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
        return with(copy -> {
            copy.replyTo = answersTo;
            copy.dkim = keys;
        });
    }

    /** The same with what it declared for bounces of its applications' mail. */
    public OrganizationRoute bouncingTo(Optional<String> address) {
        return with(copy -> copy.bounceAddress = address);
    }

    /** The same of the resource with this UID. */
    public OrganizationRoute of(Optional<String> resource) {
        return with(copy -> copy.uid = resource);
    }

    /** The same that may send as these domains through global servers; as any if it is empty. */
    public OrganizationRoute granting(Optional<GrantedDomains> domains) {
        return with(copy -> copy.granted = domains);
    }

    /** The same with the servers that its names stand for now. */
    public OrganizationRoute through(List<String> uids) {
        return with(copy -> copy.serverUids = Optional.of(uids));
    }

    /** Whether a server of its namespace is the one that it named, and not one that has its name now. */
    boolean means(ServerRoute server) {
        return serverUids.isEmpty() || server.uid().isEmpty() || serverUids.get().contains(server.uid().get());
    }

    /** The same of which so much is taken. */
    public OrganizationRoute within(Optional<Quota> limits) {
        return with(copy -> copy.quota = limits);
    }

    /** The same that goes through its servers in this order. */
    public OrganizationRoute preferring(List<PreferredServer> order) {
        return with(copy -> copy.preferences = order);
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
                + quota.map(limits -> ", " + limits).orElse("")
                + (preferences.isEmpty() ? "" : ", preferring " + preferences) + "]";
    }
}
