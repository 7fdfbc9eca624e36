package dev.postrider.transport;

import dev.postrider.route.CertificateBundle;
import dev.postrider.route.InvalidPemException;
import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whom a server's certificate must lead to.
 *
 * @param certificates of the authorities
 * @param pkix         what the JDK has to say of a chain with regard to them
 */
record Authorities(List<X509Certificate> certificates, X509ExtendedTrustManager pkix) {

    /** Those that somebody uses: however many servers name a bundle, it is read once. */
    private static final Map<String, WeakReference<Authorities>> SHARED = new HashMap<>();

    /** The system's authorities are read once: that is slow, and they do not change while a container runs. */
    private static final class OfTheSystem {
        static final Authorities AUTHORITIES = read();

        private static Authorities read() {
            try {
                return trusting(null);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the JDK's certificate authorities cannot be read", e);
            }
        }
    }

    /**
     * Those of a bundle, or the system's.
     *
     * @throws RefusedException with Certificate if the bundle is none
     */
    static Authorities of(Optional<String> pem) throws RefusedException {
        if (pem.isEmpty()) {
            return OfTheSystem.AUTHORITIES;
        }
        synchronized (SHARED) {
            SHARED.values().removeIf(shared -> shared.get() == null);
            WeakReference<Authorities> shared = SHARED.get(pem.get());
            Authorities present = shared == null ? null : shared.get();
            if (present == null) {
                present = read(pem.get());
                SHARED.put(pem.get(), new WeakReference<>(present));
            }
            return present;
        }
    }

    private static Authorities read(String pem) throws RefusedException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (X509Certificate certificate : CertificateBundle.parse(pem)) {
                store.setCertificateEntry("ca" + store.size(), certificate);
            }
            return trusting(store);
        } catch (InvalidPemException | GeneralSecurityException | IOException e) {
            throw new RefusedException(Step.Certificate, "the certificate authorities given for this server "
                    + "(ca.crt) are not certificates in PEM: " + e.getMessage()
                    + "; put the CA's certificate, or several one after the other, into that key");
        }
    }

    private static Authorities trusting(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return new Authorities(Arrays.asList(extended.getAcceptedIssuers()), extended);
            }
        }
        throw new GeneralSecurityException("no PKIX trust manager");
    }

    Set<TrustAnchor> anchors() {
        return certificates.stream().map(c -> new TrustAnchor(c, null)).collect(Collectors.toSet());
    }

    /** The one that issued a certificate, if it is among them. */
    Optional<X509Certificate> issuerOf(X509Certificate certificate) {
        return certificates.stream().filter(a -> CertificateBundle.isIssuedBy(certificate, a)).findFirst();
    }
}
