package dev.postrider.transport;

import dev.postrider.route.ClientCertificate;
import dev.postrider.route.Endpoint;
import dev.postrider.route.InvalidPemException;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * What connections of one server are encrypted with, kept so that the next connection resumes a session (RFC 8446
 * section 2.2). Each server has its own: neither its client certificate nor whom it trusts is another's. Safe for
 * threads.
 */
final class TlsContexts {
    private static final int MOST = 1000;

    /** Characters of the bundles that contexts hold, which take several times as much once they are read. */
    private static final int MOST_AUTHORITIES = 4 * 1024 * 1024;

    /** The certificate of a session that is resumed is not looked at again, so a session is not kept for long. */
    private static final Duration RESUMABLE = Duration.ofMinutes(10);

    private final Map<Key, SSLContext> contexts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, SSLContext> eldest) {
            return size() > MOST;
        }
    };

    /** A server, where it is and how; other settings make another context. */
    private record Key(ResourceKey server, Endpoint.Smtp endpoint, EgressPolicy egress) {
        int authorities() {
            return endpoint.tls().certificateAuthorities().map(String::length).orElse(0);
        }
    }

    /**
     * The context of a server.
     *
     * @param egress by what those are asked who know of revocations
     *
     * @throws RefusedException with Certificate if authorities or client certificate cannot be read
     */
    synchronized SSLContext of(ResourceKey server, Endpoint.Smtp endpoint, EgressPolicy egress)
            throws RefusedException {
        Key key = new Key(server, endpoint, egress);
        SSLContext present = contexts.get(key);
        if (present != null) {
            return present;
        }
        contexts.keySet().removeIf(other -> other.server().equals(server));
        SSLContext context = create(endpoint, egress);
        contexts.put(key, context);
        long octets = contexts.keySet().stream().mapToLong(Key::authorities).sum();
        for (Iterator<Key> eldest = contexts.keySet().iterator(); octets > MOST_AUTHORITIES; eldest.remove()) {
            octets -= eldest.next().authorities();
        }
        return context;
    }

    private static SSLContext create(Endpoint.Smtp endpoint, EgressPolicy egress) throws RefusedException {
        CertificateCheck check = new CertificateCheck(endpoint, egress, InstantSource.system());
        try {
            KeyManager[] keys = endpoint.tls().clientCertificate().isPresent()
                    ? keyManagers(endpoint.tls().clientCertificate().get())
                    : new KeyManager[0];
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, new TrustManager[]{check}, new SecureRandom());
            context.getClientSessionContext().setSessionTimeout((int) RESUMABLE.toSeconds());
            return context;
        } catch (InvalidPemException | GeneralSecurityException | IOException e) {
            throw new RefusedException(Step.Certificate, "the client certificate given for this server cannot be used: "
                    + e.getMessage() + "; correct tls.crt and tls.key of the Secret");
        }
    }

    private static KeyManager[] keyManagers(ClientCertificate certificate)
            throws InvalidPemException, GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("client", certificate.key(), new char[0],
                certificate.certificates().toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }
}
