package dev.postrider.transport;

import dev.postrider.reply.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What must never be shown, in the forms in which a server that echoes what it got could give it back. */
final class Secrets {
    private static final int SHORTEST = 4;

    private final List<String> forms = new CopyOnWriteArrayList<>();

    private Secrets() {}

    static Secrets none() {
        return new Secrets();
    }

    /** A password or token, as it is and as LOGIN carries it. */
    static Secrets of(String secret) {
        Secrets secrets = new Secrets();
        secrets.and(secret);
        secrets.and(Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8)));
        return secrets;
    }

    /** Hides this too, and gives it back: what is about to be sent. */
    String and(String form) {
        if (form.length() >= SHORTEST && !forms.contains(form)) {
            forms.add(form);
        }
        return form;
    }

    String redact(String text) {
        String redacted = text;
        for (String form : forms) {
            redacted = redacted.replace(form, "***");
        }
        return redacted;
    }

    Reply redact(Reply reply) {
        return new Reply(reply.code(), reply.enhanced(), redact(reply.text()), reply.isSmtp());
    }
}
