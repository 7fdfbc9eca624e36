package dev.postrider.relay.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.relay.SmallDisk;
import dev.postrider.testing.S3Server;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("upstreams")
final class LinkStoreTest {
    private static final String KEY = "shop/orders.example/01ARZ3NDEKTSV4RR-0";

    @TempDir
    static Path shared;

    private static Optional<S3Server> s3 = Optional.empty();

    @TempDir
    Path directory;

    /** The server may have to be built first. */
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    @BeforeAll
    static void startS3() throws Exception {
        s3 = S3Server.start(Files.createDirectories(shared.resolve("s3")));
    }

    @AfterAll
    static void stopS3() {
        s3.ifPresent(S3Server::close);
    }

    private LinkStore open(String kind) throws Exception {
        if (kind.equals("volume")) {
            return new VolumeStore(directory.resolve("links"), 0);
        }
        assumeTrue(s3.isPresent(), "no S3 server here");
        return openS3(S3Server.SECRET_KEY);
    }

    private LinkStore openS3(String secretKey) throws Exception {
        return new S3Store(new S3Location(s3.orElseThrow().endpoint(), "us-east-1", S3Server.BUCKET,
                S3Server.credentials(directory.resolve("keys"), secretKey)));
    }

    private static byte[] octets(int size) {
        byte[] octets = new byte[size];
        new Random(size).nextBytes(octets);
        return octets;
    }

    private static void put(LinkStore store, byte[] octets) throws LinksException {
        store.put(KEY, octets.length, () -> new ByteArrayInputStream(octets));
    }

    private static byte[] read(LinkStore store, long offset, long length) throws Exception {
        try (InputStream in = store.read(KEY, offset, length)) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"volume", "s3"})
    void givesBackWhatItWasGiven(String kind) throws Exception {
        try (LinkStore store = open(kind)) {
            byte[] octets = octets(3_000_000);
            put(store, octets);
            assertThat(read(store, 0, octets.length)).isEqualTo(octets);
            assertThat(read(store, 1_000_000, 70_001)).isEqualTo(Arrays.copyOfRange(octets, 1_000_000, 1_070_001));
            try (InputStream in = store.read(KEY, 0, octets.length)) {
                assertThat(in.read()).isEqualTo(octets[0] & 0xff);
            }
            put(store, octets(10));
            assertThat(read(store, 2, 3)).isEqualTo(Arrays.copyOfRange(octets(10), 2, 5));

            put(store, new byte[0]);
            store.remove(KEY);
            store.remove(KEY);
            assertThatThrownBy(() -> read(store, 0, 1)).isInstanceOf(LinksException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"volume", "s3"})
    void keepsNothingThatIsCutShort(String kind) throws Exception {
        try (LinkStore store = open(kind)) {
            assertThatThrownBy(() -> store.put(KEY, 100_000, () -> new ByteArrayInputStream(octets(99_999))))
                    .isInstanceOf(LinksException.class);
            assertThatThrownBy(() -> read(store, 0, 1)).isInstanceOf(LinksException.class);
        }
        if (kind.equals("volume")) {
            try (Stream<Path> files = Files.walk(directory)) {
                assertThat(files.filter(Files::isRegularFile)).isEmpty();
            }
        }
    }

    @Test
    void aVolumeLeavesRoomForTheQueue() throws Exception {
        long free = directory.toFile().getUsableSpace();
        try (LinkStore store = new VolumeStore(directory, free)) {
            assertThatThrownBy(() -> put(store, octets(1000))).hasMessageMatching(
                    "the relay's volume has \\d+ octets left, and \\d+ are kept free for the queue");
        }
    }

    /** Of 64 MiB half is the queue's; a namespace gets no more of the rest than it leaves to others. */
    @Test
    @Tag("isolation")
    void aVolumeIsSharedByNamespaces() throws Exception {
        byte[] mebi = octets(1 << 20);
        try (var disk = SmallDisk.mount(directory.resolve("disk"), 64)) {
            if (!disk.isMounted()) {
                return;
            }
            int stored = 0;
            try (LinkStore store = new VolumeStore(disk.directory().resolve("links"), 32L << 20)) {
                for (; stored < 10; stored++) {
                    store.put("evil/a/" + stored, mebi.length, () -> new ByteArrayInputStream(mebi));
                }
            }
            try (LinkStore store = new VolumeStore(disk.directory().resolve("links"), 32L << 20)) {
                for (; stored < 15; stored++) {
                    store.put("evil/b/" + stored, mebi.length, () -> new ByteArrayInputStream(mebi));
                }
                assertThatThrownBy(() -> store.put("evil/c/x", 2L * mebi.length, () -> new ByteArrayInputStream(mebi)))
                        .hasMessageStartingWith("the attachments that namespace evil keeps for download have 15728640");
                store.put("shop/orders/1", mebi.length, () -> new ByteArrayInputStream(mebi));
                for (int i = 0; i < stored; i++) {
                    store.remove("evil/" + (i < 10 ? "a" : "b") + "/" + i);
                }
                store.put("evil/c/x", mebi.length, () -> new ByteArrayInputStream(mebi));
            }
        }
    }

    @Test
    void aVolumeForgetsWhatAKilledRelayLeftHalfWritten() throws Exception {
        Path unfinished = Files.createDirectories(directory.resolve("shop/orders")).resolve("1.part");
        Files.write(unfinished, octets(10));
        new VolumeStore(directory, 0).close();
        assertThat(unfinished).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "/x", "a/../b", "a//b", "", "a/.b"})
    void aVolumeIsNotLeft(String key) throws Exception {
        try (LinkStore store = new VolumeStore(directory, 0)) {
            assertThatThrownBy(() -> store.remove(key)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void saysWhyS3RefusesAndNotWithWhat() throws Exception {
        assumeTrue(s3.isPresent(), "no S3 server here");
        try (LinkStore store = openS3("another key of 40 characters, which is wrong")) {
            assertThatThrownBy(() -> put(store, octets(10)))
                    .hasMessage("bucket attachments at " + s3.get().endpoint()
                            + " cannot be written (status 403, SignatureDoesNotMatch)");
            // A Secret that was changed serves the next request.
            S3Server.credentials(directory.resolve("keys"), S3Server.SECRET_KEY);
            put(store, octets(10));
            Files.delete(directory.resolve("keys/access-key-id"));
            assertThatThrownBy(() -> put(store, octets(10))).hasMessageContaining("the keys of S3 cannot be read from")
                    .hasMessageNotContaining(S3Server.SECRET_KEY);
        }
    }
}
