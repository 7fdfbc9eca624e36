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
 * @param replyRules what its replies mean, before what others say
 */
public record ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint, Optional<String> uid,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<ReplyRule> replyRules) {

    @JsonCreator
    public ServerRoute {
        replyRules = List.copyOf(Objects.requireNonNullElse(replyRules, List.of()));
    }

    /** One that is nobody's in particular, without rules of its own. */
    public ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint) {
        this(key, global, active, endpoint, Optional.empty(), List.of());
    }

    /** The same server as one that serves all, or does not. */
    public ServerRoute global(boolean all) {
        return new ServerRoute(key, all, active, endpoint, uid, replyRules);
    }

    /** The same server as somebody's. */
    public ServerRoute of(Optional<String> owner) {
        return new ServerRoute(key, global, active, endpoint, owner, replyRules);
    }

    /** The same server with rules of its own. */
    public ServerRoute replyRules(List<ReplyRule> rules) {
        return new ServerRoute(key, global, active, endpoint, uid, rules);
    }

    /** The same server for one of those who submit. */
    public ServerRoute as(Login.Credentials submitter) {
        return endpoint instanceof Endpoint.Smtp smtp
                ? new ServerRoute(key, global, active, smtp.as(submitter), uid, replyRules)
                : this;
    }

    @Override
    public String toString() {
        return "ServerRoute[key=%s, global=%s, active=%s, endpoint=%s%s%s]".formatted(key, global, active, endpoint,
                uid.map(given -> ", uid=" + given).orElse(""),
                replyRules.isEmpty() ? "" : ", replyRules=" + replyRules);
    }
}
