package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Objects;

/**
 * What it takes to hand a message to one upstream server.
 *
 * @param key      the MailServer it was made from
 * @param global   whether it serves organizations that have no server of their own
 * @param active   whether new mail may go through it
 * @param endpoint where it is and how to log in
 * @param preference when mail goes through it: as a global server by its route, as one that an organization names by the
 *                 organization's; {@link Preference#DEFAULT} in a route of a version that did not know this
 */
public record ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint, Preference preference) {

    @JsonCreator
    public ServerRoute {
        preference = Objects.requireNonNullElse(preference, Preference.DEFAULT);
    }

    /** One of no preference. */
    public ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint) {
        this(key, global, active, endpoint, Preference.DEFAULT);
    }

    /** The same server for those who want another order. */
    public ServerRoute preferred(Preference other) {
        return new ServerRoute(key, global, active, endpoint, other);
    }

    /** The same server for one of those who submit. */
    public ServerRoute as(Login.Credentials submitter) {
        return endpoint instanceof Endpoint.Smtp smtp
                ? new ServerRoute(key, global, active, smtp.as(submitter), preference)
                : this;
    }

    @Override
    public String toString() {
        return "ServerRoute[key=%s, global=%s, active=%s, endpoint=%s%s]".formatted(key, global, active, endpoint,
                preference.isDefault() ? "" : ", preference=" + preference);
    }
}
