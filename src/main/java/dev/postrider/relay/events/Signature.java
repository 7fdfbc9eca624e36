package dev.postrider.relay.events;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signatures of Standard Webhooks 1.0.0, symmetric: HMAC-SHA256 of id, time and body. */
final class Signature {
    private static final String PREFIX = "whsec_";

    private Signature() {}

    /** @param key base64 after {@code whsec_}, or else taken as it is */
    static String of(String key, String id, Instant time, String body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(octets(key), "HmacSHA256"));
            byte[] signature = mac
                    .doFinal((id + "." + time.getEpochSecond() + "." + body).getBytes(StandardCharsets.UTF_8));
            return "v1," + Base64.getEncoder().encodeToString(signature);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    private static byte[] octets(String key) {
        if (key.startsWith(PREFIX)) {
            try {
                return Base64.getDecoder().decode(key.substring(PREFIX.length()));
            } catch (IllegalArgumentException e) {
                // Then it only looks like one.
            }
        }
        return key.getBytes(StandardCharsets.UTF_8);
    }
}
