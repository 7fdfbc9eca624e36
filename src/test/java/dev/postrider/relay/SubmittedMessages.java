package dev.postrider.relay;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.message.header.OverlongNameException;
import dev.postrider.relay.smtp.DsnParameters;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.Recipient;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Support;
import dev.postrider.testing.Cost;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** What an organization is submitted, on its whole way up to the queue. */
enum SubmittedMessages {
    REFUSED(Otherwise.REFUSE, false), REWRITTEN(Otherwise.REWRITE, false), TO_SUPPORT(Otherwise.REWRITE, true);

    /** What the listener hands over at a time. */
    private static final int BLOCK = 8192;
    /** Of what leaves, for each octet that came, beside what is put in once. */
    private static final int PUT_IN = 256 * 1024;

    private final Otherwise otherwise;
    private final boolean toSupport;

    SubmittedMessages(Otherwise otherwise, boolean toSupport) {
        this.otherwise = otherwise;
        this.toSupport = toSupport;
    }

    /** Says how it ended: taken, or the reply. */
    String measured(byte[] octets) throws Exception {
        return Cost.measured("a message that is " + this, octets.length, progress -> submit(octets, progress));
    }

    private String submit(byte[] octets, Cost.Progress progress) throws IOException {
        var left = new Left();
        try {
            SubmittedContent content = content(left);
            for (int i = 0; i < octets.length; i += BLOCK) {
                int count = Math.min(BLOCK, octets.length - i);
                progress.passed(count);
                content.fields().write(octets, i, count);
            }
            content.finish();
            content.fields().idempotencyKey();
            content.fields().mailClass();
            content.isInternational();
        } catch (RefusedException | OverlongNameException e) {
            return String.valueOf(e.getMessage());
        }
        if (left.octets > octets.length + PUT_IN) {
            throw new AssertionError(octets.length + " octets became " + left.octets);
        }
        return "taken";
    }

    private SubmittedContent content(OutputStream out) throws IOException {
        var submission = new Submission(Optional.of("orders.shop"), InetAddress.ofLiteral("192.0.2.1"), "c", "ESMTPA",
                Optional.empty(), "a@b.example", List.of(Recipient.of("x@y.example")), true, false,
                DsnParameters.NONE);
        var trace = new TraceHeaders(out, submission,
                new ReceivedField("relay.test", "ID", Instant.parse("2026-03-01T12:00:00Z"), true),
                new LoopDetection(RelayConfiguration.DEFAULT.received(), LoopDetection.by("relay.test")));
        var identity = new SenderIdentity(new ResourceKey("shop", "orders"),
                new Address("a@b.example", Optional.of("n".repeat(200))), "a@b.example", Optional.empty(),
                Optional.of(new Address("answers@b.example", Optional.empty())),
                new AllowedSenders(IntStream.range(0, 100).mapToObj(i -> "@*.c" + i + ".example").toList(),
                        otherwise));
        return new SubmittedContent(trace,
                toSupport
                        ? Optional.of(new SupportMail(trace,
                                new Support("help@b.example", Optional.empty(), Optional.empty()),
                                List.of(new SupportMail.File("a.txt", "text/plain", "a")), new Random(1)))
                        : Optional.empty(),
                Optional.of(identity), !toSupport);
    }

    /** Counts. */
    private static final class Left extends OutputStream {
        private long octets;

        @Override
        public void write(int octet) {
            octets++;
        }

        @Override
        public void write(byte[] some, int offset, int count) {
            octets += count;
        }
    }
}
