package dev.postrider.transport;

import dev.postrider.route.TokenSource;
import dev.postrider.route.TokenSource.RefreshToken;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Access tokens, kept until a minute before they expire. However many need one at the same time, it is fetched once.
 *
 * <p>The source with all its secrets is the key: who does not know them gets nobody else's token.
 */
final class AccessTokens {
    private final InstantSource clock;
    private final TokenEndpoint endpoint;
    private final SharedValues<TokenSource, Token> tokens;
    /** Newer refresh tokens that came with access tokens (RFC 6749 section 6), by the source as it is declared. */
    private final Map<TokenSource, RefreshToken> renewed = new ConcurrentHashMap<>();

    AccessTokens() {
        this(InstantSource.system(), Duration.ofSeconds(30), false);
    }

    /**
     * For tests.
     *
     * @param timeout       for a whole fetch
     * @param plainLoopback whether http is allowed to this machine
     */
    AccessTokens(InstantSource clock, Duration timeout, boolean plainLoopback) {
        this.clock = clock;
        this.endpoint = new TokenEndpoint(clock, timeout, plainLoopback);
        this.tokens = new SharedValues<>(token -> token.renewal().isAfter(clock.instant()));
    }

    private record Token(String value, Instant renewal) {
        @Override
        public String toString() {
            return "Token[renewal=" + renewal + "]";
        }
    }

    /**
     * A token that is good now.
     *
     * @param egress by what the endpoint is asked
     * @throws RefusedException with Authentication; the message tells what the endpoint said
     */
    String token(TokenSource source, EgressPolicy egress) throws RefusedException {
        return tokens.value(source, () -> fetch(source, egress)).value();
    }

    /** Does not give out this token again. */
    void forget(TokenSource source, String token) {
        tokens.forget(source, present -> present.value().equals(token));
    }

    private Token fetch(TokenSource declared, EgressPolicy egress) throws RefusedException {
        RefreshToken newer = renewed.remove(declared);
        TokenSource source = newer == null
                ? declared
                : declared.by(newer);
        TokenEndpoint.Grant granted = endpoint.ask(source, egress);
        if (source.grant() instanceof RefreshToken used) {
            RefreshToken next = granted.refreshToken()
                    .map(text -> new RefreshToken(used.clientId(), used.clientSecret(), text))
                    .orElse(used);
            if (!next.equals(declared.grant())) {
                renewed.put(declared, next);
            }
        }
        long lifetime = granted.lifetimeSeconds();
        return new Token(granted.accessToken(), clock.instant().plusSeconds(lifetime - Math.min(60, lifetime / 2)));
    }
}
