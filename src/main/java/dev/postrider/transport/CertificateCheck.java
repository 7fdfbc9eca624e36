package dev.postrider.transport;

import dev.postrider.route.TestResult.Step;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Checks a server's certificate by PKIX (RFC 5280) and its name (RFC 9525), as the JDK does it, and remembers why it
 * refused one so that people can be told. Used for one connection.
 */
final class CertificateCheck extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager pkix;
    private @Nullable String refusal;

    private CertificateCheck(X509ExtendedTrustManager pkix) {
        this.pkix = pkix;
    }

    /** The system's authorities are read once: that is slow, and they do not change while a container runs. */
    private static final class SystemAuthorities {
        static final X509ExtendedTrustManager TRUST = read();

        private static X509ExtendedTrustManager read() {
            try {
                return trustManager(null);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the JDK's certificate authorities cannot be read", e);
            }
        }
    }

    /**
     * A check against these authorities.
     *
     * @param authorities certificates in PEM; empty for the system's
     * @throws RefusedException if that holds no certificate
     */
    static CertificateCheck against(Optional<String> authorities) throws RefusedException {
        if (authorities.isEmpty()) {
            return new CertificateCheck(SystemAuthorities.TRUST);
        }
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            Collection<? extends Certificate> certificates = CertificateFactory.getInstance("X.509")
                    .generateCertificates(
                            new ByteArrayInputStream(authorities.get().getBytes(StandardCharsets.US_ASCII)));
            for (Certificate certificate : certificates) {
                store.setCertificateEntry("ca" + store.size(), certificate);
            }
            if (store.size() == 0) {
                throw new CertificateException("it holds no BEGIN CERTIFICATE");
            }
            return new CertificateCheck(trustManager(store));
        } catch (GeneralSecurityException | IOException e) {
            throw new RefusedException(Step.Certificate, "the certificate authorities given for this server "
                    + "(ca.crt) are not certificates in PEM: " + e.getMessage()
                    + "; put the CA's certificate, or several one after the other, into that key of the Secret");
        }
    }

    private static X509ExtendedTrustManager trustManager(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return extended;
            }
        }
        throw new GeneralSecurityException("no PKIX trust manager");
    }

    /** Why a certificate was refused, with the certificate's particulars; empty if none was. */
    Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        try {
            pkix.checkServerTrusted(chain, authType, socket);
        } catch (CertificateException e) {
            refusal = describe(chain[0], e);
            throw e;
        }
    }

    private static String describe(X509Certificate certificate, CertificateException failure) {
        String check;
        String next;
        if (!validToday(certificate)) {
            check = "validity (it has expired, or is not valid yet)";
            next = "renew the server's certificate";
        } else if (isAbout(failure, CertPathBuilderException.class)
                || isAbout(failure, CertPathValidatorException.class)) {
            check = "chain (it does not lead to a trusted authority)";
            next = "name the authority that issued it in caSecretRef (key ca.crt), or have the server send the whole "
                    + "chain";
        } else {
            check = "host name";
            next = "use a host that the certificate names, or a certificate that names this host";
        }
        return "check of " + check + " failed: " + failure.getMessage() + "; subject \""
                + certificate.getSubjectX500Principal() + "\", issuer \"" + certificate.getIssuerX500Principal()
                + "\", valid from " + certificate.getNotBefore().toInstant() + " to "
                + certificate.getNotAfter().toInstant() + ", SHA-256 " + fingerprint(certificate) + "; " + next;
    }

    private static boolean validToday(X509Certificate certificate) {
        try {
            certificate.checkValidity();
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }

    private static boolean isAbout(Throwable failure, Class<?> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static String fingerprint(X509Certificate certificate) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return HexFormat.ofDelimiter(":").withUpperCase().formatHex(digest);
        } catch (GeneralSecurityException e) {
            return "unknown";
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("only sockets are checked");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("a certificate is checked together with the name of its host");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("clients are not checked");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("clients are not checked");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("clients are not checked");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return Arrays.copyOf(pkix.getAcceptedIssuers(), pkix.getAcceptedIssuers().length);
    }
}
