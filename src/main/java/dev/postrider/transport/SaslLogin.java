package dev.postrider.transport;

import dev.postrider.reply.Reply;
import dev.postrider.route.Login;
import dev.postrider.route.SaslMechanism;
import dev.postrider.transport.sasl.SaslCredentials;
import dev.postrider.transport.sasl.SaslExchange;
import jakarta.mail.MessagingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.security.sasl.SaslException;

/**
 * A login by AUTH (RFC 4954), with one mechanism that both sides have. A refused login is not tried again with another
 * mechanism: that would lock accounts, and tempt a server to ask for a weaker one.
 */
final class SaslLogin {
    /** RFC 4954 section 4: a longer command must not carry the initial response. */
    private static final int LONGEST_COMMAND = 510;
    private static final int MOST_CHALLENGES = 8;

    private final SmtpConnection connection;
    private final Login login;
    private final SaslCredentials credentials;
    private final LoginFailure failure;

    SaslLogin(SmtpConnection connection, Login login, SaslCredentials credentials) {
        this.connection = connection;
        this.login = login;
        this.credentials = credentials;
        this.failure = new LoginFailure(connection.endpoint(), connection.wire(), login, connection.rules());
    }

    /**
     * Logs in.
     *
     * @throws RefusedException with Authentication, Connection or Timeout
     */
    void perform() throws RefusedException {
        SaslMechanism mechanism = mechanism(connection, login);
        connection.dialogue().login(true);
        try {
            exchange(mechanism);
        } catch (MessagingException e) {
            throw failure.broken();
        } finally {
            connection.dialogue().login(false);
        }
    }

    /**
     * The mechanism that a login would use.
     *
     * @throws RefusedException with Authentication, if there is none, or a login must not be sent
     */
    static SaslMechanism mechanism(SmtpConnection connection, Login login) throws RefusedException {
        LoginFailure failure = new LoginFailure(connection.endpoint(), connection.wire(), login, connection.rules());
        boolean encrypted = connection.wire().tls().isPresent();
        if (!encrypted && !connection.mayLogInInTheClear()) {
            throw failure.inTheClear();
        }
        Set<SaslMechanism> offered = offered(connection);
        if (offered.isEmpty() && connection.offeredMechanisms().isEmpty()) {
            throw failure.nothingOffered();
        }
        return wanted(login).stream()
                .filter(offered::contains)
                .findFirst()
                .orElseThrow(() -> failure.nothingInCommon(connection.offeredMechanisms(), wanted(login)));
    }

    private static Set<SaslMechanism> offered(SmtpConnection connection) {
        Set<SaslMechanism> known = EnumSet.noneOf(SaslMechanism.class);
        for (SaslMechanism mechanism : SaslMechanism.values()) {
            if (connection.offeredMechanisms().contains(mechanism.saslName())) {
                known.add(mechanism);
            }
        }
        return known;
    }

    /** What may be used, the preferred one first. */
    static List<SaslMechanism> wanted(Login login) {
        return switch (login) {
            case Login.Password password when !password.mechanisms().isEmpty() -> password.mechanisms();
            case Login.Submitter submitter when !submitter.mechanisms().isEmpty() -> submitter.mechanisms();
            case Login.Password _,Login.Submitter _ -> List.of(SaslMechanism.SCRAM_SHA_256, SaslMechanism.DIGEST_MD5,
                    SaslMechanism.CRAM_MD5, SaslMechanism.NTLM, SaslMechanism.PLAIN, SaslMechanism.LOGIN);
            case Login.OAuth2 oauth when !oauth.mechanisms().isEmpty() -> oauth.mechanisms();
            // Google and Microsoft document this one; the other is for the rest of the world.
            case Login.OAuth2 _ -> List.of(SaslMechanism.XOAUTH2, SaslMechanism.OAUTHBEARER);
            case Login.PopBeforeSmtp _ -> List.of();
        };
    }

    private void exchange(SaslMechanism mechanism) throws RefusedException, MessagingException {
        SaslExchange exchange;
        Optional<byte[]> initial;
        try {
            exchange = SaslExchange.of(mechanism, credentials);
            initial = exchange.initialResponse();
        } catch (SaslException e) {
            throw failure.unusable(e);
        }
        int code = begin(mechanism, initial);
        for (int challenges = 0; code == 334; challenges++) {
            byte[] response;
            try {
                if (challenges == MOST_CHALLENGES) {
                    throw new SaslException(mechanism.saslName() + ": the server asks without end");
                }
                response = exchange.respond(challenge());
            } catch (SaslException e) {
                connection.simpleCommand("*");
                throw failure.unusable(e);
            }
            code = connection.simpleCommand(encoded(mechanism, response));
        }
        Reply reply = connection.lastReply();
        if (code != 235) {
            throw reply.positive()
                    ? failure.broken()
                    : failure.refused(mechanism, connection.offeredMechanisms(), reply);
        }
        if (!exchange.isComplete()) {
            throw failure.unproved(mechanism);
        }
    }

    private int begin(SaslMechanism mechanism, Optional<byte[]> initial) throws MessagingException {
        String command = "AUTH " + mechanism.saslName();
        if (initial.isEmpty()) {
            return connection.simpleCommand(command);
        }
        String response = encoded(mechanism, initial.get());
        String whole = command + " " + (response.isEmpty() ? "=" : response);
        if (whole.length() <= LONGEST_COMMAND) {
            return connection.simpleCommand(whole);
        }
        int code = connection.simpleCommand(command);
        return code == 334 ? connection.simpleCommand(response) : code;
    }

    private String encoded(SaslMechanism mechanism, byte[] response) {
        String text = Base64.getEncoder().encodeToString(response);
        return mechanism.showsSecret() ? connection.secrets().and(text) : text;
    }

    private byte[] challenge() throws SaslException {
        String line = connection.lastLine();
        try {
            return Base64.getDecoder().decode(line.length() <= 4 ? "" : line.substring(4).strip());
        } catch (IllegalArgumentException e) {
            // How LOGIN asks is the server's own, and some ask in plain words.
            return line.getBytes(StandardCharsets.UTF_8);
        }
    }
}
