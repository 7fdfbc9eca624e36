package dev.postrider.route;

import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/**
 * A certificate that proves to a server who speaks to it.
 *
 * @param chain      the certificate and those that lead to its authority, PEM
 * @param privateKey its key, PEM: PKCS #8, or as OpenSSL writes RSA and EC keys
 */
public record ClientCertificate(String chain, String privateKey) {

    /** The certificates, the client's own first. */
    public List<X509Certificate> certificates() throws InvalidPemException {
        return CertificateBundle.parse(chain);
    }

    /**
     * The key.
     *
     * @throws InvalidPemException if it is none, or encrypted
     */
    public PrivateKey key() throws InvalidPemException {
        Object found;
        try (PEMParser parser = new PEMParser(new StringReader(privateKey))) {
            found = parser.readObject();
            // EC keys come after the parameters of their curve where OpenSSL wrote them.
            while (found != null && !(found instanceof PEMKeyPair) && !(found instanceof PrivateKeyInfo)
                    && !(found instanceof PEMEncryptedKeyPair)
                    && !(found instanceof PKCS8EncryptedPrivateKeyInfo)) {
                found = parser.readObject();
            }
        } catch (IOException | RuntimeException e) {
            // What the parser says may quote the key.
            throw unreadable();
        }
        try {
            JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
            return switch (found) {
                case PEMKeyPair pair -> converter.getPrivateKey(pair.getPrivateKeyInfo());
                case PrivateKeyInfo info -> converter.getPrivateKey(info);
                case PEMEncryptedKeyPair _ -> throw encrypted();
                case PKCS8EncryptedPrivateKeyInfo _ -> throw encrypted();
                case null, default -> throw unreadable();
            };
        } catch (PEMException e) {
            throw unreadable();
        }
    }

    private static InvalidPemException encrypted() {
        return new InvalidPemException("it is encrypted, and there is nobody to type its password; "
                + "decrypt it (openssl pkey -in KEY -out tls.key)");
    }

    private static InvalidPemException unreadable() {
        return new InvalidPemException("it is no private key in PEM (BEGIN PRIVATE KEY, BEGIN RSA PRIVATE KEY or "
                + "BEGIN EC PRIVATE KEY)");
    }

    /**
     * Whether the key is the first certificate's: what it signs, the certificate verifies.
     *
     * @throws InvalidPemException if either cannot be read
     */
    public boolean matches() throws InvalidPemException {
        X509Certificate certificate = certificates().getFirst();
        PrivateKey key = key();
        if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
            return false;
        }
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        byte[] text = new byte[32];
        new SecureRandom().nextBytes(text);
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(text);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return "ClientCertificate[]";
    }
}
