package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.header.AsciiForms;
import dev.postrider.message.header.MessageHeader;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.TestResult.Step;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.InternetHeaders;
import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.IDN;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Puts the recipients of an envelope into the header, for a server that has no envelope and sends to those whom To, Cc
 * and Bcc name.
 *
 * <p>Recipients that the header does not name go into Bcc, which Exchange Online shows to nobody else. Those that it
 * names and that are not recipients are taken out of To and Cc; the fields as they were are kept under the names
 * {@value #ORIGINAL}To and {@value #ORIGINAL}Cc, which are no recipients. A message that names exactly its recipients
 * passes octet for octet, and nothing but these fields is ever changed.
 */
final class GraphRecipients {
    static final String ORIGINAL = "Postrider-Original-";

    /** Exchange Online takes 500 recipients where the administrator has not set another limit. */
    static final int MOST = 500;
    /** Of a field that is read. */
    private static final int MOST_OF_ADDRESSES = 128 * 1024;

    /**
     * What is sent in one go.
     *
     * @param recipients as the envelope has them
     * @param message    whose header names exactly these
     */
    record Group(List<String> recipients, MessageContent message) {}

    private final Envelope envelope;
    private final MessageContent message;
    private final MessageHeader header;

    private GraphRecipients(Envelope envelope, MessageContent message, MessageHeader header) {
        this.envelope = envelope;
        this.message = message;
        this.header = header;
    }

    /**
     * The messages that bring this one to the recipients of its envelope, and to nobody else.
     *
     * @throws RefusedException if the message cannot be read
     */
    static List<Group> of(Envelope envelope, MessageContent message) throws RefusedException {
        try {
            return new GraphRecipients(envelope, message, MessageHeader.of(message)).groups(MOST);
        } catch (MessageException e) {
            throw RefusedException.of(Step.MessageRejected, e);
        } catch (IOException | MessagingException e) {
            throw new RefusedException(Step.MessageRejected,
                    "the message could not be read: " + e.getMessage() + "; it will be tried again");
        }
    }

    private List<Group> groups(int most) throws MessagingException {
        Map<String, String> wanted = new LinkedHashMap<>();
        envelope.recipients().forEach(recipient -> wanted.putIfAbsent(canonical(recipient), recipient));
        Set<String> named = named();
        if (named.equals(wanted.keySet()) && wanted.size() <= most) {
            return List.of(new Group(envelope.recipients(), message));
        }
        // Those whom the header names share a message as far as possible, so that they can answer each other.
        List<String> order = new ArrayList<>(wanted.keySet().stream().filter(named::contains).toList());
        wanted.keySet().stream().filter(recipient -> !named.contains(recipient)).forEach(order::add);
        List<Group> groups = new ArrayList<>();
        for (int i = 0; i < order.size(); i += most) {
            List<String> some = order.subList(i, Math.min(order.size(), i + most));
            Set<String> group = new LinkedHashSet<>(some);
            groups.add(new Group(envelope.recipients().stream().filter(r -> group.contains(canonical(r))).toList(),
                    to(some.stream().map(wanted::get).toList())));
        }
        return groups;
    }

    private Set<String> named() throws MessagingException {
        Set<String> named = new LinkedHashSet<>();
        for (String field : List.of("To", "Cc", "Bcc")) {
            addresses(field).forEach(address -> named.add(canonical(address.getAddress())));
        }
        return named;
    }

    private MessageContent to(List<String> recipients) throws MessagingException {
        Map<String, String> unnamed = new LinkedHashMap<>();
        recipients.forEach(recipient -> unnamed.put(canonical(recipient), recipient));
        Set<String> wanted = Set.copyOf(unnamed.keySet());
        InternetHeaders fields = header.fields();
        for (String field : List.of("To", "Cc")) {
            List<InternetAddress> before = addresses(field);
            List<InternetAddress> after = before.stream()
                    .filter(address -> wanted.contains(canonical(address.getAddress())))
                    .toList();
            after.forEach(address -> unnamed.remove(canonical(address.getAddress())));
            if (after.size() < before.size()) {
                fields.setHeader(ORIGINAL + field, fields.getHeader(field, ","));
                put(fields, field, after);
            }
        }
        put(fields, "Bcc", addresses(unnamed.values()));
        byte[] start = MessageHeader.octets(Collections.list(fields.getAllHeaderLines()));
        return new MessageContent() {
            @Override
            public long size() {
                return start.length + message.size() - header.length();
            }

            @Override
            public InputStream open() throws IOException {
                InputStream rest = message.open();
                rest.skipNBytes(header.length());
                return new SequenceInputStream(new ByteArrayInputStream(start), rest);
            }
        };
    }

    private static List<InternetAddress> addresses(Iterable<String> recipients) {
        List<InternetAddress> addresses = new ArrayList<>();
        for (String recipient : recipients) {
            InternetAddress address = new InternetAddress();
            address.setAddress(recipient);
            addresses.add(address);
        }
        return addresses;
    }

    private static void put(InternetHeaders fields, String field, List<InternetAddress> addresses) {
        if (addresses.isEmpty()) {
            fields.removeHeader(field);
        } else {
            fields.setHeader(field, InternetAddress.toString(addresses.toArray(Address[]::new), field.length() + 2));
        }
    }

    /** The addresses of a field, those in groups among them. */
    private List<InternetAddress> addresses(String field) throws MessagingException {
        String value = header.fields().getHeader(field, ",");
        if (value == null) {
            return List.of();
        }
        List<InternetAddress> addresses = new ArrayList<>();
        for (InternetAddress address : parse(MimeUtility.unfold(value))) {
            if (address.isGroup()) {
                addresses.addAll(List.of(address.getGroup(false)));
            } else {
                addresses.add(address);
            }
        }
        return addresses;
    }

    /** What cannot be read names nobody: better a recipient in Bcc than a mail to a stranger. */
    private static InternetAddress[] parse(String value) {
        try {
            if (value.length() <= MOST_OF_ADDRESSES && AsciiForms.closesBrackets(value)) {
                return InternetAddress.parseHeader(value, false);
            }
            throw new AddressException("too long, or a bracket or quote does not close");
        } catch (AddressException e) {
            InternetAddress none = new InternetAddress();
            none.setAddress(value);
            return new InternetAddress[]{none};
        }
    }

    /** Who is meant, with quotes or without: Exchange tells neither upper from lower case nor a domain from its ASCII form (RFC 5891). */
    private static String canonical(String address) {
        int at = address.lastIndexOf('@');
        if (at < 0) {
            return address.toLowerCase(Locale.ROOT);
        }
        String domain = address.substring(at + 1);
        try {
            domain = IDN.toASCII(domain, IDN.ALLOW_UNASSIGNED);
        } catch (IllegalArgumentException e) {
            // It stays as it is, and matches what is written the same.
        }
        return (CanonicalAddress.of(address).localPart() + "@" + domain).toLowerCase(Locale.ROOT);
    }
}
