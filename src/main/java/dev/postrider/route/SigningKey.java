package dev.postrider.route;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/** Private keys in PEM, and the certificates that belong to them. No message tells anything of a key. */
public final class SigningKey {
    private SigningKey() {}

    /**
     * Reads a private key (PKCS #8, PKCS #1 or SEC 1).
     *
     * @throws IllegalArgumentException if that is none, or is encrypted, or is neither RSA nor elliptic curve
     */
    public static PrivateKey read(String pem) {
        PrivateKey key = convert(parse(pem));
        if (key instanceof RSAPrivateKey || key instanceof ECPrivateKey) {
            return key;
        }
        throw new IllegalArgumentException("holds a key that is neither RSA nor elliptic curve");
    }

    private static Object parse(String pem) {
        return find(pem).orElseThrow(() -> new IllegalArgumentException("holds no BEGIN PRIVATE KEY"));
    }

    /**
     * The first private key as it stands, encrypted or not. EC keys come after the parameters of their curve where
     * OpenSSL wrote them.
     *
     * @return a {@link PEMKeyPair}, {@link PrivateKeyInfo}, {@link PEMEncryptedKeyPair} or
     *         {@link PKCS8EncryptedPrivateKeyInfo}
     * @throws IllegalArgumentException if that cannot be read; what the parser says may quote the key, and is left out
     */
    static Optional<Object> find(String pem) {
        try (PEMParser parser = new PEMParser(new StringReader(pem))) {
            for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
                if (found instanceof PEMKeyPair || found instanceof PrivateKeyInfo
                        || found instanceof PEMEncryptedKeyPair || found instanceof PKCS8EncryptedPrivateKeyInfo) {
                    return Optional.of(found);
                }
            }
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("holds no readable private key in PEM");
        }
    }

    private static PrivateKey convert(Object found) {
        JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
        try {
            return switch (found) {
                case PEMKeyPair pair -> converter.getKeyPair(pair).getPrivate();
                case PrivateKeyInfo info -> converter.getPrivateKey(info);
                default -> throw new IllegalArgumentException(
                        "holds an encrypted key; decrypt it (openssl pkey -in tls.key)");
            };
        } catch (PEMException e) {
            throw new IllegalArgumentException("holds no readable private key in PEM");
        }
    }

    /**
     * Reads the first certificate.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static X509Certificate certificate(String pem) {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
        } catch (CertificateException e) {
            throw new IllegalArgumentException("holds no certificate in PEM");
        }
    }

    /** Whether what the private key signs the public one verifies. */
    public static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) {
        try {
            Signature signature = Signature.getInstance(switch (privateKey.getAlgorithm()) {
                case "RSA" -> "SHA256withRSA";
                case "EC" -> "SHA256withECDSA";
                default -> privateKey.getAlgorithm();
            });
            byte[] probe = "probe".getBytes(StandardCharsets.US_ASCII);
            signature.initSign(privateKey);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
