package dev.postrider.route;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Secrets of which only a digest is known. */
public final class Sha256 {
    private Sha256() {}

    /** The digest as routes hold it, in lower-case hex. */
    public static String of(String secret) {
        return HexFormat.of().formatHex(digest(secret));
    }

    /** Whether the secret has this digest; takes the same time whatever it is. */
    public static boolean matches(String secret, String hex) {
        return MessageDigest.isEqual(of(secret).getBytes(StandardCharsets.US_ASCII),
                hex.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] digest(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
