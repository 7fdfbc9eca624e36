package dev.postrider.transport;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/** The ways to servers as they are, but for token endpoints of this machine that speak no TLS, and no time to wait. */
public final class LoopbackUpstreams {
    /** That of an installation whose settings allow the loopback addresses: servers of tests have no others. */
    public static final EgressPolicy POLICY = EgressPolicy.of(List.of("127.0.0.0/8", "::1"), List.of(), List::of);

    /** By which connections are made there. */

    private LoopbackUpstreams() {}

    /** Ways that write down the dialogue. */
    public static Upstreams open() {
        return new MailUpstreams("client.test", true, POLICY,
                new AccessTokens(InstantSource.system(), Duration.ofSeconds(5), true),
                new PopLogins(InstantSource.system(), _ -> {}));
    }
}
