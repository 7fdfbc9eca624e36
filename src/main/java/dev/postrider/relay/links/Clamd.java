package dev.postrider.relay.links;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A virus scanner that is asked by the command INSTREAM of ClamAV's clamd (clamd(8), "COMMANDS"), over TCP or a Unix
 * socket. The client libraries that there are bring a language runtime of 1.7 MB for these four lines of protocol.
 */
public final class Clamd {
    private static final int BLOCK = 64 * 1024;
    private static final int LONGEST_ANSWER = 4096;
    /** For all attachments of a message. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final String address;
    private final Duration patience;

    /**
     * @param address {@code host:port}, or {@code unix:/path/of/the.socket}
     * @throws IllegalArgumentException if it is neither
     */
    public Clamd(String address) {
        this(address, PATIENCE);
    }

    /**
     * @param patience for all attachments of a message
     * @throws IllegalArgumentException if the address is neither
     */
    public Clamd(String address, Duration patience) {
        if (!address.matches("unix:/.+|[A-Za-z0-9._-]+:[0-9]{1,5}|\\[[0-9A-Fa-f:.]+]:[0-9]{1,5}")) {
            throw new IllegalArgumentException(
                    "\"" + address + "\" is no address of clamd; write host:port or unix:/path");
        }
        this.address = address;
        this.patience = patience;
    }

    /** When a scan that begins now must have ended, as {@link System#nanoTime} has it. */
    long deadline() {
        return System.nanoTime() + patience.toNanos();
    }

    /**
     * Scans octets.
     *
     * @param deadline at which the scan is broken off, as {@link #deadline} gives it
     * @return what was found in them, as clamd calls it; empty if they are clean
     * @throws LinksException if clamd cannot be reached, gives no judgement, or gives it too late
     */
    Optional<String> scan(LinkStore.Source source, long deadline) throws LinksException {
        if (System.nanoTime() - deadline >= 0) {
            throw late(null);
        }
        String answer;
        try (SocketChannel channel = open()) {
            // A channel knows no time-outs, not even for connecting: it is closed when the time is over.
            Thread watch = Thread.ofVirtual().name("clamd-watch").start(() -> closeAt(deadline, channel));
            try {
                channel.connect(address());
                try (InputStream in = source.open()) {
                    answer = ask(channel, in);
                }
            } finally {
                watch.interrupt();
            }
        } catch (IOException | RuntimeException e) {
            throw System.nanoTime() - deadline >= 0
                    ? late(e)
                    : new LinksException("the virus scanner at " + address + " does not answer: " + e, e);
        }
        if (answer.endsWith(" FOUND")) {
            return Optional.of(printable(answer.replaceFirst("^stream: ", "").replaceFirst(" FOUND$", "")));
        }
        if (answer.equals("stream: OK")) {
            return Optional.empty();
        }
        throw new LinksException("the virus scanner at " + address + " gave no judgement: " + printable(answer)
                + (answer.contains("size limit") ? " (raise StreamMaxLength in clamd.conf)" : ""));
    }

    private LinksException late(@Nullable Exception cause) {
        return new LinksException("the virus scanner at " + address + " has not judged all attachments within "
                + patience.toMillis() + " ms", cause);
    }

    private static void closeAt(long deadline, SocketChannel channel) {
        try {
            Thread.sleep(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
            channel.close();
        } catch (InterruptedException e) {
            // The answer came in time.
        } catch (IOException e) {
            // It is closed either way.
        }
    }

    private SocketChannel open() throws IOException {
        return address.startsWith("unix:") ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
    }

    private SocketAddress address() {
        if (address.startsWith("unix:")) {
            return UnixDomainSocketAddress.of(address.substring("unix:".length()));
        }
        int colon = address.lastIndexOf(':');
        return new InetSocketAddress(address.substring(0, colon).replaceAll("[\\[\\]]", ""),
                Integer.parseInt(address.substring(colon + 1)));
    }

    private static String ask(SocketChannel channel, InputStream in) throws IOException {
        write(channel, ByteBuffer.wrap("zINSTREAM\0".getBytes(StandardCharsets.US_ASCII)));
        byte[] block = new byte[BLOCK];
        try {
            for (int count = in.readNBytes(block, 0, BLOCK); count > 0; count = in.readNBytes(block, 0, BLOCK)) {
                write(channel, ByteBuffer.allocate(4).putInt(count).flip());
                write(channel, ByteBuffer.wrap(block, 0, count));
            }
            write(channel, ByteBuffer.allocate(4));
        } catch (IOException e) {
            // Over its limit clamd answers and hangs up.
            String answer = answer(channel);
            if (answer.isEmpty()) {
                throw e;
            }
            return answer;
        }
        String answer = answer(channel);
        if (answer.isEmpty()) {
            throw new EOFException("it hung up");
        }
        return answer;
    }

    private static void write(SocketChannel channel, ByteBuffer octets) throws IOException {
        while (octets.hasRemaining()) {
            channel.write(octets);
        }
    }

    private static String answer(SocketChannel channel) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(LONGEST_ANSWER);
        while (answer.hasRemaining() && channel.read(answer) >= 0) {
            if (answer.position() > 0 && answer.get(answer.position() - 1) == 0) {
                break;
            }
        }
        return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    private static String printable(String text) {
        String shown = text.replaceAll("[^ -~]", "?");
        return shown.substring(0, Math.min(shown.length(), 200));
    }

    @Override
    public String toString() {
        return "clamd at " + address;
    }
}
