package dev.postrider.transport;

import java.time.Duration;
import java.time.InstantSource;

/** The ways to servers as they are, but for token endpoints of this machine that speak no TLS, and no time to wait. */
public final class LoopbackUpstreams {
    private LoopbackUpstreams() {}

    /** Ways that write down the dialogue. */
    public static Upstreams open() {
        return new MailUpstreams("client.test", true,
                new AccessTokens(InstantSource.system(), Duration.ofSeconds(5), true),
                new PopLogins(InstantSource.system(), _ -> {}));
    }
}
