package dev.postrider.transport.sasl;

import dev.postrider.route.SaslMechanism;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * OAUTHBEARER (RFC 7628) and XOAUTH2 (Google, "OAuth 2.0 Mechanism"): one message with the token. A server that refuses
 * it tells why in a challenge; it gives its reply after that was answered.
 */
final class BearerExchange implements SaslExchange {
    private final SaslMechanism mechanism;
    private final SaslCredentials credentials;
    private boolean sent;
    private boolean refused;

    BearerExchange(SaslMechanism mechanism, SaslCredentials credentials) {
        this.mechanism = mechanism;
        this.credentials = credentials;
    }

    @Override
    public Optional<byte[]> initialResponse() {
        sent = true;
        String token = "auth=Bearer " + credentials.secret() + "\001\001";
        String message = mechanism == SaslMechanism.XOAUTH2
                ? "user=" + credentials.user() + "\001" + token
                // The gs2-header of RFC 5801 section 4: no channel binding, and in the name of whom.
                : "n,a=" + credentials.user().replace("=", "=3D").replace(",", "=2C") + ",\001host="
                        + credentials.host() + "\001port=" + credentials.port() + "\001" + token;
        return Optional.of(message.getBytes(StandardCharsets.UTF_8));
    }

    /** RFC 7628 section 3.2.3: the dummy answer; Google and Microsoft take an empty one. */
    @Override
    public byte[] respond(byte[] challenge) {
        refused = true;
        return mechanism == SaslMechanism.XOAUTH2 ? new byte[0] : new byte[]{1};
    }

    @Override
    public boolean isComplete() {
        return sent && !refused;
    }
}
