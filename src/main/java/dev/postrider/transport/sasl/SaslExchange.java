package dev.postrider.transport.sasl;

import dev.postrider.route.SaslMechanism;
import java.util.Optional;
import javax.security.sasl.SaslException;

/** The client's side of one exchange of one mechanism (RFC 4422 section 3). Used once, by one thread. */
public interface SaslExchange {

    /**
     * What may be sent together with the name of the mechanism.
     *
     * @return empty where the server speaks first
     * @throws SaslException if user or password cannot be used with this mechanism
     */
    Optional<byte[]> initialResponse() throws SaslException;

    /**
     * The answer to a challenge.
     *
     * @throws SaslException if the server does not keep to the mechanism, or does not prove what it should; the message
     *                       is for people and tells no secret
     */
    byte[] respond(byte[] challenge) throws SaslException;

    /** Whether nothing is missing any more; a server that has to prove itself has done so. */
    boolean isComplete();

    /** An exchange of a mechanism. */
    static SaslExchange of(SaslMechanism mechanism, SaslCredentials credentials) throws SaslException {
        return switch (mechanism) {
            case SCRAM_SHA_256 -> new ScramExchange(credentials);
            case DIGEST_MD5, CRAM_MD5, NTLM, PLAIN -> new JdkExchange(mechanism, credentials);
            case LOGIN -> new LoginExchange(credentials);
            case OAUTHBEARER, XOAUTH2 -> new BearerExchange(mechanism, credentials);
        };
    }
}
