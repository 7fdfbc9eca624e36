package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.dkim.DkimSigners;
import dev.postrider.reply.Reply;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** Proves a server by handing it a real mail. */
public final class TestSender {
    private final Upstreams upstreams;
    private final InstantSource clock;

    /**
     * A sender of test mails.
     *
     * @param upstreams should record the dialogue: it goes into {@link TestResult.Failure#dialogue()}
     */
    public TestSender(Upstreams upstreams, InstantSource clock) {
        this.upstreams = upstreams;
        this.clock = clock;
    }

    /**
     * Connects, hands over the mail and says goodbye; without the mail where only submitters have a login. Blocks as
     * long as that takes.
     */
    public TestResult send(TestMail mail) {
        Instant start = clock.instant();
        if (!mail.isSent()) {
            return open(start, mail);
        }
        ComposedTestMail composed;
        try {
            composed = ComposedTestMail.of(mail, start);
        } catch (IOException e) {
            return failed(start, mail, "MessageRejected: the test mail could not be written: " + e.getMessage()
                    + "; check the addresses of sender and recipient");
        }
        try (Upstream upstream = upstreams.to(mail.server())) {
            Envelope envelope = new Envelope(mail.envelopeFrom(), List.of(mail.recipient()), composed.eightBit(),
                    composed.smtpUtf8());
            Attempt attempt = upstream.send(mail.dkim().isEmpty()
                    ? envelope
                    : envelope.signedBy(new DkimSigners(mail.dkim(), clock)), composed);
            Verdict verdict = attempt.verdicts().get(mail.recipient());
            return switch (verdict) {
                case Verdict.Accepted accepted ->
                    result(start, attempt, Optional.of(accepted.reply()), Optional.empty());
                case Verdict.Refused refused ->
                    result(start, attempt, refused.reply(), Optional.of(failure(refused, attempt.dialogue())));
                case null -> throw new IllegalStateException("no verdict for the only recipient");
            };
        }
    }

    /** What becomes of a test that failed by a defect of Postrider's own; the log has the rest. */
    public TestResult failed(TestMail mail, Throwable defect) {
        return failed(clock.instant(), mail,
                "MessageRejected: the test mail could not be sent by a fault of Postrider ("
                        + defect.getClass().getSimpleName() + "); look into its log, and report it");
    }

    private TestResult open(Instant start, TestMail mail) {
        try (Upstream upstream = upstreams.to(mail.server())) {
            Opening opening = upstream.open();
            Instant end = clock.instant();
            return new TestResult(end, Duration.between(start, end), opening.server(),
                    opening.reply().map(Reply::text), opening.tls(),
                    opening.refused().map(refused -> failure(refused, opening.dialogue())));
        }
    }

    /** With the class of the reply, as the relay names it to whoever has mail refused so. */
    private static TestResult.Failure failure(Verdict.Refused refused, String dialogue) {
        return new TestResult.Failure(refused.step(), refused.message()
                + refused.replyClass().map(name -> " (" + name + ")").orElse(""), dialogue, refused.replyClass());
    }

    private TestResult result(Instant start, Attempt attempt, Optional<Reply> reply,
            Optional<TestResult.Failure> failure) {
        Instant end = clock.instant();
        return new TestResult(end, Duration.between(start, end), attempt.server(), reply.map(Reply::text),
                attempt.tls(),
                failure);
    }

    private TestResult failed(Instant start, TestMail mail, String message) {
        Instant end = clock.instant();
        return new TestResult(end, Duration.between(start, end), mail.server().endpoint().display(), Optional.empty(),
                Optional.empty(), Optional.of(new TestResult.Failure(TestResult.Step.MessageRejected, message, "")));
    }
}
