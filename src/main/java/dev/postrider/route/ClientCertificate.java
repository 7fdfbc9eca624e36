package dev.postrider.route;

import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
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
        try {
            found = SigningKey.find(privateKey).orElseThrow(ClientCertificate::unreadable);
        } catch (IllegalArgumentException e) {
            throw unreadable();
        }
        try {
            JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
            return switch (found) {
                case PEMKeyPair pair -> converter.getPrivateKey(pair.getPrivateKeyInfo());
                case PrivateKeyInfo info -> converter.getPrivateKey(info);
                case PEMEncryptedKeyPair _ -> throw encrypted();
                case PKCS8EncryptedPrivateKeyInfo _ -> throw encrypted();
                default -> throw unreadable();
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
        PublicKey certified = certificates().getFirst().getPublicKey();
        return SigningKey.belongTogether(key(), certified);
    }

    @Override
    public String toString() {
        return "ClientCertificate[]";
    }
}
