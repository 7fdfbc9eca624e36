package dev.postrider.transport;

import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.AsciiForms.NoneException;
import dev.postrider.transport.PatchedMessage.Patch;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.ContentType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Makes of a message with headers of RFC 6532 one for servers without SMTPUTF8 (RFC 6531): its own fields and those of
 * its parts in ASCII, if they have such a form, and all else as it is. What is in {@code message/rfc822} is left alone,
 * for there nothing but ASCII was allowed to begin with. The message is read once; fields that change stand in memory.
 */
final class DowngradedMessage {
    /** Of header fields that are held: one at a time, and all that change. */
    private static final int MOST_HELD = 1024 * 1024;
    /** Of a line in a body: more than a delimiter has (RFC 2046 section 5.1.1). */
    private static final int MOST_OF_LINE = 512;
    private static final int DEEPEST = 100;
    private static final Set<String> ENCODINGS = Set.of("base64", "quoted-printable");

    private final MessageLines lines;
    private final List<Patch> patches = new ArrayList<>();
    private final Deque<Multipart> open = new ArrayDeque<>();
    private int held;

    /** @param signed whether what is in it must not change */
    private record Multipart(String boundary, boolean signed) {}

    private DowngradedMessage(MessageLines lines) {
        this.lines = lines;
    }

    /**
     * The message in ASCII, but for the bodies of its parts.
     *
     * @throws RefusedException with 5.6.7 if there is none
     */
    static MessageContent of(MessageContent message) throws RefusedException {
        try (MessageLines lines = new MessageLines(message)) {
            DowngradedMessage downgraded = new DowngradedMessage(lines);
            downgraded.read();
            return downgraded.patches.isEmpty() ? message : new PatchedMessage(message, downgraded.patches);
        } catch (IOException e) {
            throw new RefusedException(Step.MessageRejected,
                    "the message could not be read: " + e.getMessage() + "; it will be tried again");
        }
    }

    /** That something cannot be said without SMTPUTF8. */
    static Verdict.Refused refused(Step step, String why) {
        return new Verdict.Refused(step, true, "5.6.7", step + ": the server does not take SMTPUTF8 (RFC 6531), which "
                + "is needed since " + why + " (5.6.7); use addresses in ASCII, or another server");
    }

    private static RefusedException refusal(String why) {
        return new RefusedException(refused(Step.MessageRejected, why));
    }

    private void read() throws IOException, RefusedException {
        boolean more = header(false);
        while (more) {
            more = !open.isEmpty() && isDelimiter() ? header(open.peek().signed) : lines.next(MOST_OF_LINE);
            if (open.isEmpty()) {
                return;
            }
        }
    }

    /**
     * Whether the line begins a part. The boundaries of multiparts within the one that it belongs to are forgotten,
     * and that one's too if the line ends it.
     */
    private boolean isDelimiter() {
        if (lines.first() != '-') {
            return false;
        }
        String line = new String(lines.octets(), StandardCharsets.ISO_8859_1).stripTrailing();
        int depth = 0;
        for (Iterator<Multipart> all = open.iterator(); all.hasNext(); depth++) {
            String delimiter = "--" + all.next().boundary;
            boolean ends = line.equals(delimiter + "--");
            if (ends || line.equals(delimiter)) {
                for (int i = ends ? -1 : 0; i < depth; i++) {
                    open.pop();
                }
                return !ends;
            }
        }
        return false;
    }

    /**
     * Reads the header that begins with the next line, up to the line that ends it or follows it.
     *
     * @return whether there is such a line, at which the lines now stand
     */
    private boolean header(boolean signed) throws IOException, RefusedException {
        Header header = new Header(signed);
        boolean more = lines.next(MOST_HELD);
        while (more && !lines.isEmpty() && (lines.isField() || (header.began && isFold()))) {
            if (lines.isField()) {
                header.endField();
            }
            header.add();
            more = lines.next(MOST_HELD);
        }
        header.endField();
        header.enter();
        return more;
    }

    private boolean isFold() {
        return lines.first() == ' ' || lines.first() == '\t';
    }

    /** Of the message, or of one of its parts. */
    private final class Header {
        private final boolean signed;
        private final ByteArrayOutputStream field = new ByteArrayOutputStream();
        private long start;
        private long end;
        private boolean began;
        private boolean beyondAscii;
        private String contentType = "";
        private String encoding = "";

        Header(boolean signed) {
            this.signed = signed;
        }

        void add() throws RefusedException {
            if (field.size() == 0) {
                start = lines.start();
            }
            byte[] line = lines.octets();
            if (field.size() + line.length >= MOST_HELD) {
                throw refusal("a header field has more than %d octets".formatted(MOST_HELD));
            }
            field.writeBytes(line);
            end = lines.end();
            began = true;
            for (byte octet : line) {
                beyondAscii |= octet < 0;
            }
        }

        void endField() throws RefusedException {
            if (field.size() == 0) {
                return;
            }
            byte[] octets = field.toByteArray();
            String text = new String(octets, StandardCharsets.UTF_8);
            String name = text.substring(0, text.indexOf(':')).strip();
            if (name.equalsIgnoreCase("Content-Type")) {
                contentType = body(text);
            } else if (name.equalsIgnoreCase("Content-Transfer-Encoding")) {
                encoding = body(text).toLowerCase(Locale.ROOT);
            }
            if (beyondAscii) {
                change(name.replaceAll("[^!-~]", "?"), octets);
            }
            field.reset();
            beyondAscii = false;
        }

        private static String body(String field) {
            return field.substring(field.indexOf(':') + 1).replaceAll("\r?\n", "").strip();
        }

        private void change(String name, byte[] octets) throws RefusedException {
            if (signed) {
                throw refusal("field " + name + " of a signed part cannot be written in ASCII without breaking the "
                        + "signature");
            }
            try {
                String ascii = AsciiForms.field(octets);
                held += ascii.length();
                patches.add(new Patch(start, end, ascii));
            } catch (NoneException e) {
                throw refusal("field " + name + " cannot be written in ASCII: " + e.getMessage());
            }
            if (held > MOST_HELD) {
                throw refusal("its header fields beyond ASCII have more than %d octets".formatted(MOST_HELD));
            }
        }

        /** Looks for the parts, if there are such. */
        void enter() throws RefusedException {
            Optional<ContentType> type = type();
            if (type.filter(t -> t.match("message/global")).isPresent() && !ENCODINGS.contains(encoding)) {
                throw refusal("it holds a message of the type message/global (RFC 6532 section 3.7)");
            }
            Optional<String> boundary = type.filter(t -> t.match("multipart/*"))
                    .flatMap(t -> Optional.ofNullable(t.getParameter("boundary")));
            if (boundary.isPresent()) {
                if (open.size() == DEEPEST) {
                    throw refusal("its parts are nested more than " + DEEPEST + " times");
                }
                open.push(new Multipart(boundary.get(), signed || type.get().match("multipart/signed")));
            }
        }

        private Optional<ContentType> type() {
            try {
                return contentType.isEmpty() ? Optional.empty() : Optional.of(new ContentType(contentType));
            } catch (MessagingException e) {
                return Optional.empty();
            }
        }
    }
}
