package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.ListenerSettings;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.smtp.SmtpListener;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many large messages at once through a relay with little memory. */
@Tag("relay")
final class BigMessagesTest {
    private static final int MESSAGES = Integer.getInteger("postrider.big.messages", 20);
    private static final String HEAP = System.getProperty("postrider.big.heap", "64m");
    private static final String LINE = "x".repeat(998) + "\r\n";
    private static final int LINES = 25 * 1024 * 1024 / LINE.length() - 1;
    private static final int SIZE = LINES * LINE.length();

    @TempDir
    Path directory;

    /** Takes all and keeps nothing but their number. */
    private static final class Counting implements SubmissionPolicy {
        private final AtomicInteger whole = new AtomicInteger();

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
            return new IncomingMessage() {
                private long octets;

                @Override
                public String id() {
                    return "counted";
                }

                @Override
                public OutputStream content() {
                    return new OutputStream() {
                        @Override
                        public void write(int octet) {
                            octets++;
                        }

                        @Override
                        public void write(byte[] some, int offset, int count) {
                            octets += count;
                        }
                    };
                }

                @Override
                public void commit(boolean eightBit) {
                    if (octets > SIZE) {
                        whole.incrementAndGet();
                    }
                }

                @Override
                public void close() {}
            };
        }
    }

    @Test
    void passInLittleMemory() throws Exception {
        var server = new Counting();
        try (var listener = new SmtpListener(new ListenerSettings("server.test", SmtpLimits.DEFAULT, true), server,
                Optional::empty, new SimpleMeterRegistry())) {
            int port = listener.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    SmtpListener.Start.PLAIN);
            try (var relay = RelayProcess.start(new RelayProcess.Setup(directory, port, 20, Optional.empty(),
                    List.of("-Xmx" + HEAP))); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Callable<String>> senders = new ArrayList<>();
                for (int i = 0; i < MESSAGES; i++) {
                    senders.add(() -> send(relay.submissionPort()));
                }
                for (var sender : threads.invokeAll(senders)) {
                    assertThat(sender.get()).startsWith("250");
                }
                await().atMost(Duration.ofMinutes(10)).until(() -> server.whole.get() == MESSAGES);
                assertThat(relay.isAlive()).isTrue();
                assertThat(relay.log()).doesNotContain("OutOfMemoryError");
                System.out.println(MESSAGES + " messages of 25 MiB at once passed a relay with -Xmx" + HEAP);
            }
        }
    }

    private static String send(int port) throws Exception {
        try (var client = Dialogue.connect(port)) {
            client.say("EHLO c");
            client.login("orders.shop", TestRoutes.PASSWORD);
            client.say("MAIL FROM:<a@b.example>");
            client.say("RCPT TO:<x@y.example>");
            client.say("DATA");
            client.raw("\r\n");
            for (int i = 0; i < LINES; i++) {
                client.raw(LINE);
            }
            client.patience(Duration.ofMinutes(5));
            return client.say(".");
        }
    }
}
