package dev.postrider.transport;

import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.MimePart;
import jakarta.mail.internet.MimeUtility;
import jakarta.mail.util.SharedFileInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/**
 * A message too large for one piece, taken apart: the largest of its attachments on their own, and the rest of the
 * message without them. What is left is octet for octet as it was, and no more is taken out than has to be. Parts that
 * belong together by a signature or encryption (RFC 1847), and reports (RFC 6522), stay whole.
 *
 * <p>The message is in a temporary file meanwhile, which goes with {@link #close}.
 */
final class LargeMessage implements AutoCloseable {
    private static final Set<String> WHOLE = Set.of("signed", "encrypted", "report");
    /** Deeper than this, what is inside of a part is left as it is. */
    private static final int DEEPEST = 20;
    /** What a boundary and an empty part take in the place of what was taken out. */
    private static final int ALLOWANCE = 4096;

    private final Path file;
    private final SharedFileInputStream octets;
    private final MimeMessage message;
    private final Set<MimePart> removed = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Attachment> attachments = new ArrayList<>();

    private LargeMessage(Path file) throws IOException, MessagingException {
        this.file = file;
        this.octets = new SharedFileInputStream(file.toFile());
        Properties settings = new Properties();
        settings.setProperty("mail.mime.allowutf8", "true");
        this.message = new MimeMessage(Session.getInstance(settings), octets);
    }

    /** An attachment that was taken out. */
    static final class Attachment {
        private final MimePart part;
        private final long size;

        private Attachment(MimePart part) throws IOException, MessagingException {
            this.part = part;
            try (InputStream in = part.getInputStream()) {
                size = in.transferTo(OutputStream.nullOutputStream());
            }
        }

        /** Octets, decoded. */
        long size() {
            return size;
        }

        /** The octets, decoded; whoever opens it closes it. */
        InputStream open() throws IOException, MessagingException {
            return part.getInputStream();
        }

        String name() throws MessagingException {
            String name = part.getFileName();
            if (name == null) {
                return part.isMimeType("message/rfc822") ? "message.eml" : "attachment";
            }
            try {
                return MimeUtility.decodeText(name);
            } catch (UnsupportedEncodingException e) {
                return name;
            }
        }

        /** Without parameters, as {@code image/png}. */
        String contentType() throws MessagingException {
            try {
                return new ContentType(part.getContentType()).getBaseType().toLowerCase(Locale.ROOT);
            } catch (MessagingException e) {
                return "application/octet-stream";
            }
        }

        /** By which the text refers to it (RFC 2392), without angle brackets. */
        Optional<String> contentId() throws MessagingException {
            return Optional.ofNullable(part.getContentID())
                    .map(id -> id.strip().replaceAll("^<|>$", ""))
                    .filter(id -> !id.isEmpty());
        }

        boolean isInline() throws MessagingException {
            return contentId().isPresent() && !"attachment".equalsIgnoreCase(part.getDisposition());
        }
    }

