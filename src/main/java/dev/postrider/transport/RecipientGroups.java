package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.reply.Meaning;
import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyAction;
import dev.postrider.reply.ReplyClass;
import dev.postrider.route.Endpoint;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Hands over one message in as many transactions as its recipients need, at once and as far as possible in one session.
 * Recipients beyond what the server takes go in the next transaction (RFC 5321 section 4.5.3.1.10); a message that is
 * refused for its recipients is tried again for each half of them, down to one, whose refusal it then is.
 *
 * <p>Nobody whose message was accepted is named again. Each transaction settles a recipient or is smaller than the one
 * before, so that there are never more than twice as many transactions as recipients.
 */
final class RecipientGroups {
    /** So often a whole message goes to a server in one attempt that then refuses it for some of its recipients. */
    private static final int MOST_REFUSALS = 32;
    /** As often a large one: enough to get from a hundred recipients to one. */
    private static final int FEWEST_REFUSALS = 8;
    /** Octets of messages that are sent in vain in one attempt, where that is not fewer than those. */
    private static final long MOST_IN_VAIN = 100L * 1024 * 1024;

    private final ResourceKey server;
    private final Endpoint.Smtp endpoint;
    private final ObservedLimits observed;
    private final PartialDelivery.Sending sending;
    private final Runnable hangUp;

    /**
     * A way to one server.
     *
     * @param sending one transaction
     * @param hangUp  ends the session, so that the next transaction is in a new one
     */
    RecipientGroups(ResourceKey server, Endpoint.Smtp endpoint, ObservedLimits observed,
            PartialDelivery.Sending sending, Runnable hangUp) {
        this.server = server;
        this.endpoint = endpoint;
        this.observed = observed;
        this.sending = sending;
        this.hangUp = hangUp;
    }

    /**
     * Hands the message over to all its recipients; there is a verdict for each.
     *
     * @throws RefusedException if it came to no transaction
     */
    Map<String, Verdict> send(Envelope envelope, MessageContent message) throws RefusedException {
        return new Delivery(envelope, message).run();
    }

    private int most() {
        return Math.min(endpoint.maxRecipients().orElse(Integer.MAX_VALUE),
                observed.mostRecipients(server, endpoint).orElse(Integer.MAX_VALUE));
    }

    private static boolean splits(@Nullable Verdict verdict) {
        return verdict instanceof Verdict.Refused refused
                && refused.meaning().map(Meaning::action).orElse(null) instanceof ReplyAction.SplitRecipients;
    }

    /** One message. */
    private final class Delivery {
        private final Envelope envelope;
        private final MessageContent message;
        private final Map<String, Verdict> verdicts = new LinkedHashMap<>();
        private final Deque<List<String>> groups = new ArrayDeque<>();
        /** Whether this session has got a message through, so that another may get the next one through. */
        private boolean worthAnotherSession;
        private final int mostRefusals;
        private int refusals;

        Delivery(Envelope envelope, MessageContent message) {
            this.envelope = envelope;
            this.message = message;
            this.mostRefusals = Math.clamp(MOST_IN_VAIN / Math.max(message.size(), 1), FEWEST_REFUSALS,
                    MOST_REFUSALS);
            groups.add(envelope.recipients());
        }

        Map<String, Verdict> run() throws RefusedException {
            while (!groups.isEmpty()) {
                List<String> group = next();
                Map<String, Verdict> given;
                try {
                    given = sending.send(envelope.to(group), message);
                } catch (RefusedException e) {
                    if (verdicts.isEmpty()) {
                        throw e;
                    }
                    given = new LinkedHashMap<>();
                    for (String recipient : group) {
                        given.put(recipient, e.verdict());
                    }
                }
                verdicts.putAll(given);
                Optional<Verdict.Refused> stop = given.values()
                        .stream()
                        .flatMap(verdict -> stopping(verdict).stream())
                        .findFirst();
                if (stop.isPresent()) {
                    refuseOthers(stop.get());
                } else {
                    again(group, given);
                }
            }
            return verdicts;
        }

        private List<String> next() {
            List<String> group = groups.pop();
            int most = most();
            if (group.size() > most) {
                groups.push(group.subList(most, group.size()));
                return group.subList(0, most);
            }
            return group;
        }

