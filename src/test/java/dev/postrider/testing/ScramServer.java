package dev.postrider.testing;

import com.ongres.scram.common.ScramFunctions;
import com.ongres.scram.common.ScramMechanism;
import com.ongres.scram.common.StringPreparation;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The server's side of SCRAM-SHA-256 (RFC 5802 section 3), for machines without a server that has it. */
final class ScramServer {
    private static final ScramMechanism MECHANISM = ScramMechanism.SCRAM_SHA_256;
    private static final byte[] SALT = "salt-of-the-test".getBytes(StandardCharsets.US_ASCII);
    private static final int ITERATIONS = 4096;

    private final String user;
    private final String password;
    private String bare = "";
    private String first = "";

    ScramServer(String user, String password) {
        this.user = user;
        this.password = password;
    }

    /** The first challenge. */
    String challenge(String clientFirst) {
        bare = clientFirst.substring("n,,".length());
        first = "r=" + fields(bare).get("r") + "server,s=" + Base64.getEncoder().encodeToString(SALT) + ",i="
                + ITERATIONS;
        return first;
    }

    /** The second challenge, which proves the server; empty if the client does not know the password. */
    String verify(String clientFinal) {
        byte[] salted = ScramFunctions.saltedPassword(MECHANISM, StringPreparation.SASL_PREPARATION,
                password.toCharArray(), SALT, ITERATIONS);
        byte[] storedKey = ScramFunctions.storedKey(MECHANISM, ScramFunctions.clientKey(MECHANISM, salted));
        String message = bare + "," + first + "," + clientFinal.substring(0, clientFinal.lastIndexOf(",p="));
        byte[] proof = Base64.getDecoder().decode(fields(clientFinal).get("p"));
        return ScramFunctions.verifyClientProof(MECHANISM, proof, storedKey, message)
                && user.equals(fields(bare).get("n"))
                        ? "v=" + Base64.getEncoder()
                                .encodeToString(ScramFunctions.serverSignature(MECHANISM,
                                        ScramFunctions.serverKey(MECHANISM, salted), message))
                        : "";
    }

    private static Map<String, String> fields(String message) {
        return Stream.of(message.split(",")).collect(Collectors.toMap(f -> f.substring(0, 1), f -> f.substring(2)));
    }
}
