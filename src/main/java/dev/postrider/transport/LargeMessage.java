package dev.postrider.transport;

import dev.postrider.transport.MessageParts.Leaf;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimePart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A message too large for one piece, taken apart: the largest of its attachments on their own, and the rest of the
 * message without them. No more is taken out than has to be.
 */
final class LargeMessage implements AutoCloseable {
    /** What a boundary and an empty part take in the place of what was taken out. */
    private static final int ALLOWANCE = 4096;

    private final MessageParts message;
    private final Set<MimePart> removed = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Attachment> attachments = new ArrayList<>();

    private LargeMessage(MessageParts message) {
        this.message = message;
    }

    /** An attachment that was taken out. */
    static final class Attachment {
        private final Leaf leaf;
        private final long size;

        private Attachment(Leaf leaf) throws IOException, MessagingException {
            this.leaf = leaf;
            try (InputStream in = leaf.part().getInputStream()) {
                size = in.transferTo(OutputStream.nullOutputStream());
            }
        }

        /** Octets, decoded. */
        long size() {
            return size;
        }

        /** The octets, decoded; whoever opens it closes it. */
        InputStream open() throws IOException, MessagingException {
            return leaf.part().getInputStream();
        }

        String name() throws MessagingException {
            return leaf.fileName().orElse(leaf.part().isMimeType("message/rfc822") ? "message.eml" : "attachment");
        }

        /** Without parameters, as {@code image/png}. */
        String contentType() throws MessagingException {
            return leaf.contentType();
        }

        /** By which the text refers to it (RFC 2392), without angle brackets. */
        Optional<String> contentId() throws MessagingException {
            return leaf.contentId();
        }

        boolean isInline() throws MessagingException {
            return contentId().isPresent() && !leaf.isDeclaredAttachment();
        }
    }

    /**
     * Takes a message apart until the rest of it has no more than some octets.
     *
     * @return empty if it cannot be made that small
     * @throws IOException if it cannot be read, or there is no room for the temporary file
     */
    static Optional<LargeMessage> takeApart(MessageContent content, long limit) throws IOException {
        LargeMessage large;
        try {
            large = new LargeMessage(MessageParts.of(content));
        } catch (MessagingException e) {
            return Optional.empty();
        }
        try {
            if (large.remove(content.size() - limit + ALLOWANCE)) {
                return Optional.of(large);
            }
        } catch (MessagingException e) {
            large.close();
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            large.close();
            throw e;
        }
        large.close();
        return Optional.empty();
    }

    private boolean remove(long excess) throws IOException, MessagingException {
        List<Leaf> candidates = new ArrayList<>();
        for (Leaf leaf : message.leaves()) {
            if (!leaf.part().isMimeType("multipart/*") && !leaf.isSealed() && !leaf.isText()) {
                candidates.add(leaf);
            }
        }
        candidates.sort(Comparator.comparingInt(LargeMessage::sizeOf).reversed());
        long left = excess;
        for (Leaf leaf : candidates) {
            if (left <= 0) {
                break;
            }
            removed.add(leaf.part());
            attachments.add(new Attachment(leaf));
            left -= sizeOf(leaf);
        }
        return left <= 0;
    }

    private static int sizeOf(Leaf leaf) {
        try {
            return leaf.part().getSize();
        } catch (MessagingException e) {
            return 0;
        }
    }

    /** Those that were taken out. */
    List<Attachment> attachments() {
        return List.copyOf(attachments);
    }

    /** The message without them. */
    byte[] rest() throws IOException, MessagingException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        message.write(out, removed);
        return out.toByteArray();
    }

    @Override
    public void close() throws IOException {
        message.close();
    }
}
