package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What it takes to hand a message to one upstream server. Routes of earlier versions say nothing of what follows the
 * endpoint.
 *
 * @param key        the MailServer it was made from
 * @param global     whether it serves organizations that have no server of their own
 * @param active     whether new mail may go through it
 * @param endpoint   where it is and how to log in
 * @param uid        of the MailServer: its name may have been somebody else's before. Empty without a cluster
 * @param preference when mail goes through it: as a global server by its route, as one that an organization names by
 *                   the organization's
 * @param rates      how much it takes in a time; empty for as much as it can
 * @param replyRules what its replies mean, before what others say
 */
public record ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint, Optional<String> uid,
        Preference preference, @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<RateLimits> rates,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<ReplyRule> replyRules) {

    @JsonCreator
    public ServerRoute {
        preference = Objects.requireNonNullElse(preference, Preference.DEFAULT);
        replyRules = List.copyOf(Objects.requireNonNullElse(replyRules, List.of()));
    }

    /** One that is nobody's in particular, of no preference, and without rates and rules of its own. */
    public ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint) {
        this(key, global, active, endpoint, Optional.empty(), Preference.DEFAULT, Optional.empty(), List.of());
    }

    /** The same server as one that serves all, or does not. */
    public ServerRoute global(boolean all) {
        return new ServerRoute(key, all, active, endpoint, uid, preference, rates, replyRules);
    }

    /** The same server as somebody's. */
    public ServerRoute of(Optional<String> owner) {
        return new ServerRoute(key, global, active, endpoint, owner, preference, rates, replyRules);
    }

    /** The same server for those who want another order. */
    public ServerRoute preferred(Preference other) {
        return new ServerRoute(key, global, active, endpoint, uid, other, rates, replyRules);
    }

    /** The same server with other rates. */
    public ServerRoute limited(Optional<RateLimits> others) {
        return new ServerRoute(key, global, active, endpoint, uid, preference, others, replyRules);
    }

    /** The same server with rules of its own. */
    public ServerRoute replyRules(List<ReplyRule> rules) {
        return new ServerRoute(key, global, active, endpoint, uid, preference, rates, rules);
    }

    /** The same server for one of those who submit. */
    public ServerRoute as(Login.Credentials submitter) {
        return endpoint instanceof Endpoint.Smtp smtp
                ? new ServerRoute(key, global, active, smtp.as(submitter), uid, preference, rates, replyRules)
                : this;
    }

    @Override
    public String toString() {
        return "ServerRoute[key=" + key + ", global=" + global + ", active=" + active + ", endpoint=" + endpoint
                + uid.map(given -> ", uid=" + given).orElse("")
                + (preference.equals(Preference.DEFAULT) ? "" : ", " + preference)
                + rates.map(limits -> ", " + limits).orElse("")
                + (replyRules.isEmpty() ? "" : ", replyRules=" + replyRules) + "]";
    }
}
