package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.operator.relay.RelayWorkload;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.ListenerSettings;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.smtp.SmtpListener;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import io.fabric8.kubernetes.api.model.Quantity;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many large messages at once through a relay with the memory and the options of its container. */
@Tag("relay")
final class BigMessagesTest {
    private static final int MESSAGES = Integer.getInteger("postrider.big.messages", 20);
    private static final long MEMORY = Quantity.getAmountInBytes(new Quantity(RelayWorkload.MEMORY)).longValueExact();
    private static final Duration PATIENCE = Duration.ofMinutes(20);
    private static final String FILLER = "x".repeat(980);
    private static final int LINES = 25 * 1024 * 1024 / line(0, 0).length() - 1;
    private static final String END_OF_HEADER = "\r\n\r\n";

    @TempDir
    Path directory;

    private static String line(int message, int number) {
        return "%08d %08d %s\r\n".formatted(message, number, FILLER);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The SHA-256 of what comes after the header. */
    private static final class BodyDigest extends OutputStream {
        private final MessageDigest digest = sha256();
        private int matched;

        @Override
        public void write(int octet) {
            write(new byte[]{(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] some, int offset, int count) {
            int at = offset;
            for (; at < offset + count && matched < END_OF_HEADER.length(); at++) {
                matched = some[at] == END_OF_HEADER.charAt(matched) ? matched + 1 : some[at] == '\r' ? 1 : 0;
            }
            digest.update(some, at, offset + count - at);
        }
    }

    /** Takes all and keeps nothing but what its body's SHA-256 is. */
    private static final class Digesting implements SubmissionPolicy {
        private final Collection<String> taken = new ConcurrentLinkedQueue<>();

        @Override
        public Authentication authentication() {
            return Authentication.OPTIONAL;
        }

        @Override
        public Admission admit(String user, String password) {
            return Admission.when(true, user);
        }

        @Override
        public Optional<Refusal> refusal(Optional<String> user) {
            return Optional.empty();
        }

        @Override
        public IncomingMessage open(Submission submission) {
            var body = new BodyDigest();
            return new IncomingMessage() {
                @Override
                public String id() {
                    return "digested";
                }

                @Override
                public OutputStream content() {
                    return body;
                }

                @Override
                public void commit(boolean eightBit) {
                    taken.add(hex(body.digest));
                }

                @Override
                public void close() {}
            };
        }
    }

    @Test
    void passTheMemoryOfTheContainer() throws Exception {
        var server = new Digesting();
        try (var listener = new SmtpListener(new ListenerSettings("server.test", SmtpLimits.DEFAULT, true), server,
                Optional::empty, new SimpleMeterRegistry()); var memory = MemoryLimit.of(MEMORY)) {
            int port = listener.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    SmtpListener.Start.PLAIN);
            try (var relay = RelayProcess.startAsDeployed(new RelayProcess.Setup(directory, port, 20, Optional.empty(),
                    List.of(RelayWorkload.JAVA_OPTIONS)), memory);
                    var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                long before = relay.mostResident();
                List<Callable<String>> senders = new ArrayList<>();
                for (int i = 0; i < MESSAGES; i++) {
                    int message = i;
                    senders.add(() -> send(relay.submissionPort(), message));
                }
                long start = System.nanoTime();
                List<String> sent = new ArrayList<>();
                for (var sender : threads.invokeAll(senders)) {
                    sent.add(sender.get());
                }
                await().atMost(PATIENCE).until(() -> server.taken.size() >= MESSAGES);
                long most = relay.mostResident();
                System.out.printf("%d messages of 25 MiB at once: resident %d MiB at the start, %d MiB at most, of %d"
                        + " MiB; bounded by %s; %d s%n", MESSAGES, before >> 20, most >> 20, MEMORY >> 20,
                        memory.how(), Duration.ofNanos(System.nanoTime() - start).toSeconds());
                assertThat(server.taken).containsExactlyInAnyOrderElementsOf(sent);
                assertThat(relay.isAlive()).isTrue();
                assertThat(relay.log()).doesNotContain("OutOfMemoryError");
                assertThat(most).isLessThan(MEMORY);
            }
        }
    }

    /** Returns the SHA-256 of the body that was answered with 250. */
    private static String send(int port, int message) throws Exception {
        MessageDigest digest = sha256();
        try (var client = Dialogue.connect(port)) {
            client.patience(PATIENCE);
            client.say("EHLO c");
            client.login("orders.shop", TestRoutes.PASSWORD);
            client.say("MAIL FROM:<a@b.example>");
            client.say("RCPT TO:<x@y.example>");
            client.say("DATA");
            client.raw("Subject: " + message + END_OF_HEADER);
            for (int i = 0; i < LINES; i++) {
                String line = line(message, i);
                digest.update(line.getBytes(StandardCharsets.US_ASCII));
                client.raw(line);
            }
            assertThat(client.say(".")).startsWith("250");
            return hex(digest);
        }
    }
}
