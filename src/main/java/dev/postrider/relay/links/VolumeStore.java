package dev.postrider.relay.links;

import dev.postrider.transport.FirstOctets;
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
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A directory of the relay's own volume. */
final class VolumeStore implements LinkStore {
    /** Room left for the queue: new mail needs it more than attachments do. */
    static final long RESERVE = 128L << 20;

    private static final String UNFINISHED = ".part";
    private static final Pattern KEY = Pattern
            .compile("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/[A-Za-z0-9]([A-Za-z0-9.-]*"
                    + "[A-Za-z0-9])?)*");

    private final Path root;
    private final long reserve;

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
    }

    @Override
    public void put(String key, long size, Source source) throws LinksException {
        long free = root.toFile().getUsableSpace();
        if (free - size < reserve) {
            throw new LinksException("the relay's volume has %d octets left, and %d are kept free for the queue"
                    .formatted(free, reserve));
        }
        Path file = file(key);
        Path directory = directory(file);
        try {
            Files.createDirectories(directory);
            Path unfinished = directory.resolve(UUID.randomUUID() + UNFINISHED);
            try {
                write(unfinished, size, source);
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
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
            Files.deleteIfExists(file(key));
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
