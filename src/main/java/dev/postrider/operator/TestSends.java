package dev.postrider.operator;

import dev.postrider.plan.TestOrder;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult;
import dev.postrider.transport.TestSender;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Test mails on their way, each on a thread of its own beside the reconcilers: a hanging server costs a thread that
 * nobody misses. A result is kept until the status that tells of it has been written.
 */
public final class TestSends {
    private static final Logger LOG = LoggerFactory.getLogger(TestSends.class);

    private final TestSender sender;
    private final Map<String, Map<ResourceKey, Test>> tests = new ConcurrentHashMap<>();

    public TestSends(TestSender sender) {
        this.sender = sender;
    }

    /** A test of one server, under way or ended. */
    public sealed interface Test {
        TestOrder order();

        /** The mail is on its way. */
        record Running(TestOrder order) implements Test {}

        /** It ended. */
        record Ended(TestOrder order, TestResult result) implements Test {}
    }

    /** The tests of a resource, by server. */
    public Map<ResourceKey, Test> of(String uid) {
        return tests.getOrDefault(uid, Map.of());
    }

    /**
     * Sends the test mail.
     *
     * @param uid   of the resource that wants it
     * @param ended called when the result is there to be read
     */
    public void start(String uid, TestOrder order, Runnable ended) {
        ResourceKey server = order.mail().server().key();
        put(uid, server, new Test.Running(order));
        Thread.ofVirtual().name("test-send " + server).start(() -> {
            try {
                put(uid, server, new Test.Ended(order, sender.send(order.mail())));
            } catch (RuntimeException e) {
                // A defect, not a server's fault: forget the test, so that the next plan orders it again.
                LOG.error("test mail through {} failed unexpectedly", server, e);
                forget(uid, server);
            }
            ended.run();
        });
    }

    /** Forgets a result that the status tells of now. */
    public void written(String uid, ResourceKey server) {
        forget(uid, server);
    }

    /** Forgets a resource that is gone. */
    public void forget(String uid) {
        tests.remove(uid);
    }

    private void put(String uid, ResourceKey server, Test test) {
        tests.compute(uid, (_, old) -> {
            Map<ResourceKey, Test> now = new HashMap<>(old == null ? Map.of() : old);
            now.put(server, test);
            return Map.copyOf(now);
        });
    }

    private void forget(String uid, ResourceKey server) {
        tests.computeIfPresent(uid, (_, old) -> {
            Map<ResourceKey, Test> now = new HashMap<>(old);
            now.remove(server);
            return now.isEmpty() ? null : Map.copyOf(now);
        });
    }
}
