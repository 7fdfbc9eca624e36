package dev.postrider.transport.sasl;

import com.ongres.scram.client.ScramClient;
import com.ongres.scram.common.StringPreparation;
import com.ongres.scram.common.exception.ScramException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import javax.security.sasl.SaslException;
import org.jspecify.annotations.Nullable;

/** SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding. The server proves that it knows the password too. */
final class ScramExchange implements SaslExchange {
    /** RFC 7677 asks for 4096; more than this only keeps the client busy. */
    private static final int MOST_ITERATIONS = 1_000_000;

    private final SaslCredentials credentials;
    private @Nullable ScramClient client;
    private int step;

    ScramExchange(SaslCredentials credentials) {
        this.credentials = credentials;
    }

    @Override
    public Optional<byte[]> initialResponse() throws SaslException {
        try {
            ScramClient begun = ScramClient.builder()
                    .advertisedMechanisms(List.of("SCRAM-SHA-256"))
                    .username(credentials.user())
                    .password(credentials.secret().toCharArray())
                    .stringPreparation(StringPreparation.SASL_PREPARATION)
                    .build();
            client = begun;
            return Optional.of(begun.clientFirstMessage().toString().getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            // Its message may quote what it could not prepare.
            throw new SaslException("SCRAM-SHA-256: user or password has characters that SASLprep (RFC 4013) forbids");
        }
    }

    @Override
    public byte[] respond(byte[] challenge) throws SaslException {
        ScramClient begun = client;
        if (begun == null) {
            throw new SaslException("SCRAM-SHA-256: the server spoke first");
        }
        String message = new String(challenge, StandardCharsets.UTF_8);
        step++;
        try {
            return switch (step) {
                case 1 -> answer(begun, message);
                case 2 -> {
                    begun.serverFinalMessage(message);
                    yield new byte[0];
                }
                default -> throw new SaslException("SCRAM-SHA-256: the server goes on after its last message");
            };
        } catch (ScramException | IllegalArgumentException | IllegalStateException e) {
            step = 0;
            throw new SaslException("SCRAM-SHA-256: the server does not keep to the mechanism, or does not know the "
                    + "password (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static byte[] answer(ScramClient begun, String message) throws ScramException, SaslException {
        if (begun.serverFirstMessage(message).getIterationCount() > MOST_ITERATIONS) {
            throw new SaslException("SCRAM-SHA-256: the server asks for more than " + MOST_ITERATIONS + " iterations");
        }
        return begun.clientFinalMessage().toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean isComplete() {
        return step == 2;
    }
}
