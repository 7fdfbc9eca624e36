package dev.postrider.message.dkim;

import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.Signing;
import dev.postrider.message.change.PatchedMessage.Patch;
import dev.postrider.message.change.PatchedMessage;
import dev.postrider.message.header.HeaderFields;
import dev.postrider.message.header.MailboxList;
import dev.postrider.message.header.MessageLines;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.DkimKey;
import dev.postrider.route.InvalidPemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs messages with an organization's keys (DKIM, RFC 6376), header and body in relaxed form, which survives what
 * servers do to spaces and folds. A message is signed by the keys whose domain its From is of, or of a subdomain. Each
 * is read once for all signatures; its header stands in memory. Safe for threads.
 */
public final class DkimSigners implements Signing {
    /** Octets that a signature adds at most, as a rule. */
    static final int ROOM = 2048;

    private static final Logger LOG = LoggerFactory.getLogger(DkimSigners.class);
    /** Of a header that is looked into, and of those of its fields that are signed. */
    private static final int MOST_HEADER = 1024 * 1024;
    private static final int MOST_SIGNED = 256 * 1024;
    private static final int MOST_FIELDS = 1000;
    private static final int MOST_OF_FROM = 64 * 1024;
    private static final int BLOCK = 16 * 1024;
    private static final int LONGEST_LINE = 76;
    /** Longer than a queue on the way holds a message, and not for ever. */
    private static final Duration VALIDITY = Duration.ofDays(14);
    /**
     * Fields that are signed (RFC 6376 section 5.4.1). Those that are there are named once more than they are, so that
     * none can be added.
     */
    private static final Set<String> SIGNED = Set.of("from", "sender", "reply-to", "subject", "date", "message-id",
            "to",
            "cc", "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding",
            "content-disposition", "content-id", "content-description", "resent-date", "resent-from", "resent-sender",
            "resent-to", "resent-cc", "resent-message-id", "list-id", "list-help", "list-unsubscribe",
            "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive", "auto-submitted");

    private final List<Signer> signers;
    private final InstantSource clock;

    private record Signer(DkimKey key, PrivateKey privateKey, DkimKey.Algorithm algorithm) {}

    /** A field of a header, as octets. */
    private record Field(String name, String relaxed) {}

    /** @param keys those that cannot be used are left out, which whoever makes routes sees to before */
    public DkimSigners(List<DkimKey> keys, InstantSource clock) {
        List<Signer> usable = new ArrayList<>();
        for (DkimKey key : keys) {
            try {
                PrivateKey privateKey = key.key();
                usable.add(new Signer(key, privateKey, DkimKey.algorithm(privateKey)));
            } catch (InvalidPemException e) {
                LOG.error("nothing is signed with {}: {}", key, e.getMessage());
            }
        }
        this.signers = List.copyOf(usable);
        this.clock = clock;
    }

    @Override
    public int room() {
        return signers.size() * ROOM;
    }

    /** Leaves alone what is of another domain, or has no header that can be signed. */
    @Override
    public MessageContent sign(MessageContent message) throws MessageException {
        if (signers.isEmpty()) {
            return message;
        }
        try (MessageLines lines = new MessageLines(message)) {
            List<Field> fields = new ArrayList<>();
            if (!readHeader(lines, fields)) {
                LOG.debug("a message without a readable header is not signed");
                return message;
            }
            List<Signer> aligned = signers.stream().filter(signer -> isAligned(fields, signer.key.domain())).toList();
            if (aligned.isEmpty()) {
                LOG.debug("a message is not signed: its From is not of {}", signers.getFirst().key.domain());
                return message;
            }
            String bodyHash = Base64.getEncoder().encodeToString(bodyHash(message, lines.end()));
            StringBuilder signatures = new StringBuilder();
            for (Signer signer : aligned) {
                signatures.append(signature(signer, fields, bodyHash));
            }
            return new PatchedMessage(message, List.of(new Patch(0, 0, signatures.toString())));
        } catch (IOException e) {
            throw MessageException.unreadable(e);
        }
    }

    /**
     * Reads the fields that are signed.
     *
     * @return whether verifiers will find the same; then the lines stand at the end of the header
     */
    private static boolean readHeader(MessageLines lines, List<Field> fields) throws IOException {
        HeaderFields header = new HeaderFields(lines, MOST_SIGNED);
        int signed = 0;
        while (header.next()) {
            String name = header.name();
            boolean isSigned = SIGNED.contains(name);
            byte[] octets = header.octets();
            if (header.end() > MOST_HEADER || isSigned && !header.isWhole() || hasLoneCarriageReturn(octets)) {
                return false;
            }
            if (isSigned) {
                // In relaxed form (RFC 6376 section 3.4.2).
                fields.add(new Field(name,
                        name + ":" + relaxed(new String(header.body(), StandardCharsets.ISO_8859_1))));
                signed += octets.length;
            }
            if (signed > MOST_SIGNED || fields.size() > MOST_FIELDS) {
                return false;
            }
        }
        return (header.isSeparated() || !header.isFollowed())
                && fields.stream().anyMatch(f -> f.name.equals("from"));
    }

