package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.Oversize;
import dev.postrider.message.Shrinking.Shrinker;
import dev.postrider.message.Shrinking;
import dev.postrider.message.Splitting;
import dev.postrider.message.Signing;
import dev.postrider.route.TestResult.Step;
import dev.postrider.reply.Reply;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Sends a message in a size that one server takes. What a server announces (RFC 1870) is not all for the message: Postfix
 * counts its own Received field and the envelope, other servers what their filters add. So some room is left. A server
 * may also take less than it announces, or announce nothing: what it refuses for its size is tried smaller, for those
 * recipients alone, and the connection remembers that.
 */
final class SizeAtServer {
    private static final long MOST_ROOM = 64 * 1024;
    /** 2 %. */
    private static final int ROOM_DIVISOR = 50;
    /** No server has a limit this low: a refusal means something else. */
    private static final long SMALLEST = 64 * 1024;
    /** Halved so often, 100 MiB are less than 2 MiB. */
    private static final int MOST_TRIES = 7;
    private static final Pattern NAMED = Pattern.compile("\\b([1-9][0-9]{4,11}) ?(?:bytes|octets)\\b",
            Pattern.CASE_INSENSITIVE);

    private final PartialDelivery.Sending sending;
    private long learned = Long.MAX_VALUE;

    /** @param sending hands over one message, or one part of it */
    SizeAtServer(PartialDelivery.Sending sending) {
        this.sending = sending;
    }

    /** How much of the size that a server announces is for the message. */
    static long forMessage(long announced) {
        return announced - Math.min(MOST_ROOM, announced / ROOM_DIVISOR);
    }

    /**
     * Sends a message, or what its organization wants in its place.
     *
     * @param announced by the server
     * @throws RefusedException if there is nothing of a size that the server takes, or the server cannot be reached
     */
    Map<String, Verdict> send(Envelope envelope, MessageContent message, Optional<Long> announced)
            throws RefusedException {
        Oversize oversize = envelope.oversize().orElseThrow();
        long signatures = envelope.signers().map(Signing::room).orElse(0);
        Map<String, Verdict> verdicts = new LinkedHashMap<>();
        Envelope left = envelope;
        for (int tries = 1;; tries++) {
            long most = Math.min(learned, oversize.most(announced.map(SizeAtServer::forMessage))) - signatures;
            Sent sent;
            try {
                sent = send(left, message, most, oversize);
            } catch (RefusedException e) {
                if (tries == 1) {
                    return whole(envelope, message, oversize.most(announced) - signatures, e);
                }
                left.recipients()
                        .forEach(recipient -> verdicts.compute(recipient,
                                (_, before) -> notSmaller(before, e.verdict())));
                return verdicts;
            }
            verdicts.putAll(sent.verdicts());
            List<String> tooLarge = sent.tooLarge();
            if (tooLarge.isEmpty() || tries == MOST_TRIES) {
                return verdicts;
            }
            long smaller = sent.named()
                    .orElseGet(() -> signatures + (oversize instanceof Splitting
                            ? sent.octets() / 2
                            : forMessage(sent.octets())));
            if (smaller < SMALLEST) {
                return verdicts;
            }
            learned = smaller;
            left = envelope.to(tooLarge);
        }
    }

    /** What cannot be made smaller may do without the room. */
    private Map<String, Verdict> whole(Envelope envelope, MessageContent message, long most, RefusedException failure)
            throws RefusedException {
        if (!failure.verdict().permanent() || message.size() > Math.min(most, learned)) {
            throw failure;
        }
        return sending.send(envelope, message);
    }

    /**
     * What became of one try.
     *
     * @param octets of the message, or of a part at most
     */
    private record Sent(Map<String, Verdict> verdicts, long octets) {
        List<String> tooLarge() {
            return verdicts.entrySet()
                    .stream()
                    .filter(entry -> refusalForSize(entry.getValue()).isPresent())
                    .map(Map.Entry::getKey)
                    .toList();
        }

        /** How large a message may be by the words of a refusal. */
        Optional<Long> named() {
            return verdicts.values()
                    .stream()
                    .flatMap(verdict -> refusalForSize(verdict).stream())
                    .flatMap(reply -> NAMED.matcher(reply.text()).results())
                    .map(text -> forMessage(Long.parseLong(text.group(1))))
                    .filter(size -> size < octets)
                    .findFirst();
        }
    }

    private Sent send(Envelope envelope, MessageContent message, long most, Oversize oversize)
            throws RefusedException {
        return switch (oversize) {
            case Splitting splitting when message.size() > most -> new Sent(
                    PartialDelivery.send(envelope, message, most, splitting.id(most), sending), most);
            case Splitting _ -> new Sent(sending.send(envelope, message), message.size());
            case Shrinking(var _, Shrinker shrinker) -> {
                MessageContent shrunk = shrunk(shrinker, most);
                yield new Sent(sending.send(envelope, shrunk), shrunk.size());
            }
        };
    }

    private static MessageContent shrunk(Shrinker shrinker, long most) throws RefusedException {
        try {
            return shrinker.within(most);
        } catch (MessageException e) {
            throw RefusedException.of(Step.MessageRejected, e);
        }
    }

    /**
     * The reply that says that the message is too large. 552 may also say that a mailbox is full, and Gmail refuses by it
     * what it thinks is dangerous: where there is an enhanced status code, that decides (RFC 3463 sections 3.3 and 3.4).
     */
    static Optional<Reply> refusalForSize(@Nullable Verdict verdict) {
        return verdict instanceof Verdict.Refused refused && refused.permanent()
                ? refused.reply()
                        .filter(reply -> reply.enhanced()
                                .map(status -> status.equals("5.3.4") || status.equals("5.2.3"))
                                .orElse(reply.code() == 552))
                : Optional.empty();
    }

    /** The server's refusal stands if it cannot be made smaller; what may pass is tried again. */
    private static Verdict notSmaller(@Nullable Verdict before, Verdict.Refused failure) {
        return before instanceof Verdict.Refused refused && failure.permanent()
                ? new Verdict.Refused(refused.step(), true, refused.reply(),
                        refused.message() + "; tried smaller: " + failure.message())
                : failure;
    }
}
