package dev.postrider.route;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/**
 * What an organization's mail is signed with (DKIM, RFC 6376).
 *
 * @param selector   under which the public key is in the DNS: one label or several, in lower case
 * @param domain     that vouches for the mail: in lower case, with A-labels
 * @param privateKey PEM: PKCS #8, or PKCS #1 for RSA
 */
public record DkimKey(String selector, String domain, String privateKey) {
    /** RFC 8301 section 3.2: what a signer must use at least. */
    private static final int LEAST_RSA = 1024;
    /** Bits that a signer should use at least (RFC 8301 section 3.2). */
    public static final int ADVISED_RSA = 2048;
    /** RFC 8301 section 3.2: verifiers need not look at more. */
    private static final int MOST_RSA = 4096;

    /** How a message is signed (RFC 6376 section 3.3.1, RFC 8463 section 3). */
    public enum Algorithm {
        RSA("rsa"), ED25519("ed25519");

        private final String keyType;

        Algorithm(String keyType) {
            this.keyType = keyType;
        }

        /** Value of k= in the DNS. */
        public String keyType() {
            return keyType;
        }

        /** Value of a= in a signature. */
        public String signatureAlgorithm() {
            return keyType + "-sha256";
        }
    }

    /**
     * The key, ready for use.
     *
     * @throws InvalidPemException if it is none, encrypted, of another kind, or too short or too long; the message tells
     *                             nothing of it
     */
    public PrivateKey key() throws InvalidPemException {
        PrivateKey key = parsed();
        return switch (key) {
            case RSAPrivateCrtKey rsa when rsa.getModulus().bitLength() < LEAST_RSA
                    || rsa.getModulus().bitLength() > MOST_RSA ->
                throw new InvalidPemException("it is an RSA key of %d bits, of which DKIM takes %d to %d (RFC 8301)"
                        .formatted(rsa.getModulus().bitLength(), LEAST_RSA, MOST_RSA));
            case RSAPrivateCrtKey _ -> key;
            case EdECPrivateKey ed when ed.getParams().getName().equals("Ed25519") -> key;
            default -> throw new InvalidPemException("it is neither an RSA nor an Ed25519 key; no other is for DKIM "
                    + "(RFC 6376, RFC 8463)");
        };
    }

    private PrivateKey parsed() throws InvalidPemException {
        try {
            PrivateKeyInfo info = switch (SigningKey.find(privateKey).orElseThrow(DkimKey::unreadable)) {
                case PEMKeyPair pair -> pair.getPrivateKeyInfo();
                case PrivateKeyInfo found -> found;
                case PEMEncryptedKeyPair _ -> throw encrypted();
                case PKCS8EncryptedPrivateKeyInfo _ -> throw encrypted();
                default -> throw unreadable();
            };
            return KeyFactory.getInstance(info.getPrivateKeyAlgorithm().getAlgorithm().getId())
                    .generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
        } catch (IllegalArgumentException | GeneralSecurityException | IOException e) {
            throw unreadable();
        }
    }

    private static InvalidPemException encrypted() {
        return new InvalidPemException("it is encrypted, and there is nobody to type its password; decrypt it "
                + "(openssl pkey -in KEY)");
    }

    private static InvalidPemException unreadable() {
        return new InvalidPemException("it is no RSA or Ed25519 private key in PEM (BEGIN PRIVATE KEY or BEGIN RSA "
                + "PRIVATE KEY)");
    }

    public Algorithm algorithm() throws InvalidPemException {
        return algorithm(key());
    }

    /** How a key of {@link #key} signs. */
    public static Algorithm algorithm(PrivateKey key) {
        return key instanceof RSAPrivateCrtKey ? Algorithm.RSA : Algorithm.ED25519;
    }

    /** Whether it is an RSA key of less bits than a signer should use. */
    public boolean isShort() throws InvalidPemException {
        return key() instanceof RSAPrivateCrtKey rsa && rsa.getModulus().bitLength() < ADVISED_RSA;
    }

    /** The name that the public key has in the DNS (RFC 6376 section 3.6.2.1), without a dot at its end. */
    public String recordName() {
        return selector + "._domainkey." + domain;
    }

    /** What stands there, in a record of type TXT (RFC 6376 section 3.6.1, RFC 8463 section 4.2). */
    public String recordValue() throws InvalidPemException {
        PrivateKey key = key();
        return "v=DKIM1; k=" + algorithm(key).keyType() + "; p=" + Base64.getEncoder().encodeToString(publicKey(key));
    }

    private static byte[] publicKey(PrivateKey key) throws InvalidPemException {
        try {
            return switch (key) {
                case RSAPrivateCrtKey rsa -> {
                    PublicKey shown = KeyFactory.getInstance("RSA")
                            .generatePublic(new RSAPublicKeySpec(rsa.getModulus(), rsa.getPublicExponent()));
                    yield shown.getEncoded();
                }
                case EdECPrivateKey ed -> {
                    byte[] seed = ed.getBytes().orElseThrow(DkimKey::unreadable);
                    byte[] shown = new Ed25519PrivateKeyParameters(seed, 0).generatePublicKey().getEncoded();
                    Arrays.fill(seed, (byte) 0);
                    yield shown;
                }
                default -> throw unreadable();
            };
        } catch (GeneralSecurityException e) {
            throw unreadable();
        }
    }

    @Override
    public String toString() {
        return "DkimKey[" + recordName() + "]";
    }
}
