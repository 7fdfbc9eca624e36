package dev.postrider.message.dkim;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The SHA-256 of a body as DKIM has it (RFC 6376 section 3.7) in its relaxed form (section 3.4.4): runs of spaces and
 * tabs count as one space, those at the end of a line and empty lines at the end not at all. CR and LF that stand alone
 * end lines too, as they will when the transport has sent them.
 */
final class BodyHash {
    private static final int BLOCK = 8 * 1024;

    private final MessageDigest digest = sha256();
    private final byte[] block = new byte[BLOCK];
    private int length;
    private long emptyLines;
    private boolean space;
    private boolean inLine;
    private byte last;

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Takes some octets of the body. */
    void add(byte[] octets, int offset, int count) {
        int end = offset + count;
        for (int i = offset; i < end; i++) {
            byte octet = octets[i];
            if (octet > ' ' || octet < 0) {
                visible(octet);
            } else {
                control(octet);
            }
            last = octet;
        }
    }

    private void control(byte octet) {
        switch (octet) {
            case '\n' -> {
                if (last != '\r') {
                    endLine();
                }
            }
            case '\r' -> endLine();
            case ' ', '\t' -> space = true;
            default -> visible(octet);
        }
    }

    private void visible(byte octet) {
        if (!inLine) {
            for (; emptyLines > 0; emptyLines--) {
                put((byte) '\r');
                put((byte) '\n');
            }
            inLine = true;
        }
        if (space) {
            put((byte) ' ');
            space = false;
        }
        put(octet);
    }

    private void endLine() {
        space = false;
        if (inLine) {
            put((byte) '\r');
            put((byte) '\n');
            inLine = false;
        } else {
            emptyLines++;
        }
    }

    private void put(byte octet) {
        if (length == BLOCK) {
            digest.update(block, 0, length);
            length = 0;
        }
        block[length++] = octet;
    }

    /** The hash of all that was added. */
    byte[] end() {
        if (inLine) {
            endLine();
        }
        digest.update(block, 0, length);
        return digest.digest();
    }
}
