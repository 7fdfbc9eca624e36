package dev.postrider.route;

/**
 * What it takes to hand a message to one upstream server.
 *
 * @param key      the MailServer it was made from
 * @param global   whether it serves organizations that have no server of their own
 * @param active   whether new mail may go through it
 * @param endpoint where it is and how to log in
 */
public record ServerRoute(ResourceKey key, boolean global, boolean active, Endpoint endpoint) {

    /** The same server for one of those who submit. */
    public ServerRoute as(Login.Credentials submitter) {
        return endpoint instanceof Endpoint.Smtp smtp
                ? new ServerRoute(key, global, active, smtp.as(submitter))
                : this;
    }
}
