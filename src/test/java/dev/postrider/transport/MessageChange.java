package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.DkimVerifier;
import dev.postrider.transport.MessageParts.Leaf;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is done to a message on its way, and what that may cost. */
enum MessageChange {
    SPLIT {
        @Override
        void make(MessageContent message) throws Exception {
            for (MessageContent part : PartialMessages.of(message, 128 * 1024, "1@relay.test")) {
                read(part);
            }
        }
    },
    DOWNGRADE {
        @Override
        void make(MessageContent message) throws Exception {
            read(DowngradedMessage.of(message));
        }
    },
    LINK {
        @Override
        void make(MessageContent message) throws Exception {
            MessageParts parts = MessageParts.of(message);
            Set<Leaf> taken = new HashSet<>();
            for (Leaf leaf : parts.leaves()) {
                if (!leaf.isText() && !leaf.isSealed() && !leaf.isMultipart() && leaf.fileName().isPresent()) {
                    decode(leaf);
                    taken.add(leaf);
                }
            }
            read(parts.without(taken, LIST, "=_b"));
        }
    },
    TAKE_APART {
        @Override
        void make(MessageContent message) throws Exception {
            LargeMessage.takeApart(message, message.size() / 2);
        }
    },
    SIGN {
        @Override
        void make(MessageContent message) throws Exception {
            read(SIGNERS.sign(message));
        }
    };

    private static final DkimSigners SIGNERS = new DkimSigners(
            List.of(DkimVerifier.key("s", "example.com", "Ed25519", 0)), InstantSource.system());
    private static final com.sun.management.ThreadMXBean THREADS = (com.sun.management.ThreadMXBean) ManagementFactory
            .getThreadMXBean();
    private static final byte[] LIST = "Content-Type: text/plain\r\n\r\nlinks\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final long MIB = 1 << 20;
    /** For each MiB of a message, and what is allowed in any case. */
    private static final Duration CPU = Duration.ofMillis(50);
    private static final Duration CPU_FLOOR = Duration.ofMillis(80);
    private static final long MEMORY = 4 * MIB;
    private static final int RUNS = 4;

    abstract void make(MessageContent message) throws Exception;

    /** Says how it ended: done, or the reason of the refusal. */
    String tried(MessageContent message) throws Exception {
        try {
            make(message);
            return "done";
        } catch (RefusedException e) {
            return e.verdict().permanent() ? String.valueOf(e.getMessage()) : "again: " + e.getMessage();
        } catch (MessageParts.TooComplexException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * Makes it, and fails if that costs more than it may.
     *
     * @param octets of the message, so that they are not counted
     */
    String measured(byte[] octets) throws Exception {
        long allowed = CPU_FLOOR.toNanos() + CPU.toNanos() * octets.length / MIB;
        MessageContent message = MessageContent.of(octets);
        String ended = "";
        long least = Long.MAX_VALUE;
        long allocated = 0;
        // The first runs are compiled, and others have the processor too.
        for (int i = 0; i < RUNS && (i == 0 || least > allowed); i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            long start = THREADS.getCurrentThreadCpuTime();
            ended = tried(message);
            least = Math.min(least, THREADS.getCurrentThreadCpuTime() - start);
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(Duration.ofNanos(least)).as("CPU for %s of %d octets", this, octets.length)
                .isLessThanOrEqualTo(Duration.ofNanos(allowed));
        if (allocated > MEMORY) {
            assertThat(live(message)).as("memory for %s of %d octets", this, octets.length).isLessThan(MEMORY);
        }
        return ended;
    }

    /** The most memory in use while it is made, as seen at some of its reads. */
    private long live(MessageContent message) throws Exception {
        var seen = new Object() {
            private long most;
            private long next = message.size() / 4;
            private long read;
        };
        long before = used();
        tried(new MessageContent() {
            @Override
            public long size() {
                return message.size();
            }

            @Override
            public InputStream open() throws IOException {
                InputStream in = message.open();
                return new InputStream() {
                    @Override
                    public int read() throws IOException {
                        return in.read();
                    }

                    @Override
                    public int read(byte[] to, int offset, int count) throws IOException {
                        seen.read += count;
                        if (seen.read >= seen.next) {
                            // Twice as far each time: some passes are many.
                            seen.next = 2 * seen.read;
                            seen.most = Math.max(seen.most, used() - before);
                        }
                        return in.read(to, offset, count);
                    }

                    @Override
                    public long skip(long count) throws IOException {
                        return in.skip(count);
                    }
                };
            }
        });
        return seen.most;
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static void read(MessageContent content) throws IOException {
        try (InputStream in = content.open()) {
            assertThat(in.transferTo(OutputStream.nullOutputStream())).isEqualTo(content.size());
        }
    }

    private static void decode(Leaf leaf) throws Exception {
        try (InputStream in = leaf.open()) {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException | jakarta.mail.MessagingException e) {
            // Its encoding is broken: it stays where it is.
        }
    }

    /** A message that repeats some octets until it has a size. */
    static byte[] repeated(byte[] start, byte[] unit, int octets) {
        byte[] message = Arrays.copyOf(start, Math.max(start.length, octets));
        for (int i = start.length; unit.length > 0 && i < octets; i++) {
            message[i] = unit[(i - start.length) % unit.length];
        }
        return message;
    }
}
