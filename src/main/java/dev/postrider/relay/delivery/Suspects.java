package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.AttemptMarks;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.FairGate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages during whose attempt the relay failed or died. Such a message is tried again after all others, one of them
 * at a time, by namespaces in turn; if that fails too, it is poison.
 *
 * <p>Which attempts of large messages are under way is written to a file that is mapped into memory: what a process
 * wrote there is in the system's hands when it dies, and costs no write to the disk. A small message cannot use up
 * memory or time, and whoever kills a relay from outside must not make its mail suspect. Where relays share a queue, the
 * mark is in its database: another relay takes up the message of one that died. Safe for threads.
 */
final class Suspects implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Suspects.class);
    /** Attempts and suspects that are known at a time; what goes beyond that is tried without a mark. */
    private static final int SLOTS = 4096;
    private static final int MOST_SUSPECTS = SLOTS / 2;
    private static final int SLOT = 64;
    private static final int LENGTH = 1;
    private static final int ID = 2;
    private static final int MOST_FAILURES = 2;
    /** Octets from which on a message is large. */
    private static final long LARGE = 256 * 1024;

    private final ByteBuffer slots;
    private final Optional<FileChannel> file;
    private final Optional<AttemptMarks> shared;
    private final BlockingQueue<Integer> free = new ArrayBlockingQueue<>(SLOTS);
    private final Map<String, Suspect> suspects = new ConcurrentHashMap<>();
    private final FairGate alone;
    private final Trial unmarked = new Trial(null, null, null);
    private volatile boolean closed;

    /**
     * A message.
     *
     * @param octets of it
     */
    record Mail(ResourceKey organization, String id, long octets) {
        static Mail of(QueuedMessage message) {
            return new Mail(message.organization(), message.id(), message.content().size());
        }

        private boolean isLarge() {
            return octets >= LARGE;
        }
    }

    /** Why it is one. Its slot is kept for as long. */
    private record Suspect(int slot, int failures, String why) {}

    /** An attempt that is under way; to be closed when it has ended, however it did. */
    final class Trial implements AutoCloseable {
        private final @Nullable Mail mail;
        private final @Nullable Integer slot;
        /** A suspect's. */
        private final FairGate.@Nullable Pass pass;

        private Trial(@Nullable Mail mail, @Nullable Integer slot, FairGate.@Nullable Pass pass) {
            this.mail = mail;
            this.slot = slot;
            this.pass = pass;
        }

        @Override
        public void close() {
            if (mail == null) {
                return;
            }
            if (pass != null) {
                Suspect still = suspects.get(mail.id);
                if (still != null) {
                    mark(still.slot, false, still.failures);
                    shared.ifPresent(marks -> marks.end(mail.organization, mail.id));
                }
                pass.close();
            } else {
                shared.ifPresent(marks -> marks.end(mail.organization, mail.id));
                if (slot != null) {
                    giveBack(slot);
                }
            }
        }
    }

    private Suspects(ByteBuffer slots, Optional<FileChannel> file, Optional<AttemptMarks> shared, int permits) {
        this.slots = slots;
        this.file = file;
        this.shared = shared;
        this.alone = new FairGate(permits);
    }

    /** Ones that are forgotten when the process ends. */
    static Suspects inMemory() {
        return inMemory(Optional.empty());
    }

    /** Ones that are known to the other relays, too. */
    static Suspects shared(AttemptMarks marks) {
        return inMemory(Optional.of(marks));
    }

    private static Suspects inMemory(Optional<AttemptMarks> shared) {
        var all = new Suspects(ByteBuffer.allocate(SLOTS * SLOT), Optional.empty(), shared, 1);
        for (int slot = 0; slot < SLOTS; slot++) {
            all.free.add(slot);
        }
        return all;
    }

    /**
     * Reads what was under way when the process ended that used the file before.
     *
     * @param rest   after which the first of them is tried
     * @param queued whether there is still such a message
     * @throws IOException if the file cannot be had
     */
    static Suspects open(Path file, Duration rest, Predicate<String> queued) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        Suspects all;
        try {
            if (channel.tryLock() == null) {
                throw new IOException("another process uses " + file);
            }
            // A mapped page without a block on the disk would be a fault where the disk is full.
            channel.write(ByteBuffer.allocate((int) Math.max(0, SLOTS * SLOT - channel.size())), channel.size());
            all = new Suspects(channel.map(MapMode.READ_WRITE, 0, SLOTS * SLOT), Optional.of(channel), Optional.empty(),
                    0);
        } catch (IOException | OverlappingFileLockException e) {
            channel.close();
            throw new IOException("which attempts are under way cannot be written to " + file + ": " + e.getMessage(),
                    e);
        }
        for (int slot = 0; slot < SLOTS; slot++) {
            all.read(slot, queued);
        }
        Thread.ofVirtual().name("suspects").start(() -> all.allow(rest));
        return all;
    }

    private void read(int slot, Predicate<String> queued) {
        int state = slots.get(slot * SLOT);
        int length = slots.get(slot * SLOT + LENGTH);
        if (state != 0 && length > 0 && length <= SLOT - ID) {
            byte[] octets = new byte[length];
            slots.get(slot * SLOT + ID, octets);
            String id = new String(octets, StandardCharsets.US_ASCII);
            int failures = (state >> 1) + (state & 1);
            if (suspects.size() < MOST_SUSPECTS && !suspects.containsKey(id) && queued.test(id)) {
                LOG.warn("{} was being tried when the relay ended{}: it is tried after all others, alone", id,
                        failures > 1 ? ", not for the first time" : "");
                suspects.put(id, new Suspect(slot, failures, "the relay ended while it was tried"));
                mark(slot, false, failures);
                return;
            }
        }
        giveBack(slot);
    }

    private void allow(Duration rest) {
        try {
            Thread.sleep(rest);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        alone.widen(1);
    }

    /** An attempt is about to begin; says whether it is a suspect's. */
    boolean isSuspect(Mail mail) {
        if (!suspects.containsKey(mail.id) && mail.isLarge() && shared.isPresent()) {
            try {
                int failures = shared.get().begin(mail.organization, mail.id);
                if (failures > 0) {
                    LOG.warn("{} was being tried when a relay was lost{}: it is tried alone", mail.id,
                            failures > 1 ? ", not for the first time" : "");
                    add(mail.id, new Suspect(0, failures, "a relay was lost while it tried it"));
                }
            } catch (QueueException e) {
                LOG.debug("{} is tried without a mark: {}", mail.id, e.getMessage());
            }
        }
        return suspects.containsKey(mail.id);
    }

    /** Takes a slot for one, if there is any. */
    private void add(String id, Suspect suspect) {
        Integer slot = slotOfSuspect();
        if (slot != null) {
            write(slot, id);
            mark(slot, false, suspect.failures);
            suspects.put(id, new Suspect(slot, suspect.failures, suspect.why));
        }
    }

    /** Why a message is not to be tried any more, if that is so. */
    Optional<String> poison(String id) {
        return Optional.ofNullable(suspects.get(id)).filter(s -> s.failures >= MOST_FAILURES).map(Suspect::why);
    }

    /**
     * An attempt begins, after {@link #isSuspect}. That of a suspect waits until no other is tried.
     *
     * @return empty if the relay stops
     */
    Optional<Trial> begin(Mail mail) throws InterruptedException {
        Suspect suspect = suspects.get(mail.id);
        if (suspect == null) {
            return Optional.of(mail.isLarge() ? new Trial(mail, take(mail.id), null) : unmarked);
        }
        FairGate.Pass pass = alone.enter(mail.organization.namespace());
        if (closed) {
            pass.close();
            return Optional.empty();
        }
        mark(suspect.slot, true, suspect.failures);
        if (shared.isPresent()) {
            try {
                shared.get().beginAgain(mail.organization, mail.id);
            } catch (QueueException e) {
                LOG.debug("{} is tried without a mark: {}", mail.id, e.getMessage());
            }
        }
        return Optional.of(new Trial(mail, suspect.slot, pass));
    }

    private @Nullable Integer slotOfSuspect() {
        return suspects.size() < MOST_SUSPECTS ? free.poll() : null;
    }

    private @Nullable Integer take(String id) {
        Integer slot = id.length() <= SLOT - ID ? free.poll() : null;
        if (slot != null) {
            write(slot, id);
            mark(slot, true, 0);
        }
        return slot;
    }

    private void write(int slot, String id) {
        slots.put(slot * SLOT + ID, id.getBytes(StandardCharsets.US_ASCII));
        slots.put(slot * SLOT + LENGTH, (byte) id.length());
    }

    /** One octet says both: whether it is under way, and how often that failed. */
    private void mark(int slot, boolean underWay, int failures) {
        slots.put(slot * SLOT, (byte) (Math.min(failures, MOST_FAILURES) << 1 | (underWay ? 1 : 0)));
    }

    private void giveBack(int slot) {
        slots.put(slot * SLOT, (byte) 0);
        free.add(slot);
    }

    /** An attempt failed by a fault of the relay. */
    void failed(Mail mail, Throwable why) {
        String text = "it failed by a fault of the relay: " + why.getClass().getName();
        Suspect now = suspects.compute(mail.id, (id, known) -> {
            Integer slot = known == null ? slotOfSuspect() : Integer.valueOf(known.slot);
            if (slot == null) {
                return null;
            }
            int failures = known == null ? 1 : known.failures + 1;
            write(slot, id);
            mark(slot, false, failures);
            return new Suspect(slot, failures, text);
        });
        if (now != null && mail.isLarge() && shared.isPresent()) {
            try {
                shared.get().failed(mail.organization, mail.id, now.failures);
            } catch (QueueException e) {
                LOG.debug("{} is known to this relay alone: {}", mail.id, e.getMessage());
            }
        }
    }

    /** A message is gone, or in a person's hands. */
    void forget(Mail mail) {
        Suspect suspect = suspects.remove(mail.id);
        if (suspect != null) {
            giveBack(suspect.slot);
            shared.ifPresent(marks -> marks.forget(mail.organization, mail.id));
        }
    }

    @Override
    public void close() {
        closed = true;
        alone.widen(SLOTS);
        try {
            if (file.isPresent()) {
                file.get().close();
            }
        } catch (IOException e) {
            LOG.debug("{}", e.getMessage());
        }
    }
}
