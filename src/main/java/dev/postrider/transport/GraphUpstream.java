package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.Oversize;
import dev.postrider.message.Shrinking;
import dev.postrider.message.Splitting;
import dev.postrider.message.change.LargeMessage;
import dev.postrider.message.change.MessageForm;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.GraphRecipients.Group;
import dev.postrider.transport.GraphRequests.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A way to a mailbox of Microsoft Graph: by {@code sendMail} with a MIME message (Microsoft Graph REST API, "user:
 * sendMail"), and as a draft with attachments uploaded one by one where the message is too large for that, or no copy of
 * it is to stay among the sent items.
 */
final class GraphUpstream implements Upstream {
    /** A request may have 4 MiB, and Base64 takes four octets for three. */
    static final long MOST_IN_ONE_REQUEST = 3L * 1024 * 1024;

    private final Endpoint.Graph endpoint;
    private final GraphEndpoints endpoints;
    private final boolean recordDialogue;
    private final GraphRequests requests;
    private final GraphRefusal refusal;
    private final SentCopies copies;

    GraphUpstream(Endpoint.Graph endpoint, GraphEndpoints endpoints, boolean recordDialogue, AccessTokens tokens,
            ReplyRules rules) {
        this(endpoint, endpoints, recordDialogue, tokens, SentCopies.WAITS, rules);
    }

    /** @param waits before each look for a copy that is to be removed */
    GraphUpstream(Endpoint.Graph endpoint, GraphEndpoints endpoints, boolean recordDialogue, AccessTokens tokens,
            List<Duration> waits, ReplyRules rules) {
        this.endpoint = endpoint;
        this.endpoints = endpoints;
        this.recordDialogue = recordDialogue;
        this.requests = new GraphRequests(endpoint, endpoints, tokens);
        this.refusal = new GraphRefusal(endpoint, rules);
        this.copies = new SentCopies(endpoint, endpoints, tokens, waits);
    }

    @Override
    public Attempt send(Envelope envelope, MessageContent message) {
        long start = System.nanoTime();
        requests.begin();
        return new Attempt(verdicts(envelope, message), endpoint.display(), Optional.empty(),
                Duration.ofNanos(System.nanoTime() - start),
                recordDialogue ? requests.dialogue() : "");
    }

    /** Each request is on its own: nothing is open before the first. */
    @Override
    public Opening open() {
        return new Opening(Optional.empty(), endpoint.display(), Optional.empty(), Optional.empty(), "");
    }

    private Map<String, Verdict> verdicts(Envelope envelope, MessageContent message) {
        if (envelope.oversize().isEmpty()) {
            return deliver(envelope, message);
        }
        Oversize oversize = envelope.oversize().get();
        long most = oversize.most(Optional.empty());
        try {
            return switch (oversize) {
                case Splitting splitting when message.size() > most ->
                    PartialDelivery.send(envelope, message, most, splitting.id(most), this::deliver);
                case Splitting _ -> deliver(envelope, message);
                case Shrinking shrinking -> deliver(envelope, shrinking.shrinker().within(most));
            };
        } catch (MessageException e) {
            return refused(envelope, RefusedException.of(Step.MessageRejected, e));
        } catch (RefusedException e) {
            return refused(envelope, e);
        }
    }

    private static Map<String, Verdict> refused(Envelope envelope, RefusedException e) {
        return envelope.recipients().stream().collect(Collectors.toMap(r -> r, _ -> e.verdict(), (a, _) -> a));
    }

    private Map<String, Verdict> deliver(Envelope envelope, MessageContent message) {
        try {
            return new GraphGroups(envelope, formed(envelope, message), group -> deliver(group, envelope.share()))
                    .send();
        } catch (RefusedException e) {
            return refused(envelope, e);
        }
    }

    /** Exchange Online signs what leaves it, and takes 8 bits, but no longer lines than others do. */
    private static MessageContent formed(Envelope envelope, MessageContent message) throws RefusedException {
        try {
            return new MessageForm(false, false, true, envelope.longLines(), Optional.empty()).of(message,
                    envelope.share());
        } catch (MessageException e) {
            throw RefusedException.of(Step.MessageRejected, e);
        }
    }

    /** One message. */
    private Verdict deliver(Group group, LargeWork.Share share) throws RefusedException {
        try (var _ = share.upload(group.message())) {
            RequestIds ids = RequestIds.of(group.message(), group.recipients());
            if (group.message().size() > MOST_IN_ONE_REQUEST) {
                return sendInPieces(group.message(), ids);
            }
            byte[] message;
            try (InputStream content = group.message().open()) {
                message = content.readAllBytes();
            }
            if (!endpoint.saveToSentItems()) {
                return send(GraphDraft.create(requests, endpoints, refusal, ids, message), List.of(), ids);
            }
            Answer answer = requests.send("POST", "/sendMail", ids.of("sendMail"), "text/plain",
                    Base64.getEncoder().encode(message));
            return answer.status() == 202
                    ? GraphDraft.accepted(answer.requestId().map(id -> "request-id " + id).orElse("sent"))
                    : refusal.of(answer, "Mail.Send");
        } catch (MessageException e) {
            throw RefusedException.of(Step.MessageRejected, e);
        } catch (IOException e) {
            throw RefusedException.of(Step.MessageRejected, MessageException.unreadable(e));
        }
    }

    private Verdict sendInPieces(MessageContent message, RequestIds ids) throws IOException, RefusedException {
        Optional<LargeMessage> apart = LargeMessage.takeApart(message, MOST_IN_ONE_REQUEST);
        if (apart.isEmpty()) {
            return new Verdict.Refused(Step.MessageRejected, true, "5.3.4",
                    Step.MessageRejected + (": the message has %d octets, and Microsoft Graph takes %d without the "
                            + "attachments; a signed or encrypted message, or one of text, cannot be taken apart: send "
                            + "it through an SMTP server").formatted(message.size(), MOST_IN_ONE_REQUEST));
        }
        LargeMessage large = apart.get();
        return send(GraphDraft.create(requests, endpoints, refusal, ids, large.rest()), large.attachments(), ids);
    }

    private Verdict send(GraphDraft draft, List<LargeMessage.Attachment> attachments, RequestIds ids)
            throws IOException, RefusedException {
        try {
            for (LargeMessage.Attachment attachment : attachments) {
                draft.attach(attachment);
            }
        } catch (RefusedException | IOException | RuntimeException e) {
            draft.discard();
            throw e;
        }
        Verdict verdict = draft.send();
        if (verdict instanceof Verdict.Accepted && !endpoint.saveToSentItems()) {
            copies.remove(draft.id(), ids);
        }
        return verdict;
    }

    /** Requests stand alone; there is nothing to keep open. */
    @Override
    public boolean isOpen() {
        return false;
    }

    @Override
    public void close() {}
}
