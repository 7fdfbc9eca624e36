package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.postrider.testing.TestCertificates;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Bundles of authorities stand outside of the routes that name them. */
@Tag("isolation")
final class RouteBundlesTest {
    private static final String BUNDLE = new TestCertificates("One CA").pem().repeat(50);

    private static ServerRoute route(String name, Optional<String> authorities) {
        return new ServerRoute(new ResourceKey("acme", name), false, true,
                new Endpoint.Smtp("smtp.example", 587, Endpoint.Security.STARTTLS, authorities, Duration.ofSeconds(1),
                        Duration.ofSeconds(1), 1, Optional.empty()));
    }

    @Test
    void aRouteNamesItsBundleAndIsReadWithIt() {
        RouteBundles.Detached detached = RouteBundles.detach(route("one", Optional.of(BUNDLE)));
        String digest = Sha256.of(BUNDLE);
        assertThat(detached.bundles()).isEqualTo(Map.of(digest, BUNDLE));
        assertThat(detached.json()).contains("\"certificateAuthorities\":\"sha256:" + digest + "\"")
                .hasSizeLessThan(2000);
        assertThat(RouteBundles.read(detached.json(), ServerRoute.class,
                asked -> Optional.ofNullable(detached.bundles().get(asked))))
                .isEqualTo(route("one", Optional.of(BUNDLE)));
    }

    @Test
    void thatTheBundleIsMissingIsNotTakenForNoBundle() {
        String json = RouteBundles.detach(route("one", Optional.of(BUNDLE))).json();
        assertThatExceptionOfType(RouteBundles.MissingBundleException.class)
                .isThrownBy(() -> RouteBundles.read(json, ServerRoute.class, _ -> Optional.empty()))
                .withMessage("the bundle of authorities " + Sha256.of(BUNDLE) + " is not there");
    }

    @Test
    void aRouteOfAnEarlierVersionHoldsItsBundle() {
        ServerRoute route = route("one", Optional.of(BUNDLE));
        assertThat(RouteBundles.read(RouteJson.write(route), ServerRoute.class, _ -> Optional.empty()))
                .isEqualTo(route);
    }

    @Test
    void aRouteWithoutABundleIsWrittenAsEver() {
        ServerRoute route = route("one", Optional.empty());
        assertThat(RouteBundles.detach(route))
                .isEqualTo(new RouteBundles.Detached(RouteJson.write(route), Map.of()));
    }

    /** A certificate of a server, a text, and the same authority again are left out. */
    @Test
    void onlyAuthoritiesAreKeptOfABundle() throws Exception {
        TestCertificates ca = new TestCertificates("One CA");
        String server = "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder().encodeToString(ca.server("localhost").x509().getEncoded())
                + "\n-----END CERTIFICATE-----\n";
        String kept = CertificateBundle.authorities("text\n" + ca.pem() + server + "more\n" + ca.pem());
        assertThat(CertificateBundle.parse(kept)).containsExactly(ca.x509());
        assertThat(CertificateBundle.authorities(server)).isEmpty();
        assertThat(CertificateBundle.authorities(kept)).isEqualTo(kept);
    }
}
