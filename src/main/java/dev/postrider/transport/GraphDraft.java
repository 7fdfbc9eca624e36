package dev.postrider.transport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.message.change.LargeMessage;
import dev.postrider.reply.Reply;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.GraphRequests.Answer;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * A draft among the drafts of a mailbox, on its way to be sent: made of MIME, with attachments added one by one, those
 * of 3 MiB and more through an upload session ("Attach large files to Outlook messages or events").
 */
final class GraphDraft {
    /** Larger attachments need an upload session, and a piece of one has less than 4 MiB. */
    private static final int PIECE = 3 * 1024 * 1024;
    private static final long LARGEST = 150L * 1024 * 1024;
    private static final String PERMISSION = "Mail.ReadWrite";
    private static final byte[] NOTHING = {};

    private final GraphRequests requests;
    private final GraphEndpoints endpoints;
    private final GraphRefusal refusal;
    private final RequestIds ids;
    private final String id;
    private final String path;

    private GraphDraft(GraphRequests requests, GraphEndpoints endpoints, GraphRefusal refusal, RequestIds ids,
            String id) {
        this.requests = requests;
        this.endpoints = endpoints;
        this.refusal = refusal;
        this.ids = ids;
        this.path = "/messages/" + GraphRequests.encoded(id);
        this.id = id;
    }

    /** Puts a message without its large attachments among the drafts. */
    static GraphDraft create(GraphRequests requests, GraphEndpoints endpoints, GraphRefusal refusal, RequestIds ids,
            byte[] message) throws RefusedException {
        Answer answer = requests.send("POST", "/messages", ids.of("create"), "text/plain",
                Base64.getEncoder().encode(message));
        String id = answer.json().path("id").asText();
        if (!answer.positive() || id.isEmpty()) {
            throw new RefusedException(refusal.of(answer, PERMISSION));
        }
        return new GraphDraft(requests, endpoints, refusal, ids, id);
    }

    /** By which it is known, also when it is sent ("Obtain immutable identifiers for Outlook resources"). */
    String id() {
        return id;
    }

    /** Adds an attachment. */
    void attach(LargeMessage.Attachment attachment) throws RefusedException, IOException {
        if (attachment.size() > LARGEST) {
            throw new RefusedException(new Verdict.Refused(Step.MessageRejected, true, "5.3.4",
                    Step.MessageRejected + ": 5.3.4 an attachment has %d octets, and Microsoft Graph takes %d"
                            .formatted(attachment.size(), LARGEST)));
        }
        try {
            if (attachment.size() < PIECE) {
                add(attachment);
            } else {
                upload(attachment);
            }
        } catch (MessagingException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private void add(LargeMessage.Attachment attachment) throws RefusedException, IOException, MessagingException {
        ObjectNode file = described(attachment).put("@odata.type", "#microsoft.graph.fileAttachment");
        try (InputStream in = attachment.open()) {
            file.put("contentBytes", Base64.getEncoder().encodeToString(in.readAllBytes()));
        }
        post("/attachments", "attach " + attachment.name(), file);
    }

    private void upload(LargeMessage.Attachment attachment) throws RefusedException, IOException, MessagingException {
        ObjectNode session = GraphRequests.JSON.createObjectNode();
        session.set("AttachmentItem",
                described(attachment).put("attachmentType", "file").put("size", attachment.size()));
        Answer answer = post("/attachments/createUploadSession", "upload " + attachment.name(), session);
        URI uri = uploadUrl(answer);
        try (InputStream in = attachment.open()) {
            long from = 0;
            for (byte[] piece = in.readNBytes(PIECE); piece.length > 0; piece = in.readNBytes(PIECE)) {
                Answer taken = requests.upload(uri,
                        "bytes %d-%d/%d".formatted(from, from + piece.length - 1, attachment.size()), piece);
                if (!taken.positive()) {
                    throw new RefusedException(refusal.of(taken, PERMISSION));
                }
                from += piece.length;
            }
        }
    }

    private URI uploadUrl(Answer answer) throws RefusedException {
        try {
            URI uri = new URI(answer.json().path("uploadUrl").asText());
            if (endpoints.trusts(uri)) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Told below. What it is stays untold: it holds a token.
        }
        throw new RefusedException(Step.Connection,
                "Microsoft Graph named no https URL to upload an attachment to; it will be tried again");
    }

    private static ObjectNode described(LargeMessage.Attachment attachment) {
        ObjectNode described = GraphRequests.JSON.createObjectNode()
                .put("name", attachment.name())
                .put("contentType", attachment.contentType())
                .put("isInline", attachment.isInline());
        attachment.contentId().ifPresent(contentId -> described.put("contentId", contentId));
        return described;
    }

    private Answer post(String below, String what, JsonNode json) throws RefusedException {
        try {
            Answer answer = requests.send("POST", path + below, ids.of(what), "application/json",
                    GraphRequests.JSON.writeValueAsString(json).getBytes(StandardCharsets.UTF_8));
            if (!answer.positive()) {
                throw new RefusedException(refusal.of(answer, PERMISSION));
            }
            return answer;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree is always JSON", e);
        }
    }

    /**
     * Sends it. Where that gave no clear answer, Graph is asked whether it is a draft still: so what was sent after all
     * is not sent again.
     */
    Verdict send() throws RefusedException {
        Answer answer;
        try {
            answer = requests.send("POST", path + "/send", ids.of("send"), "application/json", NOTHING);
        } catch (RefusedException e) {
            return wasSent() ? accepted("sent") : refused(e.verdict());
        }
        if (answer.status() == 202) {
            return accepted(answer.requestId().map(request -> "request-id " + request).orElse("sent"));
        }
        return answer.status() >= 500 && wasSent()
                ? accepted("sent")
                : refused(refusal.of(answer, "Mail.Send"));
    }

    private boolean wasSent() throws RefusedException {
        Answer answer = requests.send("GET", path + "?$select=isDraft", ids.of("ask"), "application/json", NOTHING);
        return answer.positive() && answer.json().path("isDraft").isBoolean()
                && !answer.json().path("isDraft").asBoolean();
    }

    private Verdict refused(Verdict.Refused refused) {
        discard();
        return refused;
    }

    static Verdict accepted(String how) {
        return new Verdict.Accepted(new Reply(202, Optional.empty(), "202 Accepted, " + how, false), false);
    }

    /** Takes it away again; where that fails, it stays among the drafts. */
    void discard() {
        try {
            requests.send("DELETE", path, ids.of("discard"), "application/json", NOTHING);
        } catch (RefusedException e) {
            // What matters is why it could not be sent.
        }
    }
}