    /**
     * Takes a message apart until the rest of it has no more than some octets.
     *
     * @return empty if it cannot be made that small
     * @throws IOException if it cannot be read, or there is no room for the temporary file
     */
    static Optional<LargeMessage> takeApart(MessageContent content, long limit) throws IOException {
        Path file = Files.createTempFile("postrider-", ".eml");
        try {
            try (InputStream in = content.open()) {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            }
            return takeApart(file, content.size() - limit + ALLOWANCE);
        } catch (MessagingException e) {
            Files.deleteIfExists(file);
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private static Optional<LargeMessage> takeApart(Path file, long excess) throws IOException, MessagingException {
        LargeMessage large = new LargeMessage(file);
        try {
            if (large.remove(excess)) {
                return Optional.of(large);
            }
        } catch (IOException | MessagingException | RuntimeException e) {
            large.close();
            throw e;
        }
        large.close();
        return Optional.empty();
    }

    private boolean remove(long excess) throws IOException, MessagingException {
        List<MimePart> candidates = new ArrayList<>();
        collect(message, candidates, 0);
        candidates.sort(Comparator.comparingInt(LargeMessage::sizeOf).reversed());
        long left = excess;
        for (MimePart part : candidates) {
            if (left <= 0) {
                break;
            }
            removed.add(part);
            attachments.add(new Attachment(part));
            left -= sizeOf(part);
        }
        return left <= 0;
    }

    private static int sizeOf(MimePart part) {
        try {
            return part.getSize();
        } catch (MessagingException e) {
            return 0;
        }
    }

    private static void collect(MimePart part, List<MimePart> candidates, int depth)
            throws IOException, MessagingException {
        if (isOpened(part) && depth < DEEPEST) {
            MimeMultipart parts = (MimeMultipart) part.getContent();
            for (int i = 0; i < parts.getCount(); i++) {
                collect((MimeBodyPart) parts.getBodyPart(i), candidates, depth + 1);
            }
        } else if (!part.isMimeType("multipart/*") && !part.isMimeType("application/pkcs7-mime") && !isText(part)) {
            candidates.add(part);
        }
    }

    private static boolean isOpened(MimePart part) throws MessagingException {
        return part.isMimeType("multipart/*")
                && !WHOLE.contains(new ContentType(part.getContentType()).getSubType().toLowerCase(Locale.ROOT));
    }

    private static boolean isText(MimePart part) throws MessagingException {
        return (part.isMimeType("text/plain") || part.isMimeType("text/html")) && part.getFileName() == null
                && !"attachment".equalsIgnoreCase(part.getDisposition());
    }

    /** Those that were taken out. */
    List<Attachment> attachments() {
        return List.copyOf(attachments);
    }

    /** The message without them. */
    byte[] rest() throws IOException, MessagingException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (removed.contains(message)) {
            writeHeader(Collections.list(message.getNonMatchingHeaderLines(new String[]{"Content-Type",
                    "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "Content-Description"})), out);
            line("", out);
        } else {
            write(message, out, 0);
        }
        return out.toByteArray();
    }

    private boolean isChanged(MimePart part, int depth) throws IOException, MessagingException {
        if (!isOpened(part) || depth == DEEPEST) {
            return false;
        }
        MimeMultipart parts = (MimeMultipart) part.getContent();
        for (int i = 0; i < parts.getCount(); i++) {
            MimeBodyPart one = (MimeBodyPart) parts.getBodyPart(i);
            if (removed.contains(one) || isChanged(one, depth + 1)) {
                return true;
            }
        }
        return false;
    }

    private void write(MimePart part, OutputStream out, int depth) throws IOException, MessagingException {
        writeHeader(Collections.list(part.getAllHeaderLines()), out);
        line("", out);
        if (!isChanged(part, depth)) {
            try (InputStream raw = part instanceof MimeMessage whole
                    ? whole.getRawInputStream()
                    : ((MimeBodyPart) part).getRawInputStream()) {
                raw.transferTo(out);
            }
            return;
        }
        MimeMultipart parts = (MimeMultipart) part.getContent();
        String boundary = "--" + new ContentType(part.getContentType()).getParameter("boundary");
        boolean any = false;
        for (int i = 0; i < parts.getCount(); i++) {
            MimeBodyPart one = (MimeBodyPart) parts.getBodyPart(i);
            if (!removed.contains(one)) {
                any = true;
                line(boundary, out);
                write(one, out, depth + 1);
                line("", out);
            }
        }
        if (!any) {
            // A multipart has at least one part (RFC 2046 section 5.1.1).
            line(boundary, out);
            line("", out);
            line("", out);
        }
        line(boundary + "--", out);
    }

    private static void writeHeader(List<String> lines, OutputStream out) throws IOException {
        for (String line : lines) {
            line(line, out);
        }
    }

    private static void line(String text, OutputStream out) throws IOException {
        out.write((text + "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        octets.close();
        Files.deleteIfExists(file);
    }
}
