package dev.postrider.message.change;

import dev.postrider.message.FirstOctets;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.header.HeaderFields;
import dev.postrider.message.header.MessageLines;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A message in parts of the type {@code message/partial} (RFC 2046 section 5.2.2), divided at ends of lines. The bodies
 * of the parts one after the other are the message, octet for octet, its header among them. In front of each part is a
 * header of its own, with the message's fields but those that section 5.2.2.1 says belong to what is inside.
 *
 * <p>Such a part must be of 7 bits, so a message with octets above 127 is not divided.
 */
public final class PartialMessages {
    private static final Set<String> INSIDE = Set.of("subject", "message-id", "encrypted", "mime-version");
    /** What the fields of a part's own may have more than they have for part 1 of 1. */
    private static final int DIGITS = 4 * 10;
    /** Octets of fields that each part repeats. */
    private static final int MOST_OF_HEADER = 64 * 1024;
    private static final int MOST_PARTS = 1000;

    private final MessageContent message;
    private final String id;
    private final long most;
    private final StringBuilder fields = new StringBuilder();
    private final StringBuilder subject = new StringBuilder();

    private PartialMessages(MessageContent message, String id, long most) throws IOException, MessageException {
        this.message = message;
        this.id = id;
        this.most = most;
        try (MessageLines lines = new MessageLines(message)) {
            readHeader(lines);
        }
    }

    /**
     * The parts of a message.
     *
     * @param most octets of a part
     * @param id   by which they belong together
     * @throws MessageException if it cannot be divided so
     */
    public static List<MessageContent> of(MessageContent message, long most, String id) throws MessageException {
        try {
            PartialMessages parts = new PartialMessages(message, id, most);
            List<Long> ends = parts.ends();
            return IntStream.rangeClosed(1, ends.size())
                    .<MessageContent>mapToObj(number -> parts.part(number, ends))
                    .toList();
        } catch (IOException e) {
            throw MessageException.unreadable(e);
        }
    }

    /** Reads the fields that stand in front of each part. */
    private void readHeader(MessageLines lines) throws IOException, MessageException {
        HeaderFields header = new HeaderFields(lines, MOST_OF_HEADER);
        while (header.next()) {
            String name = header.name();
            boolean repeated = name.equals("subject") || !INSIDE.contains(name) && !name.startsWith("content-");
            String field = new String(header.octets(), StandardCharsets.ISO_8859_1);
            if (name.equals("subject")) {
                subject.setLength(0);
                subject.append(field);
            } else if (repeated) {
                fields.append(field);
            }
            if (repeated && !header.isWhole()
                    || fields.length() + subject.length() > Math.min(MOST_OF_HEADER, most / 2)) {
                throw indivisible("5.3.4", ("its header, which stands in front of each part, has more than %d octets, "
                        + "which is half of a part or what is repeated at most")
                        .formatted(Math.min(MOST_OF_HEADER, most / 2)));
            }
        }
    }

    /** Where parts end. */
    private List<Long> ends() throws IOException, MessageException {
        long room = most - header(1, 1).length - DIGITS;
        List<Long> ends = new ArrayList<>();
        long start = 0;
        try (MessageLines lines = new MessageLines(message)) {
            while (lines.next(0)) {
                if (!lines.isAscii()) {
                    throw indivisible("5.6.3", "it has octets above 127 (RFC 2046 section 5.2.2); send it encoded as "
                            + "quoted-printable or base64");
                }
                if (lines.end() - start > room) {
                    if (lines.start() > start) {
                        ends.add(lines.start());
                        start = lines.start();
                    }
                    if (lines.end() - start > room) {
                        throw indivisible("5.3.4", "a line of it, or its header, is larger than a part may be");
                    }
                    if (ends.size() == MOST_PARTS) {
                        throw indivisible("5.3.4", "that would be more than %d parts".formatted(MOST_PARTS));
                    }
                }
            }
            ends.add(lines.end());
        }
        return ends;
    }

    private static MessageException indivisible(String status, String why) {
        return MessageException.permanent(status,
                "the message is too large for one piece, and cannot be sent in parts ("
                        + status
                        + "), since " + why);
    }

    private byte[] header(int number, int total) {
        String title = subject.toString().stripTrailing();
        return (fields + "%s (part %d of %d)\r\n".formatted(title.isEmpty() ? "Subject:" : title, number, total)
                + "Message-ID: <part%d.%s>\r\n".formatted(number, id) + "MIME-Version: 1.0\r\n"
                + "Content-Type: message/partial; id=\"%s\";\r\n\tnumber=%d; total=%d\r\n\r\n".formatted(id, number,
                        total))
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Its header is made when it is read, for there may be many parts. */
    private MessageContent part(int number, List<Long> ends) {
        long from = number == 1 ? 0 : ends.get(number - 2);
        long to = ends.get(number - 1);
        int header = header(number, ends.size()).length;
        return new MessageContent() {
            @Override
            public long size() {
                return header + to - from;
            }

            @Override
            public InputStream open() throws IOException {
                InputStream all = message.open();
                all.skipNBytes(from);
                return new SequenceInputStream(new ByteArrayInputStream(header(number, ends.size())),
                        new FirstOctets(all, to - from));
            }
        };
    }
}
