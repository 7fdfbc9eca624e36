package dev.postrider.relay.delivery;

import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.Shrinking.Shrinker;
import dev.postrider.message.change.MessageParts.Leaf;
import dev.postrider.message.change.MessageParts;
import dev.postrider.relay.links.FileName;
import dev.postrider.relay.links.InfectedException;
import dev.postrider.relay.links.Links.Attachment;
import dev.postrider.relay.links.Links.Link;
import dev.postrider.relay.links.Links;
import dev.postrider.relay.links.LinksException;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.route.Linking;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A message that has links in place of its attachments, if it is too large or that is always wanted. Pictures that its
 * text shows stay, unless it is too large with them. What is signed or encrypted is never taken apart.
 */
final class LinkedMessage implements Shrinker {
    private static final Logger LOG = LoggerFactory.getLogger(LinkedMessage.class);

    private static final int BLOCK = 16 * 1024;

    private final QueuedMessage message;
    private final Linking linking;
    private final Optional<Links> links;
    private final LargeWork.Share share;

    /**
     * @param links empty where the relay serves no downloads
     * @param share whose work on it that is
     */
    LinkedMessage(QueuedMessage message, Linking linking, Optional<Links> links, LargeWork.Share share) {
        this.share = share;
        this.message = message;
        this.linking = linking;
        this.links = links;
    }

    @Override
    public MessageContent within(long most) throws MessageException {
        boolean tooLarge = message.content().size() > most;
        if (!tooLarge && !linking.always()) {
            return message.content();
        }
        try {
            return within(parts(), tooLarge, most);
        } catch (MessageParts.TooComplexException e) {
            LOG.info("{} is not taken apart: {}", message.id(), e.getMessage());
            if (tooLarge) {
                throw tooLarge(most, String.valueOf(e.getMessage()));
            }
            return message.content();
        } catch (IOException e) {
            throw MessageException
                    .passing("the message could not be read: " + e.getMessage() + "; it will be tried again");
        }
    }

    private MessageParts parts() throws IOException, MessageParts.TooComplexException, MessageException {
        try (var _ = share.change(message.content())) {
            return MessageParts.of(message.content());
        }
    }

    private MessageContent within(MessageParts parts, boolean tooLarge, long most)
            throws IOException, MessageException {
        if (parts.leaves().isEmpty()
                || parts.leaves().getFirst().within().isEmpty() && parts.leaves().getFirst().isSealed()) {
            if (tooLarge) {
                throw tooLarge(most, "it is signed or encrypted, and would be worth nothing without its attachments");
            }
            return message.content();
        }
        List<Leaf> taken = new ArrayList<>();
        List<Leaf> shown = new ArrayList<>();
        for (Leaf leaf : parts.leaves()) {
            switch (kind(leaf)) {
                case ATTACHMENT -> taken.add(leaf);
                case SHOWN -> shown.add(leaf);
                case KEPT -> {
                }
            }
        }
        Optional<MessageContent> made = linked(parts, taken, most);
        if (made.isEmpty() && !shown.isEmpty()) {
            taken.addAll(shown);
            taken.sort((one, other) -> Integer.compare(one.number(), other.number()));
            made = linked(parts, taken, most);
        }
        if (made.isPresent()) {
            return made.get();
        }
        if (tooLarge) {
            throw tooLarge(most, "it is so without its attachments, too");
        }
        return message.content();
    }

    private enum Kind {
        /** It is left out. */
        ATTACHMENT,
        /** Its text shows it. */
        SHOWN,
        /** It stays: text, what no reader shows as a file, and what must not be seen by others. */
        KEPT
    }

    private static Kind kind(Leaf leaf) {
        if (leaf.isMultipart() || leaf.isKept() || leaf.isSealed() || leaf.isText()
                || leaf.isType("message/external-body") || leaf.isType("message/partial")) {
            return Kind.KEPT;
        }
        // Some programs give what people read a file name.
        if (leaf.first() && !leaf.isDeclaredAttachment()
                && (leaf.isType("text/plain") || leaf.isType("text/html"))) {
            return Kind.KEPT;
        }
        if (leaf.within().equals("related")) {
            return leaf.first() ? Kind.KEPT : leaf.isNamed() ? Kind.SHOWN : Kind.ATTACHMENT;
        }
        if (leaf.isDeclaredAttachment()) {
            return Kind.ATTACHMENT;
        }
        if (leaf.within().equals("alternative")) {
            // The same in another form, as an invitation to a meeting.
            return Kind.KEPT;
        }
        return leaf.contentId().isPresent() && leaf.disposition().equals("inline")
                ? Kind.SHOWN
                : Kind.ATTACHMENT;
    }

