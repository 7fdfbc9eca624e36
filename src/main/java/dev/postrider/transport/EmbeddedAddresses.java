package dev.postrider.transport;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * The IPv4 addresses that an IPv6 address stands for: a translator or the end of a tunnel on the way connects to them.
 */
final class EmbeddedAddresses {
    /** Where an IPv4 address is in an address of a translator, by the length of its prefix (RFC 6052 section 2.2). */
    private static final int[][] TRANSLATED = {{6, 7, 9, 10}, {7, 9, 10, 11}, {9, 10, 11, 12}, {12, 13, 14, 15}};

    private static final Network COMPATIBLE = Network.parse("::/96");
    private static final Network TRANSLATED_V4 = Network.parse("::ffff:0:0:0/96");
    private static final Network NAT64 = Network.parse("64:ff9b::/96");
    private static final Network LOCAL_NAT64 = Network.parse("64:ff9b:1::/48");
    private static final Network SIX_TO_FOUR = Network.parse("2002::/16");
    private static final Network TEREDO = Network.parse("2001::/32");
    private static final int[] LAST = {12, 13, 14, 15};

    private EmbeddedAddresses() {}

    static List<InetAddress> of(InetAddress address) {
        List<InetAddress> found = new ArrayList<>();
        if (!(address instanceof Inet6Address)) {
            return found;
        }
        byte[] octets = address.getAddress();
        if (COMPATIBLE.contains(address) || TRANSLATED_V4.contains(address) || NAT64.contains(address)
                || isMapped(octets)) {
            // IPv4-compatible (RFC 4291), IPv4-translated (RFC 2765), NAT64 (RFC 6052), IPv4-mapped (RFC 4291).
            add(found, octets, 0, LAST);
        } else if (LOCAL_NAT64.contains(address)) {
            // NAT64 with a prefix of one's own, of whatever length (RFC 8215).
            for (int[] places : TRANSLATED) {
                add(found, octets, 0, places);
            }
        } else if (SIX_TO_FOUR.contains(address)) {
            // 6to4 (RFC 3056 section 2).
            add(found, octets, 0, 2, 3, 4, 5);
        } else if (TEREDO.contains(address)) {
            // Teredo: its server, and its client with all bits turned (RFC 4380 section 4).
            add(found, octets, 0, 4, 5, 6, 7);
            add(found, octets, 0xff, LAST);
        } else if ((octets[8] & 0xfd) == 0 && octets[9] == 0 && octets[10] == 0x5e && octets[11] == (byte) 0xfe) {
            // ISATAP (RFC 5214 section 6.1).
            add(found, octets, 0, LAST);
        }
        return found;
    }

    private static boolean isMapped(byte[] octets) {
        for (int i = 0; i < 10; i++) {
            if (octets[i] != 0) {
                return false;
            }
        }
        return octets[10] == (byte) 0xff && octets[11] == (byte) 0xff;
    }

    /** What begins with 0 is no address that anybody could be reached by; {@code ::1} is not 0.0.0.1. */
    private static void add(List<InetAddress> found, byte[] octets, int turned, int... places) {
        byte[] four = new byte[4];
        for (int i = 0; i < 4; i++) {
            four[i] = (byte) (octets[places[i]] ^ turned);
        }
        if (four[0] != 0) {
            try {
                found.add(InetAddress.getByAddress(four));
            } catch (UnknownHostException e) {
                throw new IllegalStateException("an address has 4 or 16 octets", e);
            }
        }
    }
}
