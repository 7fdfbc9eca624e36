package dev.postrider.transport;

import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.util.Optional;

/** Tells why no session with a server came about: the step that failed, and what to do next. Never permanent. */
record SessionFailure(Endpoint.Smtp endpoint, Wire wire, Secrets secrets) {
    /** The TLS handshake failed. */
    RefusedException ofTls(Exception failure) {
        if (wire.timedOut()) {
            return timeout("the TLS handshake");
        }
        Optional<String> certificate = wire.certificateRefusal();
        if (certificate.isPresent()) {
            return new RefusedException(Step.Certificate,
                    "the certificate of " + endpoint.display() + " is refused: " + certificate.get());
        }
        return new RefusedException(Step.Tls, "no encrypted connection with " + endpoint.display() + ": "
                + failure.getMessage() + "; check that spec.smtp.security fits the port (TLS: 465, StartTLS: 587) and "
                + "that the server speaks TLS 1.2 or 1.3");
    }

    /**
     * Greeting, EHLO or STARTTLS failed.
     *
     * @param phase     Connection or Tls: what was under way
     * @param lastLines the server's last reply, as it came
     */
    RefusedException of(Exception failure, Step phase, String lastLines) {
        if (wire.timedOut()) {
            return timeout("greeting, EHLO or STARTTLS");
        }
        Optional<Reply> reply = Reply.parse(lastLines).map(secrets::redact);
        if (reply.isPresent() && !reply.get().positive()) {
            return phase == Step.Tls
                    ? refused(Step.Tls, reply.get(), endpoint.display() + " offers STARTTLS but refused it: "
                            + reply.get().text() + "; have its operator look into the TLS settings")
                    : refused(Step.Connection, reply.get(), endpoint.display() + " does not want to talk: "
                            + reply.get().text() + "; ask the server's operator whether this address may connect");
        }
        if (phase == Step.Tls) {
            return ofTls(failure instanceof MessagingException mail && mail.getNextException() != null
                    ? mail.getNextException()
                    : failure);
        }
        if (String.valueOf(failure.getMessage()).startsWith("STARTTLS is required")) {
            return new RefusedException(Step.Tls, endpoint.display()
                    + " does not offer STARTTLS, and without it nothing "
                    + "is sent; enable it at the server, or use security TLS with port 465 if the server has that");
        }
        return new RefusedException(Step.Connection, "the connection to " + wire.server()
                + " broke before the session was ready: " + reason(failure)
                + "; check that an SMTP server listens on that port, and that spec.smtp.security fits it");
    }

    private RefusedException timeout(String what) {
        return new RefusedException(Step.Timeout, wire.server() + " took longer than "
                + Durations.write(endpoint.replyTimeout()) + " for " + what
                + "; look into the server's log, or raise spec.smtp.replyTimeout");
    }

    private String reason(Exception failure) {
        if (failure.getMessage() != null && failure.getMessage().startsWith("Got bad greeting")) {
            return "the server closed the connection, or greeted with what is not SMTP";
        }
        Exception cause = failure instanceof MessagingException mail
                && mail.getNextException() instanceof IOException io
                        ? io
                        : failure;
        return secrets.redact(String.valueOf(cause.getMessage())).lines().findFirst().orElse("").strip();
    }

    private static RefusedException refused(Step step, Reply reply, String message) {
        return new RefusedException(new Verdict.Refused(step, false, Optional.of(reply), step + ": " + message));
    }
}
