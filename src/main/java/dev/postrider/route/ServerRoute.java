package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Optional;

/**
 * What it takes to hand a message to one upstream server.
 *
 * @param key      the MailServer it was made from
 * @param global   whether it serves organizations that have no server of their own
 * @param active   whether new mail may go through it
 * @param endpoint where it is and how to log in
 * @param uid      of the MailServer: its name may have been somebody else's before. Empty without a cluster, and in a
 *                 route of a version that did not know this
 */
public record ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint, Optional<String> uid) {

    @JsonCreator
    public ServerRoute {}

    /** One that is nobody's in particular. */
    public ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint) {
        this(key, global, active, endpoint, Optional.empty());
    }

    /** The same server for one of those who submit. */
    public ServerRoute as(Login.Credentials submitter) {
        return endpoint instanceof Endpoint.Smtp smtp
                ? new ServerRoute(key, global, active, smtp.as(submitter), uid)
                : this;
    }

    @Override
    public String toString() {
        return "ServerRoute[key=%s, global=%s, active=%s, endpoint=%s%s]".formatted(key, global, active, endpoint,
                uid.map(given -> ", uid=" + given).orElse(""));
    }
}
