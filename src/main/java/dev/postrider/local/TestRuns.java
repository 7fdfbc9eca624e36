package dev.postrider.local;

import dev.postrider.plan.TestOrder;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** Test mails on their way and their results until somebody has taken note, each on a thread of its own. */
final class TestRuns {

    /**
     * Which test it is.
     *
     * @param owner  the resource that ordered it, as {@code kind namespace/name}
     * @param server the server that it goes through
     */
    record Id(String owner, ResourceKey server) {}

    /** A test that ended. */
    record Finished(TestOrder order, TestResult result) {}

    private final Function<TestMail, TestResult> sender;
    private final Executor executor;
    private final Runnable onFinished;
    private final Map<Id, TestOrder> running = new HashMap<>();
    private final Map<Id, Finished> finished = new HashMap<>();

    /** @param onFinished called on the test's thread when its result can be had */
    TestRuns(Function<TestMail, TestResult> sender, Executor executor, Runnable onFinished) {
        this.sender = sender;
        this.executor = executor;
        this.onFinished = onFinished;
    }

    synchronized void start(String owner, TestOrder order) {
        Id id = new Id(owner, order.mail().server().key());
        running.put(id, order);
        executor.execute(() -> {
            TestResult result = sender.apply(order.mail());
            synchronized (this) {
                running.remove(id);
                finished.put(id, new Finished(order, result));
            }
            onFinished.run();
        });
    }

    synchronized Map<ResourceKey, TestOrder> running(String owner) {
        Map<ResourceKey, TestOrder> found = new TreeMap<>();
        running.forEach((id, order) -> {
            if (id.owner().equals(owner)) {
                found.put(id.server(), order);
            }
        });
        return found;
    }

    /** The results of a resource's tests; each is given out once. */
    synchronized Map<ResourceKey, Finished> takeFinished(String owner) {
        Map<ResourceKey, Finished> found = new TreeMap<>();
        finished.entrySet().removeIf(entry -> {
            boolean own = entry.getKey().owner().equals(owner);
            if (own) {
                found.put(entry.getKey().server(), entry.getValue());
            }
            return own;
        });
        return found;
    }

    synchronized boolean isIdle() {
        return running.isEmpty() && finished.isEmpty();
    }

    static <T> Optional<T> only(Map<ResourceKey, T> found) {
        return found.values().stream().findFirst();
    }
}
