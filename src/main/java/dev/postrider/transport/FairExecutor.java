package dev.postrider.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Runs work of many namespaces, on a thread of its own each: some at a time, and none of that for one namespace alone.
 * Those that wait take turns by namespace. What a piece of work starts is of the same namespace. Safe for many threads.
 */
public final class FairExecutor extends AbstractExecutorService {
    /** Whose work a thread does. */
    private static final ThreadLocal<String> WORKING = new ThreadLocal<>();
    /** Whose work a thread is about to execute. */
    private static final ThreadLocal<String> NEXT = new ThreadLocal<>();
    /** Of work that is of no namespace. */
    private static final String NOBODYS = "";

    private final int atOnce;
    private final Thread.Builder threads;
    private final FairQueue<Task> waiting = new FairQueue<>();
    private final Shares running = new Shares();
    private final List<Thread> started = new ArrayList<>();
    private boolean begun;
    private boolean closed;

    /** Never equal to another: the same work may be wanted twice. */
    private static final class Task {
        private final String namespace;
        private final Runnable work;

        private Task(String namespace, Runnable work) {
            this.namespace = namespace;
            this.work = work;
        }
    }

    /**
     * One without work.
     *
     * @param name   of its threads
     * @param atOnce how much is done at a time
     */
    public FairExecutor(String name, int atOnce) {
        this(name, atOnce, true);
    }

    private FairExecutor(String name, int atOnce, boolean begun) {
        this.atOnce = atOnce;
        this.begun = begun;
        this.threads = Thread.ofVirtual().name(name + "-", 0);
    }

    /** One that takes work, and does none of it before {@link #begin}. */
    public static FairExecutor waiting(String name, int atOnce) {
        return new FairExecutor(name, atOnce, false);
    }

    /** From now on it does the work that it has and gets. */
    public synchronized void begin() {
        begun = true;
        start();
    }

    /** What this thread executes next is of a namespace. */
    public static void next(String namespace) {
        NEXT.set(namespace);
    }

    /** Of the namespace that was named to {@link #next}, or else whose work this thread does. */
    @Override
    public void execute(Runnable work) {
        String next = NEXT.get();
        NEXT.remove();
        String working = Objects.requireNonNullElse(WORKING.get(), NOBODYS);
        execute(next == null ? working : next, work);
    }

    /** Of a namespace. */
    public synchronized void execute(String namespace, Runnable work) {
        if (closed) {
            throw new RejectedExecutionException("stopped");
        }
        waiting.add(namespace, new Task(namespace, work));
        start();
    }

    /**
     * Of a namespace, unless it has much that waits.
     *
     * @return whether it will be done
     */
    public synchronized boolean offer(String namespace, Runnable work, int mostWaiting) {
        if (closed || waiting.waiting(namespace) >= mostWaiting) {
            return false;
        }
        execute(namespace, work);
        return true;
    }

    /** How much waits. */
    public synchronized int waiting() {
        return waiting.size();
    }

    private synchronized void start() {
        if (!begun) {
            return;
        }
        for (Optional<Task> next = poll(); next.isPresent(); next = poll()) {
            Task task = next.get();
            running.take(task.namespace, 1);
            Thread thread = threads.unstarted(() -> run(task));
            started.add(thread);
            thread.start();
        }
    }

    private Optional<Task> poll() {
        return waiting.poll(namespace -> running.admits(namespace, 1, atOnce));
    }

    private void run(Task task) {
        WORKING.set(task.namespace);
        try {
            task.work.run();
        } finally {
            synchronized (this) {
                running.giveBack(task.namespace, 1);
                started.remove(Thread.currentThread());
                start();
                notifyAll();
            }
        }
    }

    /** What waits is done yet, unless the work has not begun: then nothing is. */
    @Override
    public synchronized void shutdown() {
        closed = true;
        if (!begun) {
            dropWaiting();
        }
    }

    @Override
    public synchronized List<Runnable> shutdownNow() {
        closed = true;
        List<Runnable> undone = dropWaiting();
        started.forEach(Thread::interrupt);
        return undone;
    }

    private List<Runnable> dropWaiting() {
        List<Runnable> undone = new ArrayList<>();
        for (Optional<Task> next = waiting.poll(); next.isPresent(); next = waiting.poll()) {
            undone.add(next.get().work);
        }
        return undone;
    }

    @Override
    public synchronized boolean isShutdown() {
        return closed;
    }

    @Override
    public synchronized boolean isTerminated() {
        return closed && started.isEmpty() && waiting.isEmpty();
    }

    @Override
    public synchronized boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        long end = System.nanoTime() + unit.toNanos(timeout);
        for (long left = end - System.nanoTime(); !isTerminated() && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return isTerminated();
    }
}
