package dev.postrider.relay.smtp;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the mail it takes. The password of everybody is "right". */
final class TestPolicy implements SubmissionPolicy {

    /** A message that was answered with 250; octets as ISO 8859-1. */
    record Taken(Submission submission, String content) {}

    private final Authentication authentication;
    private final boolean dsn;
    private final List<Taken> taken = new CopyOnWriteArrayList<>();

    TestPolicy() {
        this(Authentication.OPTIONAL, false);
    }

    TestPolicy(Authentication authentication, boolean dsn) {
        this.authentication = authentication;
        this.dsn = dsn;
    }

    /** A listener by the name of mx.test that lets clients log in without TLS. */
    SmtpListener listener(SmtpLimits limits) {
        return new SmtpListener(new ListenerSettings("mx.test", limits, true), this, Optional::empty,
                new SimpleMeterRegistry());
    }

    List<Taken> taken() {
        return taken;
    }

    @Override
    public Authentication authentication() {
        return authentication;
    }

    @Override
    public Admission admit(String user, String password) {
        return Admission.when(password.equals("right"), user);
    }

    @Override
    public Optional<Refusal> refusal(Optional<String> user) {
        return Optional.empty();
    }

    @Override
    public boolean offersDsn() {
        return dsn;
    }

    @Override
    public IncomingMessage open(Submission submission) {
        var content = new ByteArrayOutputStream();
        return new IncomingMessage() {
            @Override
            public String id() {
                return "none";
            }

            @Override
            public OutputStream content() {
                return content;
            }

            @Override
            public void commit(boolean eightBit) {
                taken.add(new Taken(submission, content.toString(StandardCharsets.ISO_8859_1)));
            }

            @Override
            public void close() {}
        };
    }
}
