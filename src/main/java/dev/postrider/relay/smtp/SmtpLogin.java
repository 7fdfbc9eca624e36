package dev.postrider.relay.smtp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/** The exchange of AUTH (RFC 4954 section 4): PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login). */
final class SmtpLogin {
    private static final String USER_NAME_PROMPT = "VXNlcm5hbWU6";
    private static final String PASSWORD_PROMPT = "UGFzc3dvcmQ6";

    /** How the exchange ended. */
    sealed interface Outcome {}

    /** What the client logs in with. */
    record Credentials(String user, String password) implements Outcome {
        @Override
        public String toString() {
            return "Credentials[user=" + user + "]";
        }
    }

    /** The exchange failed. */
    record Refused(int code, String status, String text) implements Outcome {}

    /** The client is gone. */
    record Gone() implements Outcome {}

    private final Connection connection;
    private Outcome failure = new Gone();

    SmtpLogin(Connection connection) {
        this.connection = connection;
    }

    /** @param argument of AUTH: the mechanism and perhaps an initial response */
    Outcome read(String argument) throws IOException {
        int space = argument.indexOf(' ');
        String mechanism = (space < 0 ? argument : argument.substring(0, space)).toUpperCase(Locale.ROOT);
        Optional<String> initial = space < 0 ? Optional.empty() : Optional.of(argument.substring(space + 1).strip());
        return switch (mechanism) {
            case "PLAIN" -> plain(initial);
            case "LOGIN" -> login(initial);
            default -> new Refused(504, "5.5.4", "the mechanisms are PLAIN and LOGIN");
        };
    }

    private Outcome plain(Optional<String> initial) throws IOException {
        Optional<String> message = initial.isPresent() ? decode(initial.get()) : ask("");
        if (message.isEmpty()) {
            return failure;
        }
        String[] parts = message.get().split("\0", -1);
        if (parts.length != 3 || parts[1].isEmpty()) {
            return new Refused(501, "5.5.2", "this is no message of PLAIN");
        }
        return parts[0].isEmpty() || parts[0].equals(parts[1])
                ? new Credentials(parts[1], parts[2])
                : new Refused(535, "5.7.8", "nobody may act for another");
    }

    private Outcome login(Optional<String> initial) throws IOException {
        Optional<String> user = initial.isPresent() ? decode(initial.get()) : ask(USER_NAME_PROMPT);
        if (user.isEmpty()) {
            return failure;
        }
        Optional<String> password = ask(PASSWORD_PROMPT);
        return password.isEmpty() ? failure : new Credentials(user.get(), password.get());
    }

    private Optional<String> ask(String prompt) throws IOException {
        connection.write("334 " + prompt);
        switch (connection.readLine(false)) {
            case Line.Text(String text, int _) -> {
                String response = text.strip();
                return response.equals("*") ? fail(501, "5.7.0", "cancelled") : decode(response);
            }
            case Line.TooLong() -> {
                return fail(500, "5.5.6", "line too long");
            }
            case Line.Broken(),Line.End() -> {
                failure = new Gone();
                return Optional.empty();
            }
        }
    }

    private Optional<String> decode(String base64) {
        try {
            // A lone = stands for an empty initial response.
            byte[] octets = base64.equals("=") ? new byte[0] : Base64.getDecoder().decode(base64);
            return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString());
        } catch (IllegalArgumentException | CharacterCodingException e) {
            return fail(501, "5.5.2", "this is no UTF-8 in base64");
        }
    }

    private Optional<String> fail(int code, String status, String text) {
        failure = new Refused(code, status, text);
        return Optional.empty();
    }
}
