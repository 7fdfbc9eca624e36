package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What belongs to an installation is not connected to for its tenants. */
@Tag("isolation")
final class OwnAddressesTest {
    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            postgresql://db.example.com:5432/postrider?sslmode=disable | db.example.com
            postgresql://db1:5432,db2/postrider                        | db1 db2
            postgresql://[fd00::5]:5432/postrider                      | fd00::5
            https://s3.example.com                                     | s3.example.com
            https://s3.example.com:9000/prefix                         | s3.example.com
            http://user@collector:4318/v1/traces                       | collector
            clamd.mail.svc:3310                                        | clamd.mail.svc
            [fd00::6]:3310                                             | fd00::6
            unix:/run/clamd.sock                                       | ''
            """)
    // @formatter:on
    void areThoseOfItsStores(String store, String hosts) {
        assertThat(String.join(" ", OwnAddresses.hosts(store).toList())).isEqualTo(hosts);
    }

    @Test
    void areRefusedUnlessTheirVeryAddressIsAllowed() throws Exception {
        List<String> stores = List.of("postgresql://198.51.100.5:5432/queue", "https://[2001:db8::6]:9000",
                "clamd.invalid:3310", "127.0.0.1:3310");
        OwnAddresses own = OwnAddresses.ofInstallation("relay.invalid", "192.0.2.1", stores);
        EgressPolicy strict = EgressPolicy.of(List.of("198.51.100.0/24"), List.of(), own);
        assertThat(strict.refusal(InetAddress.ofLiteral("198.51.100.5"))).contains("this installation's own");
        assertThat(strict.refusal(InetAddress.ofLiteral("2001:db8::6"))).contains("this installation's own");
        assertThat(strict.refusal(InetAddress.ofLiteral("192.0.2.1"))).contains("this installation's own");
        assertThat(strict.refusal(InetAddress.ofLiteral("198.51.100.6"))).isEmpty();
        assertThat(strict.refusal(InetAddress.ofLiteral("127.0.0.1"))).contains("loopback");
        assertThat(EgressPolicy.of(List.of("198.51.100.5/32", "127.0.0.0/8"), List.of(), own)
                .refusal(InetAddress.ofLiteral("198.51.100.5"))).isEqualTo(Optional.empty());
        assertThat(EgressPolicy.of(List.of("127.0.0.0/8"), List.of(), own)
                .refusal(InetAddress.ofLiteral("127.0.0.1"))).isEmpty();
    }
}