        /** What stands in the way of all that is left. */
        private Optional<Verdict.Refused> stopping(Verdict verdict) {
            if (!(verdict instanceof Verdict.Refused refused) || splits(verdict)) {
                return Optional.empty();
            }
            boolean concernsServer = switch (refused.meaning().map(Meaning::action).orElse(null)) {
                case ReplyAction.RestServer _,ReplyAction.RestUntilMidnight _,ReplyAction.FewerConnections _,ReplyAction.HoldOrganization _ ->
                    true;
                case null, default ->
                    refused.step() != Step.RecipientRejected && refused.step() != Step.MessageRejected
                            || SizeAtServer.refusalForSize(refused).isPresent();
            };
            return concernsServer ? Optional.of(refused) : Optional.empty();
        }

        private void refuseOthers(Verdict.Refused refused) {
            groups.forEach(group -> group.forEach(recipient -> verdicts.put(recipient, refused)));
            groups.clear();
        }

        /** Finds out who of a group is to be tried again, and how. */
        private void again(List<String> group, Map<String, Verdict> given) {
            List<String> beyond = new ArrayList<>();
            List<String> refusedTogether = new ArrayList<>();
            int taken = 0;
            int lastTaken = -1;
            for (int i = 0; i < group.size(); i++) {
                Verdict verdict = given.get(group.get(i));
                boolean atRecipient = verdict instanceof Verdict.Refused refused
                        && refused.step() == Step.RecipientRejected;
                if (!atRecipient) {
                    taken++;
                    lastTaken = i;
                }
                if (splits(verdict)) {
                    (atRecipient ? beyond : refusedTogether).add(group.get(i));
                }
            }
            if (!beyond.isEmpty()) {
                if (taken > 0) {
                    learn(given.get(beyond.getFirst()), group.indexOf(beyond.getFirst()) > lastTaken ? taken : 0);
                    groups.push(beyond);
                } else {
                    noneTaken(group, beyond, given);
                }
            }
            if (!refusedTogether.isEmpty()) {
                refusals++;
                if (refusedTogether.size() > 1) {
                    learn(given.get(refusedTogether.getFirst()), (refusedTogether.size() + 1) / 2);
                    halve(refusedTogether);
                }
                if (refusals == mostRefusals && given.get(refusedTogether.getFirst()) instanceof Verdict.Refused r) {
                    refuseOthers(later(r, "refused the message for its recipients so often that the others are tried "
                            + "later"));
                }
            }
            worthAnotherSession |= given.values().stream().anyMatch(Verdict.Accepted.class::isInstance);
        }

        /** The first recipient was one too many: of this session, or by words that mean something else. */
        private void noneTaken(List<String> group, List<String> beyond, Map<String, Verdict> given) {
            if (given.get(beyond.getFirst()) instanceof Verdict.Refused refused) {
                if (worthAnotherSession && !refused.permanent()) {
                    worthAnotherSession = false;
                    hangUp.run();
                    groups.push(beyond);
                } else if (group.size() == 1) {
                    // It is this recipient's own refusal.
                } else if (refused.permanent()) {
                    halve(beyond);
                } else {
                    refuseOthers(later(refused, "takes no more recipients at the moment"));
                }
            }
        }

        private void halve(List<String> recipients) {
            int half = (recipients.size() + 1) / 2;
            if (half < recipients.size()) {
                groups.push(recipients.subList(half, recipients.size()));
            }
            groups.push(recipients.subList(0, half));
        }

        /** What is said of those who were not named. */
        private Verdict.Refused later(Verdict.Refused refused, String what) {
            String said = refused.reply().map(Reply::text).orElse("");
            return new Verdict.Refused(refused.step(), false, refused.reply(), refused.step() + ": "
                    + endpoint.display() + " " + what + ": " + said, refused.retryAfter(), Optional.empty(), true,
                    refused.meaning());
        }

        private void learn(@Nullable Verdict verdict, int most) {
            if (most > 0 && verdict instanceof Verdict.Refused refused && refused.meaning()
                    .filter(meaning -> meaning.replyClass() == ReplyClass.TOO_MANY_RECIPIENTS)
                    .isPresent()) {
                observed.learnMostRecipients(server, endpoint, most);
            }
        }
    }
}
