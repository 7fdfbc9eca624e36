package dev.postrider.relay.smtp;

import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The verb AUTH (RFC 4954): when a client may log in, and whether it did. */
final class SmtpAuthentication {
    private static final Logger LOG = LoggerFactory.getLogger(SmtpAuthentication.class);

    private final SmtpListener listener;
    private final SubmissionPolicy policy;
    private final Connection connection;
    private final Replies replies;
    private final Places.Place place;
    private int failed;

    SmtpAuthentication(SmtpListener listener, Connection connection, Replies replies, Places.Place place) {
        this.listener = listener;
        this.policy = listener.policy();
        this.connection = connection;
        this.replies = replies;
        this.place = place;
    }

    boolean isOffered() {
        return policy.authentication() != SubmissionPolicy.Authentication.NONE
                && (connection.tls().isPresent() || listener.settings().allowPlaintextAuthentication());
    }

    void auth(String argument, Greeting greeting, boolean withinMail) throws IOException {
        if (policy.authentication() == SubmissionPolicy.Authentication.NONE) {
            replies.say(502, "5.5.1", "AUTH is not offered");
        } else if (greeting.name().isEmpty()) {
            replies.say(503, "5.5.1", "send EHLO first");
        } else if (place.user().isPresent() || withinMail) {
            replies.say(503, "5.5.1", withinMail ? "not within a mail" : "you have logged in already");
        } else if (!isOffered()) {
            replies.say(538, "5.7.11", "log in after STARTTLS only");
        } else {
            switch (new SmtpLogin(connection).read(argument)) {
                case SmtpLogin.Refused(int code, String status, String text) -> replies.say(code, status, text);
                case SmtpLogin.Gone() -> replies.hangUp();
                case SmtpLogin.Credentials(String name, String password) -> login(name, password);
            }
        }
    }

    private void login(String name, String password) throws IOException {
        switch (policy.admit(name, password)) {
            case SubmissionPolicy.Denied(SubmissionPolicy.Refusal refusal) -> {
                policy.refused(Optional.of(name), "login");
                LOG.info("login failed for \"{}\" from {}: {} {}", SmtpText.ascii(name), connection.client(),
                        refusal.code(), SmtpText.ascii(refusal.text()));
                if (++failed >= listener.settings().limits().failedLogins()) {
                    replies.close(421, "4.7.0", refusal.code() / 100 == 4
                            ? "no login can be checked now, try again later"
                            : "too many failed logins");
                } else {
                    replies.say(refusal.code(), refusal.status(), refusal.text());
                }
            }
            case SubmissionPolicy.Admitted admitted -> {
                Optional<String> noPlace = place.logIn(name, admitted);
                if (noPlace.isEmpty()) {
                    connection.pace().loggedIn();
                    replies.say(235, "2.7.0", "welcome");
                } else {
                    policy.refused(Optional.of(name), "login");
                    replies.close(421, "", noPlace.get());
                }
            }
        }
    }

    /** After STARTTLS, nobody has logged in. */
    void forget() {
        boolean loggedIn = place.user().isPresent();
        place.logOut();
        // Who had not logged in has no more time than before.
        if (loggedIn && policy.authentication() == SubmissionPolicy.Authentication.REQUIRED) {
            connection.pace().awaitLogin();
        }
    }
}
