package dev.postrider.relay;

import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.CertificateAuthority;
import dev.postrider.route.RelayCertificate;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Routes for tests: organizations live in namespace "shop", their password is "open sesame". */
public final class TestRoutes {
    public static final String PASSWORD = "open sesame";
    public static final String ADMIN_TOKEN = "let me count";
    public static final RelayCertificate CERTIFICATE = CertificateAuthority.generate(InstantSource.system())
            .issue(List.of("localhost", "127.0.0.1"), InstantSource.system());

    private TestRoutes() {}

    public static ResourceKey key(String name) {
        return new ResourceKey("shop", name);
    }

    public static OrganizationRoute organization(String name, State state, String... servers) {
        return new OrganizationRoute(key(name), Sha256.of(PASSWORD), state,
                java.util.Arrays.stream(servers).map(TestRoutes::key).toList(),
                new Address(name + "@example.com", Optional.empty()), "bounces@example.com", Optional.empty(),
                Optional.empty());
    }

    public static ServerRoute server(String name, boolean global, boolean active, int maxConnections) {
        return new ServerRoute(key(name), global, active,
                new Endpoint.Smtp(name + ".example.net", 25, Endpoint.Security.NONE, Optional.empty(),
                        Duration.ofSeconds(5), Duration.ofSeconds(5), maxConnections, Optional.empty()));
    }

    /** The same of the resource with this UID. */
    public static ServerRoute of(ServerRoute server, String uid) {
        return server.of(Optional.of(uid));
    }

    /** A global server on this machine, without encryption. */
    public static ServerRoute local(String name, int port, int maxConnections) {
        return new ServerRoute(key(name), true, true,
                new Endpoint.Smtp("127.0.0.1", port, Endpoint.Security.NONE, Optional.empty(), Duration.ofSeconds(5),
                        Duration.ofSeconds(30), maxConnections, Optional.empty()));
    }

    /** A server of namespace "shop" on this machine, with a login, in the clear. */
    public static ServerRoute withPassword(String name, int port, String user, String password) {
        return new ServerRoute(key(name), false, true,
                new Endpoint.Smtp("127.0.0.1", port, Endpoint.Security.NONE,
                        dev.postrider.route.TlsSettings.DEFAULT, true, Optional.empty(), Optional.empty(),
                        Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(30), 2,
                        Optional.of(new Login.Password(user, password, List.of(), Optional.empty()))));
    }

    /** The same server, to which whoever submits logs in, in the clear if need be. */
    public static ServerRoute forSubmitters(ServerRoute server) {
        var smtp = (Endpoint.Smtp) server.endpoint();
        return new ServerRoute(server.key(), server.global(), server.active(),
                new Endpoint.Smtp(smtp.host(), smtp.port(), smtp.security(), smtp.tls(),
                        smtp.security() == Endpoint.Security.NONE, smtp.proxy(), smtp.ehloName(),
                        smtp.connectTimeout(), smtp.tlsTimeout(), smtp.replyTimeout(), smtp.dataTimeout(),
                        smtp.maxConnections(), Optional.of(new Login.Submitter(List.of(), Optional.empty(),
                                Duration.ofMinutes(5), Optional.empty()))));
    }

    public static RelayRoute relay() {
        return new RelayRoute(false, CERTIFICATE.certificateChain(), CERTIFICATE.privateKey(), Sha256.of(ADMIN_TOKEN));
    }

    /** Trusts nothing but an authority. */
    public static SSLContext trusting(String caCertificate) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(caCertificate.getBytes(StandardCharsets.US_ASCII))));
        return context(store);
    }

    private static SSLContext context(KeyStore store) throws GeneralSecurityException {
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
