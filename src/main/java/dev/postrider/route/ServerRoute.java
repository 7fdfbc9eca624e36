package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;

/**
 * What it takes to hand a message to one upstream server.
 *
 * @param key        the MailServer it was made from
 * @param global     whether it serves organizations that have no server of their own
 * @param active     whether new mail may go through it
 * @param endpoint   where it is and how to log in
 * @param replyRules what its replies mean, before what others say
 */
public record ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<ReplyRule> replyRules) {

    @JsonCreator
    public ServerRoute {
        // Routes of earlier versions say nothing of these.
        replyRules = List.copyOf(Objects.requireNonNullElse(replyRules, List.of()));
    }

    /** Without rules of its own. */
    public ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint) {
        this(key, global, active, endpoint, List.of());
    }

    /** The same server for one of those who submit. */
    public ServerRoute as(Login.Credentials submitter) {
        return endpoint instanceof Endpoint.Smtp smtp
                ? new ServerRoute(key, global, active, smtp.as(submitter), replyRules)
                : this;
    }

    @Override
    public String toString() {
        return "ServerRoute[key=" + key + ", global=" + global + ", active=" + active + ", endpoint=" + endpoint
                + (replyRules.isEmpty() ? "]" : ", replyRules=" + replyRules + "]");
    }
}
