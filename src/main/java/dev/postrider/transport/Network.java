package dev.postrider.transport;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Addresses that begin with the same bits, as CIDR writes them (RFC 4632, RFC 4291 section 2.3): {@code 10.0.0.0/8}.
 *
 * @param address all bits after the prefix are zero
 * @param prefix  how many bits count: 0 to 32 for IPv4, 0 to 128 for IPv6
 */
record Network(InetAddress address, int prefix) {
    /** Four octets for IPv4: the shorter forms of BSD mean one thing here and another there. */
    private static final Pattern FORM = Pattern
            .compile("([0-9]{1,3}(?:\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:/([0-9]{1,3}))?");

    /**
     * Reads a network, or an address alone, which is a network of one.
     *
     * @throws IllegalArgumentException if the text is neither; the message tells what to write
     */
    static Network parse(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw invalid(text);
        }
        try {
            InetAddress address = literal(form.group(1), text);
            int bits = address.getAddress().length * 8;
            int prefix = form.group(2) == null ? bits : Integer.parseInt(form.group(2));
            if (prefix > bits) {
                throw invalid(text);
            }
            Network network = new Network(InetAddress.getByAddress(cut(address.getAddress(), prefix)), prefix);
            if (!network.address().equals(address)) {
                throw new IllegalArgumentException(
                        "\"%s\" has bits set after its prefix: use \"%s\"".formatted(text, network));
            }
            return network;
        } catch (UnknownHostException e) {
            throw invalid(text);
        }
    }

    private static InetAddress literal(String address, String text) {
        try {
            return InetAddress.ofLiteral(address);
        } catch (IllegalArgumentException e) {
            throw invalid(text);
        }
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException("\"%s\" is not a valid network: use an address and the length of its "
                .formatted(text) + "prefix, such as \"10.0.0.0/8\" or \"fd00::/8\"");
    }

    boolean contains(InetAddress other) {
        byte[] octets = other.getAddress();
        return octets.length == address.getAddress().length && Arrays.equals(cut(octets, prefix), address.getAddress());
    }

    private static byte[] cut(byte[] octets, int prefix) {
        byte[] cut = octets.clone();
        for (int i = 0; i < cut.length; i++) {
            int kept = Math.clamp(prefix - i * 8L, 0, 8);
            cut[i] &= (byte) (0xff00 >> kept);
        }
        return cut;
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefix;
    }
}
