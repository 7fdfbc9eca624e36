package dev.postrider.transport;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/** What must never be shown, in the forms in which a server that echoes what it got could give it back. */
final class Secrets {
    private static final int SHORTEST = 4;

    private final List<String> forms;

    private Secrets(List<String> forms) {
        this.forms = forms;
    }

    static Secrets none() {
        return new Secrets(List.of());
    }

    /** A password or token, and how SASL PLAIN (RFC 4616), LOGIN and XOAUTH2 carry it. */
    static Secrets of(String user, String secret) {
        return new Secrets(Stream
                .of(secret, base64(secret), base64(user + "\0" + user + "\0" + secret),
                        base64("\0" + user + "\0" + secret),
                        base64("user=" + user + "\001auth=Bearer " + secret + "\001\001"))
                .filter(form -> form.length() >= SHORTEST)
                .toList());
    }

    String redact(String text) {
        String redacted = text;
        for (String form : forms) {
            redacted = redacted.replace(form, "***");
        }
        return redacted;
    }

    Reply redact(Reply reply) {
        return new Reply(reply.code(), reply.enhanced(), redact(reply.text()));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
