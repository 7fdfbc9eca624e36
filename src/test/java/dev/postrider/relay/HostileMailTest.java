package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.CountingSmtpServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * A relay with the heap of its pod, whose organizations in namespace "evil" send mail that is made to hurt, while one of
 * namespace "shop" goes on sending: its mail arrives within seconds, and the other mail is delivered or refused by name.
 */
@Tag("isolation")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HostileMailTest {
    private static final Duration TARPIT = Duration.ofSeconds(8);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String HEADER = "From: a@evil.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n";

    private final OtherTenant victim = new OtherTenant();
    private final AtomicInteger bounces = new AtomicInteger();
    private CountingSmtpServer server;
    private RelayProcess relay;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = CountingSmtpServer.start(Duration.ZERO, recipient -> {
            victim.arrived(recipient);
            if (recipient.equals("a@evil.example")) {
                bounces.incrementAndGet();
            }
        })
                .filter(recipient -> recipient.startsWith("filtered"))
                .tarpit(recipient -> recipient.startsWith("tarpit")
                        ? TARPIT
                        : recipient.startsWith("flood") ? Duration.ofMillis(10) : Duration.ZERO);
        relay = RelayProcess.start(new RelayProcess.Setup(directory, server.port(), 10, Optional.empty(),
                List.of("-Xmx358m", RelayProcess.HOSTILE)));
    }

    @AfterAll
    void stop() throws Exception {
        relay.close();
        server.close();
    }

    @BeforeEach
    void goOnSending() {
        bounces.set(0);
        victim.goOnSending(relay.submissionPort());
    }

    @AfterEach
    void allOfItArrivesWithinSeconds() throws Exception {
        victim.assertAllArrivesWithinSeconds();
        assertThat(relay.isAlive()).isTrue();
        assertThat(relay.log()).doesNotContain("OutOfMemoryError", "failed by a fault of the relay");
    }

    private List<String> attack(int mails, String user, String options, String recipient, String... content)
            throws Exception {
        List<Callable<String>> senders = new ArrayList<>();
        for (int i = 0; i < mails; i++) {
            senders.add(() -> {
                try (var client = OtherTenant.session(relay.submissionPort(), user)) {
                    client.say("MAIL FROM:<a@evil.example>" + options);
                    client.say("RCPT TO:<" + recipient + ">");
                    client.say("DATA");
                    for (String some : content) {
                        client.raw(some);
                    }
                    return client.say("\r\n.");
                }
            });
        }
        List<String> replies = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var sender : threads.invokeAll(senders)) {
                replies.add(sender.get());
            }
        }
        return replies;
    }

    @Test
    void partsWhoseHeaderIsAsLargeAsTheyMayBe() throws Exception {
        String header = HEADER + ("X: " + "x".repeat(991) + "\r\n").repeat(64) + "\r\n";
        assertThat(attack(10, "split.evil", "", "x@y.example", header, ("y".repeat(70) + "\r\n").repeat(145_000)))
                .allMatch(reply -> reply.startsWith("250"));
        await().atMost(PATIENCE).until(() -> bounces.get() >= 10);
        assertThat(relay.log()).contains("cannot be sent in parts (5.3.4), since its header");
    }

    @Test
    void aBoundaryOfAMillionCharactersAndMillionsOfDashes() throws Exception {
        String header = HEADER + "Content-Type: multipart/mixed; boundary=\""
                + ("b".repeat(60_000) + "\r\n ").repeat(17) + "\"\r\n\r\n";
        assertThat(attack(2, "split.evil", " SMTPUTF8", "dashes@y.example", header, "-\r\n".repeat(7_000_000)))
                .allMatch(reply -> reply.startsWith("250"));
        await().atMost(PATIENCE)
                .until(() -> relay.log()
                        .lines()
                        .filter(line -> line.contains(" delivered organization=evil/split ")
                                && line.contains("to=<dashes@"))
                        .count() == 2);
    }

    @Test
    void hundredsOfThousandsOfParts() throws Exception {
        String header = HEADER + "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        assertThat(attack(4, "link.evil", "", "x@y.example", header, "--b\r\n\r\n\r\n".repeat(700_000)))
                .allMatch(reply -> reply.startsWith("250"));
        await().atMost(PATIENCE).until(() -> bounces.get() >= 4);
        assertThat(relay.log()).contains("links in place of its attachments are not possible: it has more than 1000 "
                + "parts");
    }

    @Test
    void fieldsThatMailToSupportWouldHold() throws Exception {
        String fields = IntStream.range(0, 400)
                .mapToObj(i -> "Content-X" + i + ": " + "x".repeat(16_000) + "\r\n")
                .collect(Collectors.joining());
        assertThat(attack(8, "help.evil", "", "support@postrider.internal", HEADER, fields, "\r\nx\r\n"))
                .allMatch(reply -> reply.startsWith("550 5.6.0 mail to support has more than 65536 octets"));
    }

    /** From many organizations of one namespace, some sessions at a time. */
    private void flood(int organizations, int mailsOfEach, String recipient) throws Exception {
        List<Callable<Boolean>> senders = new ArrayList<>();
        for (int i = 0; i < organizations; i++) {
            String user = "flood-" + i + ".evil";
            senders.add(() -> {
                try (var client = OtherTenant.session(relay.submissionPort(), user)) {
                    boolean all = true;
                    for (int j = 0; j < mailsOfEach; j++) {
                        all &= client.mail("a@evil.example", recipient, "Subject: x\r\n\r\nx\r\n").startsWith("250");
                    }
                    return all;
                }
            });
        }
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var sender : threads.invokeAll(senders)) {
                assertThat(sender.get()).isTrue();
            }
        }
    }

    private long delivered(String recipient) throws IOException {
        return relay.log()
                .lines()
                .filter(line -> line.contains(" delivered ") && line.contains("to=<" + recipient))
                .count();
    }

    @Test
    void aFloodThroughTheServerThatBothShare() throws Exception {
        flood(RelayMain.FLOODING, 50, "flood@y.example");
        await().atMost(PATIENCE).until(() -> delivered("flood@") == 10_000);
    }

    @Test
    void recipientsThatTheServerThatBothShareKeepsWaiting() throws Exception {
        flood(30, 1, "tarpit@y.example");
        await().atMost(PATIENCE).until(() -> delivered("tarpit@") >= 10);
    }

    @Test
    void contentThatTheServerAnswersWith421() throws Exception {
        assertThat(attack(40, "help.evil", "", "filtered@y.example", HEADER, "\r\nx\r\n"))
                .allMatch(reply -> reply.startsWith("250"));
        await().atMost(PATIENCE).until(() -> relay.log().contains("mail of organization evil/help waits until"));
        assertThat(relay.log()).doesNotContain("server shop/mx gets no mail");
    }
}
