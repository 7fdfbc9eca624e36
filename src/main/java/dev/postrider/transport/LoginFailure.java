package dev.postrider.transport;

import dev.postrider.reply.Meaning;
import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyAction;
import dev.postrider.reply.ReplyClass;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.SaslMechanism;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.sasl.RealmException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.security.sasl.SaslException;

/** Tells why a server let nobody log in, and what to do next. Never permanent. */
record LoginFailure(Endpoint.Smtp endpoint, Wire wire, Login login, ReplyRules rules) {

    /** The server has no AUTH. */
    RefusedException nothingOffered() {
        return failed(wire.tls().isEmpty() && endpoint.security() == Security.NONE
                ? "offers no authentication without TLS; set spec.smtp.security to StartTLS or TLS"
                : "offers no authentication; remove spec.smtp.authentication, or use the port for submission (587 or "
                        + "465)");
    }

    /** There is no TLS, and a login without it was not allowed. */
    RefusedException inTheClear() {
        return failed((endpoint.security() == Security.NONE ? "is not spoken to by TLS" : "does not offer STARTTLS")
                + ", and a login is never sent in the clear unless spec.smtp.allowPlaintextAuthentication is true; "
                + (endpoint.security() == Security.NONE
                        ? "set spec.smtp.security to StartTLS or TLS"
                        : "enable STARTTLS at the server"));
    }

    RefusedException nothingInCommon(Collection<String> offered, List<SaslMechanism> wanted) {
        return failed("offers no way to log in that fits spec.smtp.authentication (it takes "
                + wanted.stream().map(SaslMechanism::saslName).collect(Collectors.joining(", "))
                + "; the server offers " + told(offered) + "); declare another one, or enable it there");
    }

    private static String told(Collection<String> offered) {
        String names = String.join(", ", offered).replaceAll("[^ -~]", "?");
        return names.substring(0, Math.min(names.length(), 200));
    }

    /** The mechanism cannot be used with these credentials, or with this server. */
    RefusedException unusable(SaslException failure) {
        return failed("cannot be logged in to: " + failure.getMessage() + (failure instanceof RealmException
                ? "; set spec.smtp.authentication." + (login instanceof Login.Submitter ? "submitter" : "password")
                        + ".realm to one of them"
                : "; look into the server's log, or declare other mechanisms"));
    }

    /** 235 without the proof that the mechanism asks of the server. */
    RefusedException unproved(SaslMechanism mechanism) {
        return failed("let user \"" + login.user() + "\" in by " + mechanism.saslName()
                + " without proving that it knows the password, as that mechanism asks of it; make sure that this is the "
                + "server that you mean");
    }

    RefusedException refused(SaslMechanism mechanism, Collection<String> offered, Reply reply) {
        Meaning found = rules.of(endpoint.host(), Step.Authentication, reply);
        Meaning meaning = login instanceof Login.Submitter ? found.ofSubmitter() : found;
        // Nothing is wrong with the login where the server has too many connections, or too much to do.
        boolean passes = meaning.action() instanceof ReplyAction.FewerConnections
                || meaning.replyClass() == ReplyClass.RATE_LIMITED;
        String next = passes
                ? meaning.advice().orElse("it will be tried again")
                : meaning.advice().map(text -> text + "; check ").orElse("check ") + whatToCheck(mechanism, offered);
        return new RefusedException(new Verdict.Refused(Step.Authentication, false, Optional.of(reply),
                Step.Authentication + ": " + endpoint.display() + " refused user \"" + login.user() + "\" by "
                        + mechanism.saslName() + ": " + reply.text() + "; " + next)
                .meaning(meaning));
    }

    private String whatToCheck(SaslMechanism mechanism, Collection<String> offered) {
        return switch (login) {
            case Login.Password password -> "username and password in the Secret, and that the account may send by SMTP"
                    + (password.mechanisms().isEmpty() ? advisePlain(mechanism, offered) : "");
            case Login.OAuth2 _ -> "spec.smtp.authentication.oauth2.user and scopes, and that the application may send "
                    + "as that mailbox";
            case Login.PopBeforeSmtp _ -> "the login at the POP3 server";
            case Login.Submitter submitter -> "user name and password that the mail was submitted with"
                    + (submitter.mechanisms().isEmpty() ? advisePlain(mechanism, offered) : "");
        };
    }

    private static String advisePlain(SaslMechanism mechanism, Collection<String> offered) {
        return mechanism.showsSecret() || !offered.contains("PLAIN")
                ? ""
                : "; where the server cannot check this user by " + mechanism.saslName() + ", set mechanisms to PLAIN";
    }

    /** The connection ended, by itself or for its time. */
    RefusedException broken() {
        return wire.timedOut()
                ? new RefusedException(Step.Timeout, wire.server() + " took longer than "
                        + Durations.write(endpoint.replyTimeout())
                        + " for the login; look into the server's log, or raise spec.smtp.replyTimeout")
                : new RefusedException(Step.Connection,
                        "the connection to " + wire.server() + " broke during the login; look into the server's log");
    }

    private RefusedException failed(String what) {
        return new RefusedException(Step.Authentication, endpoint.display() + " " + what);
    }
}
