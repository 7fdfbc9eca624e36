package dev.postrider.relay.smtp;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** The server's side of TLS from PEM. */
public final class ServerTls {
    private static final List<String> KEY_TYPES = List.of("EC", "RSA", "EdDSA");

    private static final int SESSIONS = 1000;

    private ServerTls() {}

    /**
     * Makes a context.
     *
     * @param certificateChain the server's certificate first, PEM
     * @param privateKey       PKCS #8 in PEM
     * @throws GeneralSecurityException if they cannot be read or do not belong together; the message holds no key
     */
    public static SSLContext context(String certificateChain, String privateKey) throws GeneralSecurityException {
        var chain = CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(certificateChain.getBytes(StandardCharsets.US_ASCII)))
                .toArray(Certificate[]::new);
        if (chain.length == 0) {
            throw new GeneralSecurityException("there is no certificate in the PEM");
        }
        char[] password = new char[0];
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, password);
            store.setKeyEntry("relay", key(privateKey), password, chain);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, password);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            // Of clients that keep no tickets; the default is 20,480 for a day.
            context.getServerSessionContext().setSessionCacheSize(SESSIONS);
            return context;
        } catch (IOException e) {
            throw new GeneralSecurityException("the key store failed", e);
        }
    }

    private static PrivateKey key(String pem) throws GeneralSecurityException {
        String base64 = pem.replaceAll("-----(BEGIN|END) PRIVATE KEY-----", "").replaceAll("\\s", "");
        byte[] encoded;
        try {
            encoded = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            // The decoder's message quotes a character of the key.
            throw new GeneralSecurityException("the private key is not PKCS #8 in PEM (BEGIN PRIVATE KEY)");
        }
        for (String type : KEY_TYPES) {
            try {
                return KeyFactory.getInstance(type).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            } catch (InvalidKeySpecException e) {
                // The next kind, then.
            }
        }
        throw new GeneralSecurityException("the private key is none of " + KEY_TYPES);
    }
}
