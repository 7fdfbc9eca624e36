package dev.postrider.route;

import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A key that the credentials of submitters are queued under.
 *
 * @param id  names it in the queue: letters, digits, dots, hyphens and underscores, at most 63
 * @param key 256 bits in hex
 */
public record SubmitterKey(String id, String key) {
    /** How an id looks. */
    public static final String ID_PATTERN = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";

    private static final int OCTETS = 32;

    /** Makes a new key. */
    public static SubmitterKey generate(String id) {
        byte[] octets = new byte[OCTETS];
        new SecureRandom().nextBytes(octets);
        return new SubmitterKey(id, HexFormat.of().formatHex(octets));
    }

    /** Whether id and key have their form. */
    public boolean wellFormed() {
        return id.matches(ID_PATTERN) && key.matches("[0-9A-Fa-f]{" + 2 * OCTETS + "}");
    }

    /** Never shows the key. */
    @Override
    public String toString() {
        return "SubmitterKey[" + id + "]";
    }
}
