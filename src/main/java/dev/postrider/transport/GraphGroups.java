package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.reply.Reply;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.GraphRecipients.Group;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds out which recipients Microsoft Graph means where it refuses a message for one of them, and sends it to the
 * others. It takes all or none, and names the one it means ("Recipient 'x' is not resolved") only at times; where it does
 * not, the recipients are divided. One recipient is tried twice before that is final, since Graph has answered so to
 * addresses that it took a moment later.
 */
final class GraphGroups {
    /** Exchange Online takes 30 messages a minute of a mailbox. */
    private static final int MOST_TRIES = 30;
    private static final int FEWEST_TRIES = 4;
    private static final long MOST_OCTETS = 100L * 1024 * 1024;
    private static final Pattern NAMED = Pattern.compile("Recipient ['\"]([^'\"]{1,320})['\"]");

    /** Sends one message. */
    @FunctionalInterface
    interface Sending {
        Verdict send(Group group) throws RefusedException;
    }

    private final Envelope envelope;
    private final MessageContent message;
    private final Sending sending;
    private final Map<String, Verdict> verdicts = new LinkedHashMap<>();
    private final Deque<List<String>> left = new ArrayDeque<>();
    private final Set<String> suspects = new HashSet<>();
    private int triesLeft;
    private boolean divided;

    GraphGroups(Envelope envelope, MessageContent message, Sending sending) {
        this.envelope = envelope;
        this.message = message;
        this.sending = sending;
        this.triesLeft = Math.clamp(MOST_OCTETS / Math.max(message.size(), 1), FEWEST_TRIES, MOST_TRIES);
        left.add(envelope.recipients());
    }

    /** Sends the message; there is a verdict for each recipient. */
    Map<String, Verdict> send() {
        try {
            while (!left.isEmpty()) {
                for (Group group : GraphRecipients.of(envelope.to(left.pop()), message)) {
                    settle(group.recipients(), verdict(group));
                }
            }
        } catch (RefusedException e) {
            envelope.recipients().forEach(recipient -> verdicts.putIfAbsent(recipient, e.verdict()));
        }
        return verdicts;
    }

    /** A refusal of one group says nothing of the next, but a failure to reach Graph does. */
    private Verdict verdict(Group group) throws RefusedException {
        try {
            return sending.send(group);
        } catch (RefusedException e) {
            if (isOfRecipients(e.verdict())) {
                return e.verdict();
            }
            throw e;
        }
    }

    private void settle(List<String> group, Verdict verdict) throws RefusedException {
        if (!(verdict instanceof Verdict.Refused refused) || !isOfRecipients(verdict)) {
            group.forEach(recipient -> verdicts.put(recipient, verdict));
            if (verdict instanceof Verdict.Refused refused && divided && !refused.permanent()) {
                // What is left are parts of what was refused just now: they would only add to its load.
                throw new RefusedException(refused);
            }
            return;
        }
        triesLeft--;
        if (group.size() == 1 && !suspects.add(group.getFirst())) {
            verdicts.put(group.getFirst(), refused);
        } else if (triesLeft <= 0) {
            Verdict later = new Verdict.Refused(refused.step(), false, refused.reply(), refused.message()
                    + "; who is meant was not found yet; it will be tried again");
            group.forEach(recipient -> verdicts.put(recipient, later));
        } else {
            divide(group, refused);
        }
    }

    private void divide(List<String> group, Verdict.Refused refused) {
        divided = true;
        Set<String> named = NAMED.matcher(refused.reply().map(Reply::text).orElse(""))
                .results()
                .map(found -> found.group(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
        List<String> meant = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (String recipient : group) {
            (named.contains(recipient.toLowerCase(Locale.ROOT)) ? meant : others).add(recipient);
        }
        if (meant.isEmpty()) {
            int half = (group.size() + 1) / 2;
            if (half < group.size()) {
                left.push(group.subList(half, group.size()));
            }
            left.push(group.subList(0, half));
        } else {
            suspects.addAll(meant);
            meant.reversed().forEach(recipient -> left.push(List.of(recipient)));
            if (!others.isEmpty()) {
                left.push(others);
            }
        }
    }

    private static boolean isOfRecipients(Verdict verdict) {
        return verdict instanceof Verdict.Refused refused && refused.permanent()
                && refused.step() == Step.RecipientRejected;
    }
}
