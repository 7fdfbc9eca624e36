package dev.postrider.testing;

import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A binding as an application finds it mounted.
 *
 * @param host          of the relay
 * @param user          to log in with
 * @param password      to log in with
 * @param from          the organization's address
 * @param caCertificate that the relay's certificate leads to, in PEM
 */
public record MountedBinding(String host, String user, String password, String from, String caCertificate) {

    /**
     * Reads the Secret.
     *
     * @throws IllegalArgumentException if an entry is missing
     */
    public static MountedBinding of(Secret secret) {
        return new MountedBinding(entry(secret, "host"), entry(secret, "username"), entry(secret, "password"),
                entry(secret, "from"), entry(secret, "ca.crt"));
    }

    private static String entry(Secret secret, String key) {
        String base64 = secret.getData().get(key);
        if (base64 == null) {
            throw new IllegalArgumentException("Secret " + secret.getMetadata().getName() + " has no entry " + key);
        }
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}
