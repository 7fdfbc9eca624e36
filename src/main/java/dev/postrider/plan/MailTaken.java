package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Reason;
import dev.postrider.route.MailRest;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says where an organization's own mail rests while that of others goes on, until when and why, with one Event when that
 * begins. Nothing of an organization whose mail never rested.
 */
final class MailTaken {
    private final ResourceKey organization;
    private final Optional<List<MailRest>> told;

    /** @param uid of the OrganizationMailSettings: what is told of another one of its name is passed over */
    MailTaken(ResourceKey organization, @Nullable String uid, World world) {
        this.organization = organization;
        this.told = world.mailRests(organization)
                .map(rests -> rests.stream()
                        .filter(rest -> rest.uid().equals(Optional.ofNullable(uid)))
                        .toList());
    }

    /** Sets the condition. */
    void tell(@Nullable List<Condition> before, Conditions conditions, List<Notice> notices) {
        Optional<Condition> last = Conditions.find(before, ConditionType.MailTaken);
        if (told.isEmpty()) {
            // What was said stays until the relays have said something else.
            last.ifPresent(conditions::add);
        } else if (!told.get().isEmpty()) {
            Condition rests = rests(told.get().getFirst(), conditions);
            if (conditions.isNews(rests)) {
                notices.add(
                        Notice.warning(rests.is(Reason.Held) ? Reason.MailHeld : Reason.MailRests, rests.message()));
            }
        } else if (last.isPresent()) {
            Condition taken = taken(last.get(), conditions);
            if (conditions.isNews(taken)) {
                notices.add(Notice.normal(Reason.MailTaken, taken.message()));
            }
        }
    }

    private Condition rests(MailRest rest, Conditions conditions) {
        boolean held = rest.end() == MailRest.End.RELEASE;
        String what = rest.server()
                .map(server -> "MailServer %s takes no mail of this organization".formatted(server))
                .orElse("mail of this organization is not tried, for it made its servers fail");
        String said = rest.why().isEmpty()
                ? ""
                : " (%s%s)".formatted(rest.replyClass().map(text -> text + ": ").orElse(""), rest.why());
        return conditions.set(ConditionType.MailTaken, Status.False, held ? Reason.Held : Reason.Rests,
                "since %s %s%s; %s".formatted(seconds(rest.since()), what, said,
                        held
                                ? "what no other server takes is held. Do what the reply asks for, then release it: "
                                        + command("release", " --state held")
                                : waits(rest)));
    }

    private String waits(MailRest rest) {
        String elsewhere = rest.server().isEmpty() ? "it" : "what no other server takes";
        return rest.until()
                .map(until -> "%s waits until %s, then one message is tried%s".formatted(elsewhere, seconds(until),
                        rest.server().isEmpty() ? "" : "; to have it tried now: " + command("retry", "")))
                .orElse(elsewhere + " waits for one message that is tried");
    }

    private Condition taken(Condition last, Conditions conditions) {
        // A message that is held stays so until it is released, also where a restart of the relay ended the rest.
        String held = last.is(Reason.Held) || last.is(Reason.TakenAfterHold)
                ? ". What is still held is listed by " + command("list", " --state held")
                : "";
        return conditions.set(ConditionType.MailTaken, Status.True,
                held.isEmpty() ? Reason.Taken : Reason.TakenAfterHold,
                "no server refuses all mail of this organization" + held);
    }

    private String command(String verb, String filter) {
        return "postrider queue " + verb + " --organization " + organization + filter;
    }

    private static Instant seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
