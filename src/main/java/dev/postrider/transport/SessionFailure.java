package dev.postrider.transport;

import dev.postrider.reply.Meaning;
import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** Tells why no session with a server came about: the step that failed, and what to do next. Never permanent. */
record SessionFailure(Endpoint.Smtp endpoint, Wire wire, Secrets secrets, SecurityMismatch mismatch) {

    static SessionFailure ofSmtp(Endpoint.Smtp endpoint, Wire wire, Secrets secrets) {
        return new SessionFailure(endpoint, wire, secrets, SecurityMismatch.smtp(endpoint, wire));
    }

    /** The TLS handshake failed. */
    RefusedException ofTls(Exception failure) {
        Optional<String> certificate = CertificateRefusedException.in(failure);
        if (wire.timedOut() && certificate.isEmpty()) {
            return mismatch.noHandshake();
        }
        if (endpoint.security() == Security.TLS && SecurityMismatch.isInTheClear(failure)) {
            return mismatch.speaksInTheClear();
        }
        if (certificate.isPresent()) {
            return new RefusedException(Step.Certificate,
                    "the certificate of " + endpoint.display() + " is refused: " + certificate.get());
        }
        return new RefusedException(Step.Tls, "no encrypted connection with " + endpoint.display() + ": "
                + failure.getMessage() + "; check that spec.smtp.security fits the port (TLS: 465, StartTLS: 587) and "
                + "that the server speaks " + (endpoint.tls().minimumVersion().equals("TLSv1.3")
                        ? "TLS 1.3 (spec.smtp.tls.minimumVersion)"
                        : "TLS 1.2 or 1.3")
                + (endpoint.tls().clientCertificate().isPresent()
                        ? ", and takes the client certificate"
                        : ""));
    }

    /**
     * Greeting, EHLO or STARTTLS failed.
     *
     * @param phase     Connection or Tls: what was under way
     * @param lastLines the server's last reply, as it came
     */
    RefusedException of(Exception failure, Step phase, String lastLines) {
        if (wire.speaksTls()) {
            return mismatch.speaksTls();
        }
        if (wire.timedOut() && !wire.hasGreeted()) {
            return mismatch.silent();
        }
        if (wire.timedOut()) {
            return phase == Step.Tls && lastLines.startsWith("220")
                    ? ofTls(failure)
                    : timeout("greeting, EHLO or STARTTLS", endpoint.replyTimeout(), "replyTimeout");
        }
        Optional<Reply> reply = Reply.parse(lastLines).map(secrets::redact);
        if (reply.isPresent() && !reply.get().positive()) {
            return phase == Step.Tls
                    ? refused(Step.Tls, reply.get(), endpoint.display() + " offers STARTTLS but refused it: "
                            + reply.get().text(), "have its operator look into the TLS settings")
                    : !Dialogue.Protocol.SMTP.isSpokenBy(reply.get().text())
                            ? new RefusedException(Step.Connection, endpoint.display() + " does not answer EHLO as an "
                                    + "SMTP server does; check that an SMTP server listens on that port")
                            : refused(Step.Connection, reply.get(), endpoint.display() + " does not want to talk: "
                                    + reply.get().text(),
                                    "ask the server's operator whether this address may connect");
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
        if (wire.tls().isPresent() && alert(failure).isPresent()) {
            return new RefusedException(Step.Tls, wire.server() + " ended the encrypted connection: "
                    + alert(failure).get() + "; " + (endpoint.tls().clientCertificate().isPresent()
                            ? "see that it trusts the client certificate of spec.smtp.tls.clientCertificateSecretRef"
                            : "if it asks for a client certificate, name one in "
                                    + "spec.smtp.tls.clientCertificateSecretRef"));
        }
        return new RefusedException(Step.Connection, "the connection to " + wire.server()
                + " broke before the session was ready: " + reason(failure)
                + "; check that an SMTP server listens on that port, and that spec.smtp.security fits it");
    }

    /** What TLS has to say: with TLS 1.3 a server refuses a client's certificate only after the handshake. */
    private static Optional<String> alert(Exception failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLException) {
                return Optional.of(String.valueOf(cause.getMessage()));
            }
        }
        return Optional.empty();
    }

    private RefusedException timeout(String what, Duration time, String field) {
        return new RefusedException(Step.Timeout, wire.server() + " took longer than " + Durations.write(time) + " for "
                + what + "; look into the server's log, or raise spec.smtp." + field);
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

    private RefusedException refused(Step step, Reply reply, String message, String next) {
        Meaning meaning = ReplyRules.shipped().of(endpoint.host(), step, reply);
        return new RefusedException(new Verdict.Refused(step, false, Optional.of(reply),
                step + ": " + message + "; " + meaning.advice().orElse(next)).meaning(meaning));
    }
}
