package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.postrider.transport.EgressPolicy.RefusedAddressException;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses may be connected to on behalf of a tenant. */
@Tag("isolation")
final class EgressPolicyTest {
    private static final Set<InetAddress> OWN = Set.of(InetAddress.ofLiteral("10.96.0.1"),
            InetAddress.ofLiteral("fd00:96::1"));
    private static final EgressPolicy DEFAULT = EgressPolicy.of(List.of(), List.of(), () -> OWN);

    private static String verdict(EgressPolicy policy, String address) {
        return policy.refusal(InetAddress.ofLiteral(address)).orElse("allowed");
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            127.0.0.1                       | loopback
            127.255.255.254                 | loopback
            ::1                             | loopback
            0.0.0.0                         | unspecified
            0.1.2.3                         | unspecified
            ::                              | unspecified
            169.254.7.7                     | link-local
            fe80::1                         | link-local
            224.0.0.1                       | multicast
            ff02::1                         | multicast
            255.255.255.255                 | broadcast
            169.254.169.254                 | a metadata service
            169.254.170.2                   | a metadata service
            168.63.129.16                   | a metadata service
            100.100.100.200                 | a metadata service
            192.0.0.192                     | a metadata service
            fd00:ec2::254                   | a metadata service
            fd20:ce::254                    | a metadata service
            fe80::a9fe:a9fe                 | a metadata service
            ::ffff:127.0.0.1                | loopback
            ::ffff:169.254.169.254          | a metadata service
            ::7f00:1                        | loopback
            ::a9fe:a9fe                     | a metadata service
            ::ffff:0:7f00:1                 | loopback
            64:ff9b::a9fe:a9fe              | a metadata service
            64:ff9b::7f00:1                 | loopback
            64:ff9b:1::a9fe:a9fe            | a metadata service
            64:ff9b:1:fffe::a9fe:a9fe       | a metadata service
            64:ff9b:1:a9fe:a9:fe00::        | a metadata service
            2002:a9fe:a9fe::1               | a metadata service
            2002:7f00:1::                   | loopback
            2001:0:7f00:1::                 | loopback
            2001:0:c000:201::5601:5601      | a metadata service
            fd00:1::5efe:a9fe:a9fe          | a metadata service
            fd00:1::200:5efe:7f00:1         | loopback
            10.96.0.1                       | this installation's own
            64:ff9b::a60:1                  | this installation's own
            fd00:96::1                      | this installation's own
            10.0.0.8                        | allowed
            10.96.0.2                       | allowed
            172.16.3.4                      | allowed
            192.168.1.1                     | allowed
            100.64.0.1                      | allowed
            fd00::25                        | allowed
            192.0.2.1                       | allowed
            2001:db8::25                    | allowed
            64:ff9b::c000:201               | allowed
            64:ff9b:1::c000:201             | allowed
            64:ff9b:1:fffe::c000:201        | allowed
            2002:c000:201::1                | allowed
            """)
    // @formatter:on
    void byDefaultWhatNobodyHasAReasonToNameIsRefused(String address, String verdict) {
        assertThat(verdict(DEFAULT, address)).isEqualTo(verdict);
        assertThat(verdict(EgressPolicy.OPEN, address)).isEqualTo("allowed");
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            allowed                | denied               | address            | verdict
            127.0.0.0/8            | -                    | 127.0.0.1          | allowed
            127.0.0.0/8            | -                    | ::1                | loopback
            ::1                    | -                    | ::1                | allowed
            127.0.0.0/8            | -                    | 64:ff9b::7f00:1    | allowed
            0.0.0.0/0              | -                    | 169.254.169.254    | a metadata service
            169.254.0.0/16         | -                    | 169.254.169.254    | a metadata service
            169.254.0.0/16         | -                    | 169.254.20.10      | allowed
            169.254.169.254        | -                    | 169.254.169.254    | allowed
            10.0.0.0/8             | -                    | 10.96.0.1          | this installation's own
            10.96.0.1              | -                    | 10.96.0.1          | allowed
            -                      | 10.0.0.0/8           | 10.1.2.3           | denied by this installation
            -                      | 10.0.0.0/8           | 64:ff9b::a01:203   | denied by this installation
            10.1.0.0/16            | 10.0.0.0/8           | 10.1.2.3           | allowed
            10.1.0.0/16            | 10.0.0.0/8           | 10.2.2.3           | denied by this installation
            10.0.0.0/8             | 10.0.0.0/8           | 10.2.2.3           | denied by this installation
            10.1.2.0/25            | 10.1.2.0/24          | 10.1.2.127         | allowed
            10.1.2.0/25            | 10.1.2.0/24          | 10.1.2.128         | denied by this installation
            203.0.113.0/24         | 0.0.0.0/0,::/0       | 203.0.113.5        | allowed
            203.0.113.0/24         | 0.0.0.0/0,::/0       | 198.51.100.1       | denied by this installation
            203.0.113.0/24         | 0.0.0.0/0,::/0       | 2001:db8::1        | denied by this installation
            """, useHeadersInDisplayName = true)
    // @formatter:on
    void theNetworkWithTheLongestPrefixDecides(String allowed, String denied, String address, String verdict) {
        assertThat(verdict(EgressPolicy.of(networks(allowed), networks(denied), () -> OWN), address))
                .isEqualTo(verdict);
    }

    private static List<String> networks(String text) {
        return text == null ? List.of() : Arrays.asList(text.split(","));
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            10.0.0.0/33        | "10.0.0.0/33" is not a valid network: use an address and the length of its prefix
            10.0.0.0/-1        | "10.0.0.0/-1" is not a valid network
            10.0.0/8           | "10.0.0/8" is not a valid network
            example.com        | "example.com" is not a valid network
            10.0.0.0/8/8       | "10.0.0.0/8/8" is not a valid network
            10.0.0.1/8         | "10.0.0.1/8" has bits set after its prefix: use "10.0.0.0/8"
            fd00::1/8          | "fd00::1/8" has bits set after its prefix: use "fd00:0:0:0:0:0:0:0/8"
            """)
    // @formatter:on
    void aNetworkThatCannotBeReadIsNamed(String network, String message) {
        assertThatIllegalArgumentException().isThrownBy(() -> EgressPolicy.of(List.of(network), List.of(), List::of))
                .withMessageStartingWith(message);
    }

    @Test
    void ofSeveralAddressesThoseThatAreAllowedAreLeft() throws Exception {
        InetAddress good = InetAddress.ofLiteral("192.0.2.1");
        InetAddress bad = InetAddress.ofLiteral("127.0.0.1");
        assertThat(DEFAULT.permitted(List.of(bad, good))).containsExactly(good);
        assertThatExceptionOfType(RefusedAddressException.class).isThrownBy(() -> DEFAULT.permitted(List.of(bad)))
                .withMessage("the address 127.0.0.1 is loopback, and Postrider connects to such only where its "
                        + "administrator has allowed the network (connections.allowedNetworks)");
    }

    /** However a resolver writes them, they are loopback in the end. */
    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.1", "2130706433", "0x7f000001", "0", "ip6-localhost"})
    void otherSpellingsOfLoopbackAreNotAWayIn(String host) {
        List<InetAddress> resolved;
        try {
            resolved = List.of(InetAddress.getAllByName(host));
        } catch (java.net.UnknownHostException e) {
            return;
        }
        assertThatExceptionOfType(RefusedAddressException.class).isThrownBy(() -> DEFAULT.permitted(resolved));
    }
}
