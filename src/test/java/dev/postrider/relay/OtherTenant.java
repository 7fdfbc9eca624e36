package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Organization "orders.shop", which goes on sending while others attack: each mail over a connection of its own. */
final class OtherTenant {
    private static final Duration LONGEST = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long PAUSE_NANOS = 20_000_000;

    private final Map<String, Long> sent = new ConcurrentHashMap<>();
    private final Map<String, Long> arrived = new ConcurrentHashMap<>();
    private Thread sender = new Thread();
    private volatile boolean attacked;

    /** The server got a mail, this tenant's or another's. */
    void arrived(String recipient) {
        arrived.put(recipient, System.nanoTime());
    }

    void goOnSending(int port) {
        sent.clear();
        attacked = true;
        sender = Thread.ofPlatform().start(() -> {
            for (int i = 0; attacked; i++) {
                String recipient = i + "-" + System.nanoTime() + "@shop.example";
                try (var client = session(port, "orders.shop")) {
                    sent.put(recipient, System.nanoTime());
                    String reply = client.mail("v@shop.example", recipient, "Subject: v\r\n\r\nv\r\n");
                    if (!reply.startsWith("250")) {
                        sent.put("refused: " + reply, 0L);
                    }
                } catch (IOException e) {
                    sent.put("lost: " + e, 0L);
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        });
    }

    static Dialogue session(int port, String user) throws IOException {
        var client = Dialogue.connect(port);
        client.patience(PATIENCE);
        client.say("EHLO c");
        client.login(user, TestRoutes.PASSWORD);
        return client;
    }

    /** Ends it: all was taken, and 99 of 100 mails arrived soon. */
    void assertAllArrivesWithinSeconds() throws InterruptedException {
        attacked = false;
        sender.join();
        assertThat(sent.keySet()).noneMatch(recipient -> recipient.startsWith("refused: ")
                || recipient.startsWith("lost: "));
        await().atMost(PATIENCE).until(() -> arrived.keySet().containsAll(sent.keySet()));
        List<Long> times = sent.entrySet()
                .stream()
                .map(mail -> Objects.requireNonNull(arrived.get(mail.getKey())) - mail.getValue())
                .sorted()
                .toList();
        Duration most = Duration.ofNanos(times.get((int) Math.ceil(times.size() * 0.99) - 1));
        System.out.printf("%d mails of the other tenant arrived, 99 %% of them within %d ms%n", times.size(),
                most.toMillis());
        assertThat(most).isLessThan(LONGEST);
    }
}
