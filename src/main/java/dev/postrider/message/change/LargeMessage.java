package dev.postrider.message.change;

import dev.postrider.message.MessageContent;
import dev.postrider.message.change.MessageParts.Leaf;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.angus.mail.util.DecodingException;

/**
 * A message too large for one piece, taken apart: the largest of its attachments on their own, and the rest of the
 * message without them. No more is taken out than has to be.
 */
public final class LargeMessage {
    /** What a boundary and an empty part take in the place of what was taken out. */
    private static final int ALLOWANCE = 4096;

    private final MessageParts message;
    private final Set<Leaf> removed = new HashSet<>();
    private final List<Attachment> attachments = new ArrayList<>();

    private LargeMessage(MessageParts message) {
        this.message = message;
    }

    /** An attachment that was taken out. */
    public static final class Attachment {
        private final Leaf leaf;
        private final long size;

        private Attachment(Leaf leaf) throws IOException, MessagingException {
            this.leaf = leaf;
            try (InputStream in = leaf.open()) {
                size = in.transferTo(OutputStream.nullOutputStream());
            }
        }

        /** Octets, decoded. */
        public long size() {
            return size;
        }

        /** The octets, decoded; whoever opens it closes it. */
        public InputStream open() throws IOException, MessagingException {
            return leaf.open();
        }

        public String name() {
            return leaf.fileName().orElse(leaf.isType("message/rfc822") ? "message.eml" : "attachment");
        }

        /** Without parameters, as {@code image/png}. */
        public String contentType() {
            return leaf.contentType();
        }

        /** By which the text refers to it (RFC 2392), without angle brackets. */
        public Optional<String> contentId() {
            return leaf.contentId();
        }

        public boolean isInline() {
            return contentId().isPresent() && !leaf.isDeclaredAttachment();
        }
    }

    /**
     * Takes a message apart until the rest of it has no more than some octets.
     *
     * @return empty if it cannot be made that small
     * @throws IOException if it cannot be read
     */
    public static Optional<LargeMessage> takeApart(MessageContent content, long limit) throws IOException {
        try {
            LargeMessage large = new LargeMessage(MessageParts.of(content));
            return large.remove(content.size() - limit + ALLOWANCE) ? Optional.of(large) : Optional.empty();
        } catch (MessageParts.TooComplexException e) {
            return Optional.empty();
        }
    }

    private boolean remove(long excess) throws IOException {
        List<Leaf> candidates = new ArrayList<>();
        for (Leaf leaf : message.leaves()) {
            if (!leaf.isMultipart() && !leaf.isSealed() && !leaf.isText()) {
                candidates.add(leaf);
            }
        }
        candidates.sort(Comparator.comparingLong(Leaf::octets).reversed());
        long left = excess;
        for (Leaf leaf : candidates) {
            if (left <= 0) {
                break;
            }
            try {
                attachments.add(new Attachment(leaf));
                removed.add(leaf);
                left -= leaf.octets();
            } catch (DecodingException | MessagingException e) {
                // Its encoding is broken, and will be at the next attempt: it stays where it is.
            }
        }
        return left <= 0;
    }

    /** Those that were taken out. */
    public List<Attachment> attachments() {
        return List.copyOf(attachments);
    }

    /** The message without them. */
    public byte[] rest() throws IOException {
        try (InputStream in = message.without(removed).open()) {
            return in.readAllBytes();
        }
    }
}
