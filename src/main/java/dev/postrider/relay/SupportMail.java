package dev.postrider.relay;

import dev.postrider.message.change.MessageParts;
import dev.postrider.message.header.AddressField;
import dev.postrider.message.header.HeaderFilter;
import dev.postrider.message.header.MailboxList;
import dev.postrider.message.header.SingleMailbox;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.Address;
import dev.postrider.route.Support;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Makes mail to {@value Support#RECIPIENT} mail to those who help: it is addressed to them, says whom to answer, and has
 * files attached. The message itself is not changed: with files it becomes the first part of another one (RFC 2046
 * section 5.1.3), so that a signature in it stays good.
 */
final class SupportMail extends HeaderFilter {
    private static final int MOST_OF_FIELD = 16_384;
    private static final int MOST_HELD = 64 * 1024;
    private static final int MOST_FIELDS = 64;
    private static final int ENCODED_LINE = 76;
    private static final byte[] LINE_END = {'\r', '\n'};
    private static final String TO = "to";
    private static final String REPLY_TO = "reply-to";
    private static final String VERSION = "mime-version";
    private static final String ENCODING = "content-transfer-encoding";
    private static final String CONTENT = "content-";

    private final Support support;
    private final List<File> files;
    private final String boundary;
    /** What is held, by the names of the fields: with files, what tells of the content belongs to the first part. */
    private final Map<String, byte[]> held = new LinkedHashMap<>();
    private final ByteArrayOutputStream field = new ByteArrayOutputStream();
    private Optional<String> name = Optional.empty();
    private int nameLength;
    private int heldOctets;

    /**
     * A file to attach.
     *
     * @param name ASCII
     * @param type    as {@code text/plain}; its charset is UTF-8
     */
    record File(String name, String type, String content) {}

    SupportMail(OutputStream out, Support support, List<File> files, RandomGenerator random) {
        super(out);
        this.support = support;
        this.files = files;
        byte[] unguessable = new byte[16];
        random.nextBytes(unguessable);
        this.boundary = "support-" + HexFormat.of().formatHex(unguessable);
    }

    @Override
    protected void field(String fieldName, byte[] start, int count) throws IOException {
        endField();
        if (isHeld(fieldName)) {
            name = Optional.of(fieldName);
            nameLength = count;
            field.write(start, 0, count);
        } else {
            out.write(start, 0, count);
        }
    }

    private boolean isHeld(String fieldName) {
        return fieldName.equals(TO) || fieldName.equals(REPLY_TO)
                || !files.isEmpty() && (fieldName.equals(VERSION) || fieldName.startsWith(CONTENT));
    }

    @Override
    protected void body(byte[] octets, int offset, int count) throws IOException {
        if (name.isEmpty()) {
            out.write(octets, offset, count);
        } else if (field.size() + count > MOST_OF_FIELD) {
            throw refused("field " + name.get() + " of mail to support is longer than " + MOST_OF_FIELD + " octets");
        } else {
            field.write(octets, offset, count);
        }
    }

    private void endField() throws IOException {
        if (name.isPresent()) {
            heldOctets += field.size();
            if (heldOctets > MOST_HELD || held.size() == MOST_FIELDS) {
                throw refused(
                        "mail to support has more than %d octets, or %d fields, of To, Reply-To and Content fields"
                                .formatted(MOST_HELD, MOST_FIELDS));
            }
            if (held.put(name.get(), field.toByteArray()) != null && !name.get().equals(TO)) {
                throw refused("mail to support has several " + name.get() + " fields");
            }
            if (name.get().equals(REPLY_TO) && MailboxList.parse(value()).filter(all -> all.size() == 1).isEmpty()) {
                held.put(REPLY_TO, SingleMailbox.parse(value())
                        .map(mailbox -> AddressField.write("Reply-To", mailbox))
                        .orElseThrow(
                                () -> refused("Reply-To of mail to support must be one address, of who wrote it")));
            }
            field.reset();
            name = Optional.empty();
        }
    }

    private byte[] value() {
        byte[] octets = field.toByteArray();
        return Arrays.copyOfRange(octets, nameLength, octets.length);
    }

    private static RefusedException refused(String text) {
        return new RefusedException(new Refusal(550, "5.6.0", text));
    }

    @Override
    protected void endOfHeader(boolean separated) throws IOException {
        endField();
        out.write(AddressField.write("To", new Address(support.address(), Optional.empty())));
        byte[] replyTo = held.get(REPLY_TO);
        if (replyTo != null) {
            out.write(replyTo);
        } else if (support.answersTo().isPresent()) {
            out.write(AddressField.write("Reply-To", support.answersTo().get()));
        }
        if (!files.isEmpty()) {
            beginParts();
        }
    }

    private void beginParts() throws IOException {
        write("MIME-Version: 1.0");
        if (isEightBit()) {
            write("Content-Transfer-Encoding: 8bit");
        }
        write("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"");
        write("");
        write("--" + boundary);
        for (Map.Entry<String, byte[]> entry : held.entrySet()) {
            if (entry.getKey().startsWith(CONTENT)) {
                out.write(entry.getValue());
            }
        }
        // The empty line that ends these fields is the one that ended the message's header.
    }

    /** What holds such parts must say so as well (RFC 2045 section 6.4). */
    private boolean isEightBit() {
        byte[] encoding = held.get(ENCODING);
        return encoding != null
                && new String(encoding, StandardCharsets.ISO_8859_1).matches("(?is).*:\\s*(8bit|binary)\\s*");
    }

    /** Whether an address that was put in needs SMTPUTF8. */
    boolean isInternational() {
        return AddressField.isInternational(support.address()) || !held.containsKey(REPLY_TO) && support.answersTo()
                .filter(answers -> AddressField.isInternational(answers.address()))
                .isPresent();
    }

    /** Ends the message, after {@link #finish}. */
    void attach() throws IOException {
        for (File file : files) {
            write("");
            write("--" + boundary);
            write("Content-Type: " + file.type());
            write("Content-Disposition: attachment; filename=\"" + file.name() + "\"");
            write("Content-Transfer-Encoding: base64");
            // Of the installation, and for those who help alone: a link would open it to whoever has the link.
            write(MessageParts.KEEP_FIELD + ": " + MessageParts.KEPT);
            write("");
            out.write(Base64.getMimeEncoder(ENCODED_LINE, LINE_END)
                    .encode(file.content().getBytes(StandardCharsets.UTF_8)));
        }
        if (!files.isEmpty()) {
            write("");
            write("--" + boundary + "--");
        }
    }

    private void write(String line) throws IOException {
        out.write(line.getBytes(StandardCharsets.UTF_8));
        out.write(LINE_END);
    }
}
