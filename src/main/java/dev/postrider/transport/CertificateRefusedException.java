package dev.postrider.transport;

import java.security.cert.CertificateException;
import java.util.Optional;

/** Tells for people which checks a server's certificate failed, with its particulars and what to do next. */
final class CertificateRefusedException extends CertificateException {
    CertificateRefusedException(String message) {
        super(message);
    }

    /** The refusal that made a handshake fail, if that was it: JSSE carries it among the causes. */
    static Optional<String> in(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateRefusedException refused) {
                return Optional.of(String.valueOf(refused.getMessage()));
            }
        }
        return Optional.empty();
    }
}
