package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.change.MessageForm;
import dev.postrider.message.change.PartialMessages;
import dev.postrider.route.TestResult.Step;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Hands over a message in parts (RFC 2046 section 5.2.2). */
final class PartialDelivery {
    private PartialDelivery() {}

    /** Hands over one part. */
    @FunctionalInterface
    interface Sending {
        Map<String, Verdict> send(Envelope envelope, MessageContent part) throws RefusedException;
    }

    /**
     * Sends a message in parts. Whoever does not get one of them gets none of those that follow, and the verdict about
     * it is the one about the message.
     *
     * @param most octets of a part
     * @throws RefusedException if it cannot be divided so
     */
    static Map<String, Verdict> send(Envelope envelope, MessageContent message, long most, String id,
            Sending sending) throws RefusedException {
        Map<String, Verdict> verdicts = new LinkedHashMap<>();
        List<String> left = envelope.recipients();
        for (MessageContent part : parts(envelope, message, most, id)) {
            Map<String, Verdict> given;
            try {
                given = sending.send(envelope.to(left), part);
            } catch (RefusedException e) {
                given = new LinkedHashMap<>();
                for (String recipient : left) {
                    given.put(recipient, e.verdict());
                }
            }
            verdicts.putAll(given);
            left = left.stream().filter(recipient -> verdicts.get(recipient) instanceof Verdict.Accepted).toList();
            if (left.isEmpty()) {
                break;
            }
        }
        return verdicts;
    }

    private static List<MessageContent> parts(Envelope envelope, MessageContent message, long most, String id)
            throws RefusedException {
        // Such a part must be of 7 bits (RFC 2046 section 5.2.2).
        MessageForm sevenBit = new MessageForm(false, envelope.eightBit(), false, envelope.longLines(),
                Optional.empty());
        try {
            MessageContent whole = sevenBit.of(message, envelope.share());
            try (var _ = envelope.share().change(whole)) {
                return PartialMessages.of(whole, most, id);
            }
        } catch (MessageException e) {
            throw RefusedException.of(Step.MessageRejected, e);
        }
    }
}
