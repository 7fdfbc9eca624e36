package dev.postrider.route;

import java.util.Optional;

/**
 * A proxy on the way to a server.
 *
 * @param host name, IPv4 or IPv6 address without brackets
 * @param port 1 to 65535
 */
public record Proxy(Type type, String host, int port, Optional<Login.Password> login) {

    /** What it speaks: CONNECT of HTTP (RFC 9110 section 9.3.6), or RFC 1928. */
    public enum Type {
        HTTP, SOCKS5
    }

    /** For people. */
    public String display() {
        return Endpoint.display(host, port);
    }
}
