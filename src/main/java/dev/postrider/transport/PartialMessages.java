package dev.postrider.transport;

import dev.postrider.route.TestResult.Step;
import jakarta.mail.MessagingException;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A message in parts of the type {@code message/partial} (RFC 2046 section 5.2.2), divided at ends of lines. The bodies
 * of the parts one after the other are the message, octet for octet, its header among them. In front of each part is a
 * header of its own, with the message's fields but those that section 5.2.2.1 says belong to what is inside.
 *
 * <p>Such a part must be of 7 bits, so a message with octets above 127 is not divided.
 */
final class PartialMessages {
    private static final Set<String> INSIDE = Set.of("subject", "message-id", "encrypted", "mime-version");
    /** What the fields of a part's own may have more than they have for part 1 of 1. */
    private static final int DIGITS = 4 * 10;

    private final MessageContent message;
    private final String id;
    private final List<String> lines;

    private PartialMessages(MessageContent message, String id, List<String> lines) {
        this.message = message;
        this.id = id;
        this.lines = lines;
    }

    /** Hands over one part. */
    @FunctionalInterface
    interface Sending {
        Map<String, Verdict> send(Envelope envelope, MessageContent part) throws RefusedException;
    }

    /**
     * Sends a message in parts. Whoever does not get one of them gets none of those that follow, and the verdict about
     * it is the one about the message.
     *
     * @param most octets of a part
     * @throws RefusedException if it cannot be divided so
     */
    static Map<String, Verdict> send(Envelope envelope, MessageContent message, long most, String id,
            Sending sending) throws RefusedException {
        Map<String, Verdict> verdicts = new LinkedHashMap<>();
        List<String> left = envelope.recipients();
        for (MessageContent part : of(message, most, id)) {
            Map<String, Verdict> given;
            try {
                given = sending.send(envelope.to(left), part);
            } catch (RefusedException e) {
                given = new LinkedHashMap<>();
                for (String recipient : left) {
                    given.put(recipient, e.verdict());
                }
            }
            verdicts.putAll(given);
            left = left.stream().filter(recipient -> verdicts.get(recipient) instanceof Verdict.Accepted).toList();
            if (left.isEmpty()) {
                break;
            }
        }
        return verdicts;
    }

    /**
     * The parts of a message.
     *
     * @param most octets of a part
     * @param id   by which they belong together
     * @throws RefusedException if it cannot be divided so
     */
    static List<MessageContent> of(MessageContent message, long most, String id) throws RefusedException {
        try {
            PartialMessages parts = new PartialMessages(message, id, MessageHeader.of(message).lines());
            List<Long> ends = parts.ends(most - parts.header(1, 1).length - DIGITS);
            List<MessageContent> all = new ArrayList<>();
            for (int i = 0; i < ends.size(); i++) {
                all.add(part(message, parts.header(i + 1, ends.size()), i == 0 ? 0 : ends.get(i - 1), ends.get(i)));
            }
            return all;
        } catch (IOException | MessagingException e) {
            throw new RefusedException(Step.MessageRejected,
                    "the message could not be read: " + e.getMessage() + "; it will be tried again");
        }
    }

    /** Where parts end that have this many octets at most. */
    private List<Long> ends(long most) throws IOException, RefusedException {
        List<Long> ends = new ArrayList<>();
        long start = 0;
        long lastLine = 0;
        long position = 0;
        try (InputStream in = new BufferedInputStream(message.open(), 64 * 1024)) {
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                if (octet > 127) {
                    throw indivisible("5.6.3", "it has octets above 127 (RFC 2046 section 5.2.2); send it encoded as "
                            + "quoted-printable or base64");
                }
                position++;
                if (position - start > most) {
                    if (lastLine == start) {
                        throw indivisible("5.3.4", "a line of it, or its header, is larger than a part may be");
                    }
                    ends.add(lastLine);
                    start = lastLine;
                }
                if (octet == '\n') {
                    lastLine = position;
                }
            }
        }
        ends.add(position);
        return ends;
    }

    private static RefusedException indivisible(String status, String why) {
        return new RefusedException(new Verdict.Refused(Step.MessageRejected, true, status,
                Step.MessageRejected + ": the message is too large for one piece, and cannot be sent in parts ("
                        + status
                        + "), since " + why));
    }

    private byte[] header(int number, int total) {
        List<String> fields = new ArrayList<>();
        String subject = "Subject:";
        for (String line : lines) {
            int colon = line.indexOf(':');
            String name = line.substring(0, Math.max(colon, 0)).strip().toLowerCase(Locale.ROOT);
            if (name.equals("subject")) {
                subject = line;
            } else if (!INSIDE.contains(name) && !name.startsWith("content-")) {
                fields.add(line);
            }
        }
        fields.add("%s (part %d of %d)".formatted(subject, number, total));
        fields.add("Message-ID: <part%d.%s>".formatted(number, id));
        fields.add("MIME-Version: 1.0");
        fields.add("Content-Type: message/partial; id=\"%s\";\r\n\tnumber=%d; total=%d".formatted(id, number, total));
        return MessageHeader.octets(fields);
    }

    private static MessageContent part(MessageContent message, byte[] header, long from, long to) {
        return new MessageContent() {
            @Override
            public long size() {
                return header.length + to - from;
            }

            @Override
            public InputStream open() throws IOException {
                InputStream all = message.open();
                all.skipNBytes(from);
                return new SequenceInputStream(new ByteArrayInputStream(header), new FirstOctets(all, to - from));
            }
        };
    }
}
