package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How to authenticate at an upstream server. What is secret never shows in {@code toString}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "method")
@JsonSubTypes({@JsonSubTypes.Type(value = Login.Password.class, name = "password"),
        @JsonSubTypes.Type(value = Login.PopBeforeSmtp.class, name = "popBeforeSmtp"),
        @JsonSubTypes.Type(value = Login.OAuth2.class, name = "oauth2"),
        @JsonSubTypes.Type(value = Login.Submitter.class, name = "submitter")})
public sealed interface Login {

    /** The user or mailbox that logs in. */
    String user();

    /**
     * User name and password.
     *
     * @param mechanisms those that may be used, the preferred one first; empty for the strongest that is offered
     * @param realm      where the server offers several; for NTLM the domain
     */
    record Password(String user, String password, List<SaslMechanism> mechanisms,
            Optional<String> realm) implements Login {
        @JsonCreator
        public Password {}

        /** By the strongest mechanism that is offered. */
        public Password(String user, String password) {
            this(user, password, List.of(), Optional.empty());
        }

        @Override
        public String toString() {
            return "Password[user=" + user + (mechanisms.isEmpty() ? "" : ", mechanisms=" + mechanisms)
                    + realm.map(name -> ", realm=" + name).orElse("") + "]";
        }
    }

    /**
     * A login at a POP3 server, after which the SMTP server takes mail from this address.
     *
     * @param host        of the POP3 server
     * @param security    how that connection is protected
     * @param tls         how that connection is encrypted; empty for as the SMTP server's, but for what is its own
     * @param delay       between that login and SMTP
     * @param rememberFor how long one login is enough
     */
    record PopBeforeSmtp(String host, int port, Endpoint.Security security,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<TlsSettings> tls, String user, String password,
            Duration delay, Duration rememberFor) implements Login {
        @JsonCreator
        public PopBeforeSmtp {}

        /** Encrypted as the SMTP server. */
        public PopBeforeSmtp(String host, int port, Endpoint.Security security, String user, String password,
                Duration delay, Duration rememberFor) {
            this(host, port, security, Optional.empty(), user, password, delay, rememberFor);
        }

        @Override
        public String toString() {
            return "PopBeforeSmtp[server=" + Endpoint.display(host, port) + ", security=" + security
                    + tls.map(settings -> ", tls=" + settings).orElse("") + ", user=" + user + ", delay="
                    + Durations.write(delay) + ", rememberFor=" + Durations.write(rememberFor)
                    + "]";
        }
    }

    /**
     * An access token.
     *
     * @param mechanisms those that may be used, the preferred one first; empty for what is offered
     */
    record OAuth2(String user, TokenSource tokens, List<SaslMechanism> mechanisms) implements Login {
        @Override
        public String toString() {
            return "OAuth2[user=" + user + ", tokens=" + tokens
                    + (mechanisms.isEmpty() ? "" : ", mechanisms=" + mechanisms) + "]";
        }
    }

    /**
     * User name and password of whoever submits the mail.
     *
     * @param mechanisms  those that may be used, the preferred one first; empty for the strongest that is offered
     * @param realm       where the server offers several; for NTLM the domain
     * @param rememberFor how long a login that the server took is good without asking it again
     * @param credentials whose they are; empty in routes, which know of nobody yet
     */
    record Submitter(List<SaslMechanism> mechanisms, Optional<String> realm, Duration rememberFor,
            Optional<Credentials> credentials) implements Login {

        /** The login of somebody. */
        public Submitter of(Credentials somebody) {
            return new Submitter(mechanisms, realm, rememberFor, Optional.of(somebody));
        }

        @Override
        public String user() {
            return credentials.map(Credentials::user).orElse("");
        }

        @Override
        public String toString() {
            return "Submitter[" + credentials.map(c -> "user=" + c.user() + ", ").orElse("") + "rememberFor="
                    + Durations.write(rememberFor) + (mechanisms.isEmpty() ? "" : ", mechanisms=" + mechanisms)
                    + realm.map(name -> ", realm=" + name).orElse("") + "]";
        }
    }

    /**
     * A user of an upstream server.
     *
     * @param user without NUL
     */
    record Credentials(String user, String password) {
        @Override
        public String toString() {
            return "Credentials[user=" + user + "]";
        }
    }
}
