package dev.postrider.relay.submitter;

import dev.postrider.route.Login.Credentials;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.SubmitterKey;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts the credentials of submitters for the queue, by AES-256 in GCM (NIST SP 800-38D) with a random nonce of 96
 * bits. Bound to organization and queue id: moved to another message, they cannot be read. A key is good for 2^32
 * messages (section 8.3 there); rotate it before.
 *
 * <p>What it writes: a version octet, the length of the key's id, the id, the nonce, the encrypted octets with their tag
 * of 128 bits.
 */
public final class CredentialsCipher {
    private static final String TRANSFORMATION = "AES/GCM/NoPadding";
    private static final byte VERSION = 1;
    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;

    private final Supplier<List<SubmitterKey>> keys;
    private final SecureRandom random = new SecureRandom();

    /** @param keys the first encrypts, all decrypt; those that have not the form of one are passed over */
    public CredentialsCipher(Supplier<List<SubmitterKey>> keys) {
        this.keys = keys;
    }

    /** What became of an attempt to decrypt. */
    public sealed interface Decrypted {}

    /** They are as they were. */
    public record Plain(Credentials credentials) implements Decrypted {}

    /** The key is not there; it may come back. */
    public record KeyMissing(String keyId) implements Decrypted {}

    /** They are not what was encrypted for this message. */
    public record Unreadable() implements Decrypted {}

    /** Encrypts for a message; empty while there is no key. */
    public Optional<byte[]> encrypt(ResourceKey organization, String queueId, Credentials credentials) {
        return current().map(key -> encrypt(key, organization, queueId, credentials));
    }

    /** Whether there is a key to encrypt by. */
    public boolean isReady() {
        return current().isPresent();
    }

    private Optional<SubmitterKey> current() {
        return keys.get().stream().filter(SubmitterKey::wellFormed).findFirst();
    }

    private byte[] encrypt(SubmitterKey key, ResourceKey organization, String queueId, Credentials credentials) {
        byte[] id = key.id().getBytes(StandardCharsets.US_ASCII);
        byte[] nonce = new byte[NONCE];
        random.nextBytes(nonce);
        byte[] plain = (credentials.user() + "\0" + credentials.password()).getBytes(StandardCharsets.UTF_8);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, nonce, organization, queueId).doFinal(plain);
            return ByteBuffer.allocate(2 + id.length + NONCE + sealed.length)
                    .put(VERSION)
                    .put((byte) id.length)
                    .put(id)
                    .put(nonce)
                    .put(sealed)
                    .array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-256 in GCM", e);
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    /** Decrypts what {@link #encrypt} made for this message. */
    public Decrypted decrypt(ResourceKey organization, String queueId, byte[] encrypted) {
        try {
            ByteBuffer in = ByteBuffer.wrap(encrypted);
            if (in.get() != VERSION) {
                return new Unreadable();
            }
            byte[] id = new byte[Byte.toUnsignedInt(in.get())];
            in.get(id);
            byte[] nonce = new byte[NONCE];
            in.get(nonce);
            byte[] sealed = new byte[in.remaining()];
            in.get(sealed);
            String keyId = new String(id, StandardCharsets.US_ASCII);
            Optional<SubmitterKey> key = keys.get()
                    .stream()
                    .filter(k -> k.wellFormed() && k.id().equals(keyId))
                    .findFirst();
            return key.isPresent()
                    ? read(cipher(Cipher.DECRYPT_MODE, key.get(), nonce, organization, queueId).doFinal(sealed))
                    : keyId.matches(SubmitterKey.ID_PATTERN) ? new KeyMissing(keyId) : new Unreadable();
        } catch (GeneralSecurityException | BufferUnderflowException e) {
            return new Unreadable();
        }
    }

    private static Decrypted read(byte[] plain) {
        try {
            String text = new String(plain, StandardCharsets.UTF_8);
            int end = text.indexOf('\0');
            return end < 0
                    ? new Unreadable()
                    : new Plain(new Credentials(text.substring(0, end), text.substring(end + 1)));
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    private static Cipher cipher(int mode, SubmitterKey key, byte[] nonce, ResourceKey organization, String queueId)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(TRANSFORMATION);
        byte[] secret = HexFormat.of().parseHex(key.key());
        try {
            cipher.init(mode, new SecretKeySpec(secret, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        } finally {
            Arrays.fill(secret, (byte) 0);
        }
        cipher.updateAAD(("postrider submitter " + organization + " " + queueId).getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}
