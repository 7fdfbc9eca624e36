package dev.postrider.http;

import java.time.Duration;
import java.util.stream.Stream;

/**
 * Bounds of a port.
 *
 * @param connections in total
 * @param perAddress  connections of one client address, or one IPv6 network of 64 bits
 * @param idle        without an octet of the next request
 * @param request     from the first octet of a request to the end of its body, and for a TLS handshake
 * @param block       to take the next 64 KiB of an answer
 */
public record HttpLimits(int connections, int perAddress, Duration idle, Duration request, Duration block) {
    /** Of a port that programs of the cluster ask. */
    public static final HttpLimits ADMIN = new HttpLimits(128, 32, Duration.ofSeconds(30), Duration.ofSeconds(10),
            Duration.ofSeconds(30));

    /** Of a port that probes alone ask, each over a connection of its own. */
    public static final HttpLimits PROBES = new HttpLimits(64, 16, Duration.ofSeconds(5), Duration.ofSeconds(5),
            Duration.ofSeconds(5));

    /** Of a port that anybody asks. */
    public static final HttpLimits PUBLIC = new HttpLimits(512, 64, Duration.ofSeconds(30), Duration.ofSeconds(10),
            Duration.ofSeconds(30));

    /** Octets of a request line or a header field. */
    static final int LINE = 8 * 1024;

    /** Octets of a header, with the request line. */
    static final int HEADER = 16 * 1024;

    /** Header fields of a request. */
    static final int FIELDS = 100;

    /** Octets of a request's body, which is read and forgotten: nothing here takes one. */
    static final int BODY = 64 * 1024;

    public HttpLimits {
        if (connections < 1 || perAddress < 1 || !Stream.of(idle, request, block).allMatch(Duration::isPositive)) {
            throw new IllegalArgumentException("limits must be positive, but are connections=" + connections
                    + ", perAddress=" + perAddress + ", idle=" + idle + ", request=" + request + ", block=" + block);
        }
    }

    /** The same where a proxy stands in front, whose address is that of all. */
    public HttpLimits behindProxy() {
        return new HttpLimits(connections, connections, idle, request, block);
    }

    /** The same with another time for each block of an answer. */
    public HttpLimits withBlock(Duration time) {
        return new HttpLimits(connections, perAddress, idle, request, time);
    }

    Duration shortest() {
        return Stream.of(idle, request, block).min(Duration::compareTo).orElseThrow();
    }
}