    /** It ends a line once it is sent. */
    private static boolean hasLoneCarriageReturn(byte[] octets) {
        for (int i = 0; i < octets.length; i++) {
            if (octets[i] == '\r' && (i + 1 == octets.length || octets[i + 1] != '\n')) {
                return true;
            }
        }
        return false;
    }

    private static String relaxed(String body) {
        StringBuilder text = new StringBuilder(body.length());
        boolean space = false;
        for (int i = 0; i < body.length(); i++) {
            char c = body.charAt(i);
            if (c == ' ' || c == '\t') {
                space = true;
            } else if (c != '\r' && c != '\n') {
                if (space && !text.isEmpty()) {
                    text.append(' ');
                }
                space = false;
                text.append(c);
            }
        }
        return text.toString();
    }

    /** By the reading of From by which its addresses were checked. */
    private static boolean isAligned(List<Field> fields, String domain) {
        List<Field> from = fields.stream().filter(f -> f.name.equals("from")).toList();
        if (from.size() != 1 || from.getFirst().relaxed.length() > MOST_OF_FROM) {
            return false;
        }
        byte[] octets = from.getFirst().relaxed.substring("from:".length()).getBytes(StandardCharsets.ISO_8859_1);
        return MailboxList.parse(octets)
                .filter(authors -> authors.stream()
                        .map(CanonicalAddress::domain)
                        .allMatch(of -> of.equals(domain) || of.endsWith("." + domain)))
                .isPresent();
    }

    private static byte[] bodyHash(MessageContent message, long start) throws IOException {
        BodyHash hash = new BodyHash();
        byte[] block = new byte[BLOCK];
        try (InputStream in = message.open()) {
            in.skipNBytes(start);
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                hash.add(block, 0, count);
                LargeWork.letOthersOn();
            }
        }
        return hash.end();
    }

    private String signature(Signer signer, List<Field> fields, String bodyHash) {
        List<String> names = new ArrayList<>();
        ByteArrayOutputStream signed = new ByteArrayOutputStream();
        for (String name : fields.stream().map(Field::name).distinct().toList()) {
            // The last of several comes first (RFC 6376 section 5.4.2).
            for (Field field : fields.reversed()) {
                if (field.name.equals(name)) {
                    names.add(name);
                    signed.writeBytes((field.relaxed + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
                }
            }
            names.add(name);
        }
        long now = clock.instant().getEpochSecond();
        StringBuilder field = new StringBuilder("DKIM-Signature: v=1; a=" + signer.algorithm.signatureAlgorithm()
                + "; c=relaxed/relaxed;\r\n\td=" + signer.key.domain() + "; s=" + signer.key.selector() + ";\r\n\tt="
                + now + "; x=" + (now + VALIDITY.toSeconds()) + ";\r\n\t");
        fold(field, "h=", names, ":");
        field.append(";\r\n\tbh=").append(bodyHash).append(";\r\n\tb=");
        signed.writeBytes(("dkim-signature:" + relaxed(field.substring(field.indexOf(":") + 1)))
                .getBytes(StandardCharsets.US_ASCII));
        String value = Base64.getEncoder().encodeToString(sign(signer, signed.toByteArray()));
        fold(field, "", List.of(value.split("(?<=\\G.{4})")), "");
        return field.append("\r\n").toString();
    }

    /** Appends items to the last line, and goes on in the next where there is no room. */
    private static void fold(StringBuilder field, String start, List<String> items, String separator) {
        field.append(start);
        int column = field.length() - field.lastIndexOf("\n");
        for (int i = 0; i < items.size(); i++) {
            String item = items.get(i) + (i + 1 < items.size() ? separator : "");
            if (column + item.length() > LONGEST_LINE) {
                field.append("\r\n\t");
                column = 2;
            }
            field.append(item);
            column += item.length();
        }
    }

    private static byte[] sign(Signer signer, byte[] signed) {
        try {
            Signature signature = Signature.getInstance(switch (signer.algorithm) {
                case RSA -> "SHA256withRSA";
                case ED25519 -> "Ed25519";
            });
            signature.initSign(signer.privateKey);
            signature.update(switch (signer.algorithm) {
                case RSA -> signed;
                // RFC 8463 section 3: the hash is signed, not the text.
                case ED25519 -> BodyHash.sha256().digest(signed);
            });
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java signs with " + signer.algorithm, e);
        }
    }
}
