package dev.postrider.transport.sasl;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.security.sasl.SaslException;

/** LOGIN (draft-murchison-sasl-login): the server asks for the user, then for the password; how it asks is its own. */
final class LoginExchange implements SaslExchange {
    private final SaslCredentials credentials;
    private int asked;

    LoginExchange(SaslCredentials credentials) {
        this.credentials = credentials;
    }

    @Override
    public Optional<byte[]> initialResponse() {
        return Optional.empty();
    }

    @Override
    public byte[] respond(byte[] challenge) throws SaslException {
        asked++;
        return switch (asked) {
            case 1 -> credentials.user().getBytes(StandardCharsets.UTF_8);
            case 2 -> credentials.secret().getBytes(StandardCharsets.UTF_8);
            default -> throw new SaslException("LOGIN: the server asked for more than user and password");
        };
    }

    @Override
    public boolean isComplete() {
        return asked == 2;
    }
}
