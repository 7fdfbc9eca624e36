package dev.postrider.transport;

import dev.postrider.message.MessageContent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.UUID;

/**
 * Names for the requests that hand over a message, the same however often it is tried: made of the message and its
 * recipients.
 */
final class RequestIds {
    private final byte[] message;

    private RequestIds(byte[] message) {
        this.message = message;
    }

    static RequestIds of(MessageContent content, List<String> recipients) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = content.open();
                OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            in.transferTo(out);
        }
        recipients.stream().sorted().forEach(r -> digest.update((r + "\n").getBytes(StandardCharsets.UTF_8)));
        return new RequestIds(digest.digest());
    }

    /** The name of one request among those for the message: a UUID of version 8 (RFC 9562 section 5.8). */
    String of(String request) {
        MessageDigest digest = sha256();
        digest.update(message);
        ByteBuffer octets = ByteBuffer.wrap(digest.digest(request.getBytes(StandardCharsets.UTF_8)));
        long high = octets.getLong() & 0xffff_ffff_ffff_0fffL | 0x8000L;
        long low = octets.getLong() & 0x3fff_ffff_ffff_ffffL | 0x8000_0000_0000_0000L;
        return new UUID(high, low).toString();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
