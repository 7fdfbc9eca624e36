package dev.postrider.route;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * That the mail of one organization gets no place at a server that goes on with that of others, or none at all, as the
 * relay tells the operator.
 *
 * @param uid        of the OrganizationMailSettings, as far as the relay knows it: its name may be another's by now
 * @param server     where; empty if its mail made the servers fail, and gets no place at any of them
 * @param since      when that began
 * @param end        how it ends
 * @param until      when one message is tried; empty where a person says that, or it is tried now
 * @param replyClass what the server's reply is about, as {@code AccountSuspended}; empty if that is not known
 * @param why        what the server said, for people, at most {@value #LONGEST_WHY} characters
 */
public record MailRest(ResourceKey organization, Optional<String> uid, Optional<ResourceKey> server, Instant since,
        End end, Optional<Instant> until, Optional<String> replyClass, String why) implements RelayRest {

    /** How a rest ends. */
    public enum End {
        /** By itself, with a message that is taken. */
        TIME,
        /** When a person releases the mail. */
        RELEASE
    }

    public MailRest {
        why = RelayRest.bounded(why);
    }

    @Override
    public ResourceKey about() {
        return organization;
    }

    @Override
    public Object identity() {
        return List.of(organization, uid, server, end);
    }

    @Override
    public boolean isOver(Instant now) {
        return until.filter(time -> !time.isAfter(now)).isPresent();
    }

    /** What waits for a person comes first, then what concerns all servers. */
    @Override
    public int weight() {
        return (end == End.RELEASE ? 2 : 0) + (server.isEmpty() ? 1 : 0);
    }
}