    /** The message without some parts; empty if it is still too large, or there are none. */
    private Optional<MessageContent> linked(MessageParts parts, List<Leaf> leaves, long most)
            throws IOException, MessageException {
        List<Attachment> attachments = new ArrayList<>();
        Set<Leaf> without = Collections.newSetFromMap(new IdentityHashMap<>());
        try (var _ = share.change(message.content())) {
            for (Leaf leaf : leaves) {
                Optional<Attachment> attachment = attachment(leaf);
                if (attachment.isPresent()) {
                    attachments.add(attachment.get());
                    without.add(leaf);
                }
            }
        }
        if (attachments.isEmpty()) {
            return Optional.empty();
        }
        Links keeper = links.orElseThrow(() -> MessageException.passing(
                "attachments cannot become links, for this relay serves no downloads (--links-port); it will be tried "
                        + "again"));
        // Nothing is stored in vain: the links will be as long as these.
        byte[] preview = list(
                attachments.stream().map(attachment -> keeper.preview(linking, attachment)).toList());
        return parts.without(without, preview, boundary()).size() > most
                ? Optional.empty()
                : Optional.of(parts.without(without, list(keep(keeper, attachments)), boundary()));
    }

    private List<Link> keep(Links keeper, List<Attachment> attachments) throws MessageException {
        try {
            return keeper.keep(message.organization(), message.id(), linking, attachments);
        } catch (LinksException e) {
            tell("unlinked", e);
            throw MessageException.passing(
                    "its attachments cannot be kept for download now: " + e.getMessage() + "; it will be tried again");
        } catch (InfectedException e) {
            tell("infected", e);
            throw refused(554, "5.7.1", e.getMessage() + ", as the relay's virus scanner found");
        }
    }

    private void tell(String what, Exception e) {
        LOG.warn("{}", LogLine.of(message.id(), what)
                .with("organization", message.organization())
                .with("reason", String.valueOf(e.getMessage())));
    }

    /** Empty for a part whose encoding is broken: it stays where it is. */
    private Optional<Attachment> attachment(Leaf leaf) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            long size;
            try (InputStream in = new DigestInputStream(leaf.open(), digest)) {
                size = 0;
                byte[] block = new byte[BLOCK];
                for (int count = in.read(block); count >= 0; count = in.read(block)) {
                    size += count;
                    LargeWork.letOthersOn();
                }
            }
            boolean mail = leaf.isType("message/rfc822") || leaf.isType("message/global");
            String type = leaf.contentType();
            return Optional.of(new Attachment(leaf.number(),
                    FileName.clean(leaf.fileName().orElse(""), mail ? "message.eml" : "attachment"),
                    type.matches("[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
                            ? type
                            : "application/octet-stream",
                    size, HexFormat.of().formatHex(digest.digest()), () -> {
                        try {
                            return leaf.open();
                        } catch (MessagingException e) {
                            throw new IOException(e.getMessage(), e);
                        }
                    }));
        } catch (IOException | MessagingException e) {
            LOG.info("{} part {} stays in its message, for it cannot be decoded", message.id(), leaf.number());
            return Optional.empty();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private String boundary() {
        // Neither quoted-printable nor Base64 can hold "=_".
        return "=_postrider-" + message.id();
    }

    private byte[] list(List<Link> entries) throws IOException {
        return LinkList.part(entries, boundary() + "-links");
    }

    private MessageException tooLarge(long most, String why) {
        return refused(552, "5.3.4", "the message has %d octets, of which %d can be sent, and links in place of its "
                .formatted(message.content().size(), most) + "attachments are not possible: " + why);
    }

    private static MessageException refused(int code, String status, String why) {
        return MessageException.permanent(code, status, why);
    }
}
