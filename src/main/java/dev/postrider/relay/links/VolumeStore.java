package dev.postrider.relay.links;

import dev.postrider.message.FirstOctets;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A directory of the relay's own volume. */
final class VolumeStore implements LinkStore {
    private static final long LEAST_RESERVE = 128L << 20;
    private static final long MOST_RESERVE = 4L << 30;

    private static final String UNFINISHED = ".part";
    private static final Pattern KEY = Pattern
            .compile("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/[A-Za-z0-9]([A-Za-z0-9.-]*"
                    + "[A-Za-z0-9])?)*");

    private final Path root;
    private final long reserve;
    /** Octets of each namespace, which a key begins with. */
    private final Map<String, Long> kept = new ConcurrentHashMap<>();

    /** Room left for the queue, half of the volume: new mail needs it more than attachments do. */
    static long reserve(Path directory) {
        return Math.clamp(directory.toFile().getTotalSpace() / 2, LEAST_RESERVE, MOST_RESERVE);
    }

    /**
     * Opens a directory, which is made if it is not there, and removes what was left half written.
     *
     * @param reserve octets to leave free on the disk
     * @throws IOException if it cannot be used
     */
    VolumeStore(Path root, long reserve) throws IOException {
        this.root = Files.createDirectories(root.toAbsolutePath());
        this.reserve = reserve;
        try (Stream<Path> files = Files.walk(root)) {
            List<Path> unfinished = files.filter(file -> file.toString().endsWith(UNFINISHED)).toList();
            for (Path file : unfinished) {
                Files.deleteIfExists(file);
            }
        }
        try (Stream<Path> files = Files.walk(this.root)) {
            List<Path> stored = files.filter(Files::isRegularFile).toList();
            for (Path file : stored) {
                kept.merge(this.root.relativize(file).getName(0).toString(), Files.size(file), Long::sum);
            }
        }
    }

    private static String namespace(String key) {
        return key.substring(0, Math.max(0, key.indexOf('/')));
    }

    @Override
    public void put(String key, long size, Source source) throws LinksException {
        long free = root.toFile().getUsableSpace();
        if (free - size < reserve) {
            throw new LinksException("the relay's volume has %d octets left, and %d are kept free for the queue"
                    .formatted(free, reserve));
        }
        Path file = file(key);
        long before = kept.getOrDefault(namespace(key), 0L);
        if (before + size > free - size - reserve) {
            throw new LinksException(
                    ("the attachments that namespace %s keeps for download have %d octets, and may not "
                            + "have more than the relay's volume has left for others")
                            .formatted(namespace(key), before));
        }
        Path directory = directory(file);
        try {
            Files.createDirectories(directory);
            Path unfinished = directory.resolve(UUID.randomUUID() + UNFINISHED);
            try {
                write(unfinished, size, source);
                long replaced = Files.exists(file) ? Files.size(file) : 0;
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                kept.merge(namespace(key), size - replaced, Long::sum);
            } finally {
                Files.deleteIfExists(unfinished);
            }
            for (Path one = directory; one.startsWith(root); one = directory(one)) {
                try (FileChannel entries = FileChannel.open(one, StandardOpenOption.READ)) {
                    entries.force(true);
                }
            }
        } catch (IOException e) {
            throw new LinksException("the relay's volume cannot be written: " + e, e);
        }
    }

    private static void write(Path file, long size, Source source) throws IOException {
        try (InputStream in = source.open();
                FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] block = new byte[64 * 1024];
            long written = 0;
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                ByteBuffer octets = ByteBuffer.wrap(block, 0, count);
                while (octets.hasRemaining()) {
                    out.write(octets);
                }
                written += count;
            }
            if (written != size) {
                throw new EOFException("an attachment has " + written + " octets, and should have " + size);
            }
            out.force(true);
        }
    }

    @Override
    public InputStream read(String key, long offset, long length) throws LinksException {
        try {
            FileChannel channel = FileChannel.open(file(key), StandardOpenOption.READ);
            channel.position(offset);
            return new FirstOctets(Channels.newInputStream(channel), length);
        } catch (IOException e) {
            throw new LinksException("the relay's volume cannot be read: " + e, e);
        }
    }

    @Override
    public void remove(String key) throws LinksException {
        try {
            Path file = file(key);
            long size = Files.exists(file) ? Files.size(file) : 0;
            if (Files.deleteIfExists(file)) {
                kept.computeIfPresent(namespace(key), (_, octets) -> octets > size ? octets - size : null);
            }
        } catch (IOException e) {
            throw new LinksException("the relay's volume cannot be written: " + e, e);
        }
    }

    @Override
    public void close() {}

    private Path file(String key) {
        if (!KEY.matcher(key).matches()) {
            throw new IllegalArgumentException("no key: " + key);
        }
        return root.resolve(key);
    }

    private static Path directory(Path file) {
        return Objects.requireNonNull(file.getParent());
    }
}
