package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.submitter.CredentialsCipher;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.relay.submitter.Submitters;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.util.Optional;

/** Whose login a message is delivered with: the server's own, or that of whoever submitted it. */
final class MailLogin {
    /** After so many attempts a message is given up once the server refuses the login that it came with. */
    private static final int TRIES = 3;

    private final Submitters submitters;
    private final Routes routes;

    MailLogin(Submitters submitters, Routes routes) {
        this.submitters = submitters;
        this.routes = routes;
    }

    /** What is known of it. */
    sealed interface Known {}

    /** Each server has one for it, or needs none. */
    record Servers() implements Known {}

    /** It is the submitter's. */
    record Submitter(Credentials credentials) implements Known {}

    /** It is the submitter's, and cannot be read. */
    record Lost(Verdict.Refused why) implements Known {}

    Known of(QueuedMessage message) {
        if (message.credentials().isEmpty()) {
            return new Servers();
        }
        return switch (submitters.cipher()
                .decrypt(message.organization(), message.id(), message.credentials().get())) {
            case CredentialsCipher.Plain(Credentials credentials) -> new Submitter(credentials);
            case CredentialsCipher.KeyMissing(String id) -> new Lost(new Verdict.Refused(Step.Authentication, false,
                    "4.7.5", "the login that the message was submitted with is encrypted by the key \"" + id
                            + "\", which is not there any more; put it back into the Secret "
                            + "postrider-submitter-keys, or send the message again"));
            case CredentialsCipher.Unreadable() -> new Lost(new Verdict.Refused(Step.Authentication, true,
                    "5.7.5", "the login that the message was submitted with cannot be read: it was changed "
                            + "in the queue, or belongs to another message; send the message again"));
        };
    }

    /** Whether a server takes mail with the login that this message has. */
    static boolean fits(QueuedMessage message, ServerRoute server) {
        return server.endpoint().wantsSubmitter() == message.credentials().isPresent();
    }

    /** How long a submitter's mail waits since the server has just refused his login. */
    Optional<Duration> rest(QueuedMessage message, Credentials credentials) {
        return submitters.logins().restAtDelivery(message.organization(), credentials);
    }

    /** What a verdict comes to: a login that is wrong stays wrong, and to try it for long locks accounts. */
    Verdict judge(QueuedMessage message, QueuedRecipient recipient, Credentials credentials, Verdict verdict) {
        if (!(verdict instanceof Verdict.Refused refused) || !SubmitterLogins.isWrongLogin(refused)) {
            return verdict;
        }
        submitters.logins().refusedAtDelivery(message.organization(), credentials);
        boolean last = recipient.attempts() + 1 >= TRIES;
        return new Verdict.Refused(refused.step(), last, refused.reply(), refused.message()
                + (last ? "; send the message again with the login as it is now" : ""), refused.retryAfter(),
                refused.status());
    }

    /**
     * The login of the report about a message: that of the message where the organization has no server that takes its
     * own mail. Where the login is what was wrong, such a report reaches nobody.
     */
    Optional<byte[]> forReport(QueuedMessage message, String reportId) {
        boolean own = routes.routing(message.organization())
                .filter(routing -> routing instanceof Routing.Through through && through.takesOwn())
                .isPresent();
        return !own && of(message) instanceof Submitter(Credentials credentials)
                ? submitters.cipher().encrypt(message.organization(), reportId, credentials)
                : Optional.empty();
    }
}
