package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Objects;
import java.util.Optional;

/**
 * What it takes to hand a message to one upstream server.
 *
 * @param key      the MailServer it was made from
 * @param global   whether it serves organizations that have no server of their own
 * @param active   whether new mail may go through it
 * @param endpoint where it is and how to log in
 * @param preference when mail goes through it: as a global server by its route, as one that an organization names by the
 *                 organization's; {@link Preference#DEFAULT} in a route of a version that did not know this
 * @param rates    how much it takes in a time; empty for as much as it can, and in a route of a version that did not know
 *                 this
 */
public record ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint, Preference preference,
        @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<RateLimits> rates) {

    @JsonCreator
    public ServerRoute {
        preference = Objects.requireNonNullElse(preference, Preference.DEFAULT);
    }

    /** One of no preference and without a rate. */
    public ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint) {
        this(key, global, active, endpoint, Preference.DEFAULT, Optional.empty());
    }

    /** The same server for those who want another order. */
    public ServerRoute preferred(Preference other) {
        return new ServerRoute(key, global, active, endpoint, other, rates);
    }

    /** The same server for one of those who submit. */
    public ServerRoute as(Login.Credentials submitter) {
        return endpoint instanceof Endpoint.Smtp smtp
                ? new ServerRoute(key, global, active, smtp.as(submitter), preference, rates)
                : this;
    }

    @Override
    public String toString() {
        return "ServerRoute[key=" + key + ", global=" + global + ", active=" + active + ", endpoint=" + endpoint
                + (preference.equals(Preference.DEFAULT) ? "" : ", " + preference)
                + rates.map(limits -> ", " + limits).orElse("") + "]";
    }
}
