package dev.postrider.transport;

import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.ServerPorts;
import dev.postrider.route.TestResult.Step;
import javax.net.ssl.SSLException;

/**
 * Says which of security and port does not fit, where client and server do not agree who speaks first, and how.
 *
 * @param server     host, port and the address that answered
 * @param startTls   the usual port of a server that begins in the clear
 * @param tls        the usual port of one that speaks TLS from the first octet
 */
record SecurityMismatch(Endpoint.Smtp endpoint, String server, int startTls, int tls) {

    static SecurityMismatch smtp(Endpoint.Smtp endpoint, Wire wire) {
        return new SecurityMismatch(endpoint, wire.server(), 587, 465);
    }

    static SecurityMismatch pop3(Endpoint.Smtp endpoint, Wire wire) {
        return new SecurityMismatch(endpoint, wire.server(), 110, 995);
    }

    /** Whether a handshake failed since the server answered in the clear: JSSE says so by this text alone. */
    static boolean isInTheClear(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLException && String.valueOf(cause.getMessage())
                    .startsWith("Unsupported or "
                            + "unrecognized SSL message")) {
                return true;
            }
        }
        return false;
    }

    /** The server speaks TLS where a greeting in the clear was waited for. */
    RefusedException speaksTls() {
        return new RefusedException(Step.Tls, server + " speaks TLS from the first octet, but spec.smtp.security is "
                + declared() + "; set spec.smtp.security to TLS" + (ServerPorts.beginWithTls(endpoint.port())
                        ? ""
                        : ", or spec.smtp.port to the one that begins in the clear, often " + startTls));
    }

    /** The server speaks in the clear where TLS was begun. */
    RefusedException speaksInTheClear() {
        return new RefusedException(Step.Tls, server + " begins in the clear, but spec.smtp.security is TLS; set "
                + "spec.smtp.security to StartTLS" + (ServerPorts.beginInTheClear(endpoint.port())
                        ? ", or spec.smtp.port to " + tls + " if the server speaks TLS there"
                        : ""));
    }

    /** The server did not greet. */
    RefusedException silent() {
        return new RefusedException(Step.Timeout, server + " did not greet within "
                + Durations.write(endpoint.connectTimeout()) + "; " + (ServerPorts.beginWithTls(endpoint.port())
                        && endpoint.security() != Security.TLS
                                ? "port " + endpoint.port() + " is usually of servers that speak TLS from the first "
                                        + "octet: set spec.smtp.security to TLS"
                                : "check that spec.smtp.port is right and the server not overloaded; for one that greets "
                                        + "late, raise spec.smtp.connectTimeout; for one that speaks TLS from the "
                                        + "first octet, set spec.smtp.security to TLS"));
    }

    /** The handshake took too long. */
    RefusedException noHandshake() {
        return new RefusedException(Step.Timeout, server + " took longer than " + Durations.write(endpoint.tlsTimeout())
                + " for the TLS handshake; " + (endpoint.security() == Security.TLS
                        && ServerPorts.beginInTheClear(endpoint.port())
                                ? "port " + endpoint.port() + " is usually of servers that begin in the clear: set "
                                        + "spec.smtp.security to StartTLS, or spec.smtp.port to " + tls
                                : "look into the server's log, or raise spec.smtp.tlsTimeout"));
    }

    private String declared() {
        return switch (endpoint.security()) {
            case NONE -> "None";
            case STARTTLS_IF_OFFERED -> "StartTLSIfOffered";
            case STARTTLS -> "StartTLS";
            case TLS -> "TLS";
        };
    }
}
