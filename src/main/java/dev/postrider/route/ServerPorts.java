package dev.postrider.route;

import java.util.Set;

/**
 * At which ports servers begin in the clear, and at which with TLS: by RFC 5321, 6409, 8314 and 1939, and by Amazon's
 * "Connecting to an Amazon SES SMTP endpoint".
 */
public final class ServerPorts {
    private static final Set<Integer> CLEAR = Set.of(25, 587, 2525, 2587, 110);
    private static final Set<Integer> TLS = Set.of(465, 2465, 995);

    private ServerPorts() {}

    /** Whether servers at this port greet before the client speaks, and encrypt later if at all. */
    public static boolean beginInTheClear(int port) {
        return CLEAR.contains(port);
    }

    /** Whether servers at this port speak TLS from the first octet. */
    public static boolean beginWithTls(int port) {
        return TLS.contains(port);
    }
}
