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
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/**
 * The parts of a message, some of which can be left out; what stays is octet for octet as it was. Parts that belong
 * together by a signature or encryption (RFC 1847), and reports (RFC 6522), are one.
 *
 * <p>The message is in a temporary file meanwhile, which goes with {@link #close}.
 */
public final class MessageParts implements AutoCloseable {
    private static final Set<String> WHOLE = Set.of("signed", "encrypted", "report");
    /** Deeper than this, what is inside of a part is left as it is. */
    private static final int DEEPEST = 20;
    private static final String[] OF_THE_CONTENT = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
            "Content-ID", "Content-Description", "Content-Location", "Content-MD5", "Content-Language"};

    private final Path file;
    private final SharedFileInputStream octets;
    private final MimeMessage message;
    private final List<Leaf> leaves = new ArrayList<>();

    private MessageParts(Path file) throws IOException, MessagingException {
        this.file = file;
        this.octets = new SharedFileInputStream(file.toFile());
        try {
            Properties settings = new Properties();
            settings.setProperty("mail.mime.allowutf8", "true");
            this.message = new MimeMessage(Session.getInstance(settings), octets);
            collect(message, "", true, 0);
        } catch (IOException | MessagingException | RuntimeException e) {
            octets.close();
            throw e;
        }
    }

    /**
     * A part with nothing in it that could be left out on its own.
     *
     * @param number its place in the message, from 0
     * @param within the kind of multipart that it is in, as {@code mixed}; empty if it is the message
     * @param first  whether it is the first in there
     */
    public record Leaf(int number, MimePart part, String within, boolean first) {

        /** Its file name, decoded but otherwise as it came; empty if it cannot be read. */
        public Optional<String> fileName() {
            return name().map(name -> {
                try {
                    return MimeUtility.decodeText(name);
                } catch (UnsupportedEncodingException e) {
                    return name;
                }
            });
        }

        private Optional<String> name() {
            try {
                return Optional.ofNullable(part.getFileName());
            } catch (MessagingException e) {
                return Optional.empty();
            }
        }

        /** Without parameters, as {@code image/png}. */
        public String contentType() throws MessagingException {
            try {
                return new ContentType(part.getContentType()).getBaseType().toLowerCase(Locale.ROOT);
            } catch (MessagingException e) {
                return "application/octet-stream";
            }
        }

        /** By which the text refers to it (RFC 2392), without angle brackets. */
        public Optional<String> contentId() throws MessagingException {
            return Optional.ofNullable(part.getContentID())
                    .map(id -> id.strip().replaceAll("^<|>$", ""))
                    .filter(id -> !id.isEmpty());
        }

        /** Whether it says that it is an attachment. */
        public boolean isDeclaredAttachment() throws MessagingException {
            return disposition().equals("attachment");
        }

        /** The word that Content-Disposition begins with, in lower case; what follows need not be well-formed. */
        public String disposition() throws MessagingException {
            String[] field = part.getHeader("Content-Disposition");
            return field == null || field.length == 0
                    ? ""
                    : field[0].split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        }

        /** Whether it is what people read. */
        public boolean isText() throws MessagingException {
            return (part.isMimeType("text/plain") || part.isMimeType("text/html")) && name().isEmpty()
                    && !isDeclaredAttachment();
        }

        /** Whether it is signed or encrypted, so that it is worth nothing without what is in it. */
        public boolean isSealed() throws MessagingException {
            return part.isMimeType("multipart/signed") || part.isMimeType("multipart/encrypted")
                    || part.isMimeType("application/pkcs7-mime") || part.isMimeType("application/x-pkcs7-mime");
        }
    }

    /**
     * Finds the parts of a message.
     *
     * @throws IOException        if it cannot be read, or there is no room for the temporary file
     * @throws MessagingException if it is not built as MIME has it
     */
    public static MessageParts of(MessageContent content) throws IOException, MessagingException {
        Path file = Files.createTempFile("postrider-", ".eml");
        try {
            try (InputStream in = content.open()) {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            }
            return new MessageParts(file);
        } catch (IOException | MessagingException | RuntimeException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private void collect(MimePart part, String within, boolean first, int depth)
            throws IOException, MessagingException {
        if (isOpened(part, depth)) {
            MimeMultipart parts = (MimeMultipart) part.getContent();
            String kind = subType(part);
            for (int i = 0; i < parts.getCount(); i++) {
                collect((MimeBodyPart) parts.getBodyPart(i), kind, i == 0, depth + 1);
            }
        } else {
            leaves.add(new Leaf(leaves.size(), part, within, first));
        }
    }

    private static boolean isOpened(MimePart part, int depth) throws MessagingException {
        return depth < DEEPEST && part.isMimeType("multipart/*") && !WHOLE.contains(subType(part))
                && new ContentType(part.getContentType()).getParameter("boundary") != null;
    }

    private static String subType(MimePart part) throws MessagingException {
        return new ContentType(part.getContentType()).getSubType().toLowerCase(Locale.ROOT);
    }

    /** All parts, in their order. */
    public List<Leaf> leaves() {
        return List.copyOf(leaves);
    }

    /** Writes the message without some of its parts. */
    void write(OutputStream out, Set<MimePart> without) throws IOException, MessagingException {
        if (without.contains(message)) {
            writeHeader(Collections.list(message.getNonMatchingHeaderLines(OF_THE_CONTENT)), out);
            line("", out);
        } else {
            write(message, without, new byte[0], out, 0);
        }
    }

    /**
     * Writes the message without some of its parts and with another at its end.
     *
     * @param added    header and body of that part
     * @param boundary for where the message is not yet of several parts in a row (multipart/mixed)
     */
    public void write(OutputStream out, Set<MimePart> without, byte[] added, String boundary)
            throws IOException, MessagingException {
        if (isOpened(message, 0) && subType(message).equals("mixed")) {
            write(message, without, added, out, 0);
            return;
        }
        writeHeader(Collections.list(message.getNonMatchingHeaderLines(OF_THE_CONTENT)), out);
        if (message.getHeader("MIME-Version") == null) {
            line("MIME-Version: 1.0", out);
        }
        if (without.contains(message) || isEmptied(message, without, 0)) {
            out.write(added);
            return;
        }
        line("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"", out);
        line("", out);
        line("--" + boundary, out);
        writeHeader(Collections.list(message.getMatchingHeaderLines(OF_THE_CONTENT)), out);
        line("", out);
        writeBody(message, without, new byte[0], out, 0);
        line("", out);
        end(added, "--" + boundary, out);
    }

    private static boolean isChanged(MimePart part, Set<MimePart> without, int depth)
            throws IOException, MessagingException {
        if (!isOpened(part, depth)) {
            return false;
        }
        MimeMultipart parts = (MimeMultipart) part.getContent();
        for (int i = 0; i < parts.getCount(); i++) {
            MimeBodyPart one = (MimeBodyPart) parts.getBodyPart(i);
            if (without.contains(one) || isChanged(one, without, depth + 1)) {
                return true;
            }
        }
        return false;
    }

    /** Whether nothing of it is left. */
    private static boolean isEmptied(MimePart part, Set<MimePart> without, int depth)
            throws IOException, MessagingException {
        if (!isOpened(part, depth)) {
            return without.contains(part);
        }
        MimeMultipart parts = (MimeMultipart) part.getContent();
        for (int i = 0; i < parts.getCount(); i++) {
            if (!isEmptied((MimeBodyPart) parts.getBodyPart(i), without, depth + 1)) {
                return false;
            }
        }
        return parts.getCount() > 0;
    }

    private static void write(MimePart part, Set<MimePart> without, byte[] added, OutputStream out, int depth)
            throws IOException, MessagingException {
        writeHeader(Collections.list(part.getAllHeaderLines()), out);
        line("", out);
        writeBody(part, without, added, out, depth);
    }

    private static void writeBody(MimePart part, Set<MimePart> without, byte[] added, OutputStream out, int depth)
            throws IOException, MessagingException {
        if (added.length == 0 && !isChanged(part, without, depth)) {
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
            if (!isEmptied(one, without, depth + 1)) {
                any = true;
                line(boundary, out);
                write(one, without, new byte[0], out, depth + 1);
                line("", out);
            }
        }
        if (added.length > 0 || !any) {
            // A multipart has at least one part (RFC 2046 section 5.1.1): an empty one, if there is nothing else.
            end(added.length > 0 ? added : new byte[]{'\r', '\n'}, boundary, out);
        } else {
            line(boundary + "--", out);
        }
    }

    private static void end(byte[] added, String boundary, OutputStream out) throws IOException {
        line(boundary, out);
        out.write(added);
        line("", out);
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
