package dev.postrider.relay;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.reply.Reply;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.Opening;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import dev.postrider.transport.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Servers that do as a test says and remember what they were given. */
public final class RecordingUpstreams implements Upstreams {

    /**
     * A message that a server took, octets as ISO 8859-1.
     *
     * @param uid of the MailServer whose route led to it
     */
    public record Taken(String server, Optional<String> uid, Envelope envelope, String content) {}

    public static final Verdict ACCEPTED = new Verdict.Accepted(reply(250, "2.0.0", "queued"), false);
    public static final Verdict DEFERRED = new Verdict.Refused(Step.RecipientRejected, false,
            Optional.of(reply(450, "4.2.1", "mailbox busy")), "mailbox busy");
    public static final Verdict REFUSED = new Verdict.Refused(Step.RecipientRejected, true,
            Optional.of(reply(550, "5.1.1", "no such user")), "550 5.1.1 no such user");
    public static final Verdict UNREACHABLE = new Verdict.Refused(Step.Connection, false, Optional.empty(),
            "connection refused");

    private final List<Taken> taken = new CopyOnWriteArrayList<>();
    private final Map<String, Function<String, Verdict>> behaviour = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> attempts = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> opened = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> open = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> mostOpen = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> hanging = new ConcurrentHashMap<>();

    private static Reply reply(int code, String enhanced, String text) {
        return new Reply(code, Optional.of(enhanced), code + " " + enhanced + " " + text);
    }

    /** What this server says to each recipient's address from now on; a new one accepts all. */
    public void behave(String server, Function<String, Verdict> verdicts) {
        behaviour.put(server, verdicts);
    }

    public void behave(String server, Verdict verdict) {
        behave(server, address -> verdict);
    }

    /** Lets attempts at this server wait until the latch opens. */
    public CountDownLatch hang(String server) {
        var latch = new CountDownLatch(1);
        hanging.put(server, latch);
        return latch;
    }

    public List<Taken> taken() {
        return taken;
    }

    public int attempts(String server) {
        return count(attempts, server).get();
    }

    public int opened(String server) {
        return count(opened, server).get();
    }

    public int open(String server) {
        return count(open, server).get();
    }

    public int mostOpen(String server) {
        return count(mostOpen, server).get();
    }

    private static AtomicInteger count(Map<String, AtomicInteger> counts, String server) {
        return counts.computeIfAbsent(server, key -> new AtomicInteger());
    }

    @Override
    public Upstream to(ServerRoute server) {
        return new Recorder(server.key().name(), server.uid());
    }

    private final class Recorder implements Upstream {
        private final String server;
        private final Optional<String> uid;
        private boolean isOpen;

        Recorder(String server, Optional<String> uid) {
            this.server = server;
            this.uid = uid;
        }

        @Override
        public Attempt send(Envelope envelope, MessageContent message) {
            if (!isOpen) {
                isOpen = true;
                count(opened, server).incrementAndGet();
                int now = count(open, server).incrementAndGet();
                count(mostOpen, server).accumulateAndGet(now, Math::max);
            }
            count(attempts, server).incrementAndGet();
            try {
                CountDownLatch latch = hanging.get(server);
                if (latch != null) {
                    latch.await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return attempt(envelope, UNREACHABLE);
            }
            var verdicts = behaviour.getOrDefault(server, address -> ACCEPTED);
            Map<String, Verdict> given = envelope.recipients()
                    .stream()
                    .collect(Collectors.toMap(Function.identity(), verdicts));
            List<String> accepted = envelope.recipients()
                    .stream()
                    .filter(r -> given.get(r) instanceof Verdict.Accepted)
                    .toList();
            if (!accepted.isEmpty()) {
                taken.add(new Taken(server, uid, new Envelope(envelope.sender(), accepted, envelope.eightBit(),
                        envelope.smtpUtf8()), read(message)));
            }
            if (given.containsValue(UNREACHABLE)) {
                close();
            }
            return new Attempt(given, server, Optional.empty(), Duration.ZERO, "");
        }

        @Override
        public Opening open() {
            return new Opening(Optional.empty(), server, Optional.empty(), Optional.empty(), "");
        }

        private Attempt attempt(Envelope envelope, Verdict verdict) {
            return new Attempt(envelope.recipients().stream().collect(Collectors.toMap(r -> r, r -> verdict)), server,
                    Optional.empty(), Duration.ZERO, "");
        }

        @Override
        public boolean isOpen() {
            return isOpen;
        }

        @Override
        public void close() {
            if (isOpen) {
                isOpen = false;
                count(open, server).decrementAndGet();
            }
        }
    }

    private static String read(MessageContent message) {
        try (InputStream content = message.open()) {
            return new String(content.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
