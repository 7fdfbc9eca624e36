package dev.postrider.relay.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.http.HttpLimits;
import dev.postrider.relay.links.Links.Attachment;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.route.Linking;
import dev.postrider.route.ResourceKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("upstreams")
final class DownloadsTest {
    private static final ResourceKey ORDERS = new ResourceKey("shop", "orders");
    private static final String HOST = "links.acme.example:8443/mail";
    private static final String TEXT = "0123456789";
    private static final String SHA256 = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
    private static final int LARGE = 20_000_000;

    @TempDir
    Path directory;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2027-01-12T09:00:00Z"));
    private SqlQueue queue;
    private Links links;
    private Downloads downloads;
    private URI link;

    @BeforeEach
    void start() throws Exception {
        queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, now::get);
        links = new Links(queue.keptAttachments(), new VolumeStore(directory.resolve("links"), 0),
                new LinkSettings(0, false, Optional.empty(), 1L << 30, 2, Optional.empty()), now::get);
        downloads = new Downloads(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Optional.empty(), links,
                4, new SimpleMeterRegistry(), (organization, _) -> !organization.name().equals("globex"),
                HttpLimits.PUBLIC.withBlock(Duration.ofMillis(400)));
        link = keep(ORDERS, "M1", HOST, "Bericht \"é\".txt", TEXT.getBytes(StandardCharsets.US_ASCII));
    }

    @AfterEach
    void stop() {
        downloads.close();
        links.close();
        queue.close();
    }

    private URI keep(ResourceKey organization, String message, String host, String name, byte[] octets)
            throws Exception {
        return URI
                .create(links.keep(organization, message, new Linking(host, false, 14), List.of(new Attachment(0, name,
                        "text/html", octets.length, SHA256, () -> new ByteArrayInputStream(octets)))).getFirst().url());
    }

    private record Answer(int status, List<String> headers, String body) {
        String header(String name) {
            return headers.stream()
                    .filter(line -> line.regionMatches(true, 0, name + ": ", 0, name.length() + 2))
                    .map(line -> line.substring(name.length() + 2))
                    .findFirst()
                    .orElse("-");
        }
    }

    private Answer ask(String method, String path, String host, String... headers) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), downloads.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write((method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
                            + String.join("", Stream.of(headers).map(line -> line + "\r\n").toList()) + "\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1));
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            int end = all.indexOf("\r\n\r\n");
            List<String> head = all.substring(0, end).lines().toList();
            return new Answer(Integer.parseInt(head.getFirst().split(" ", -1)[1]), head.subList(1, head.size()),
                    all.substring(end + 4));
        }
    }

    private Answer get(String... headers) throws IOException {
        return ask("GET", link.getRawPath(), link.getRawAuthority(), headers);
    }

    @Test
    void givesTheAttachmentWithHeadersThatKeepItFromRunning() throws Exception {
        assertThat(link.toString()).matches("https://links\\.acme\\.example:8443/mail/[A-Za-z0-9_-]{43}/"
                + "Bericht%20%22%C3%A9%22\\.txt");
        Answer answer = get();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(TEXT);
        assertThat(answer.headers()).filteredOn(line -> !line.startsWith("Date:"))
                .containsExactlyInAnyOrder("X-Content-Type-Options: nosniff",
                        "Content-Security-Policy: sandbox; default-src 'none'", "Cache-Control: private, no-store",
                        "Referrer-Policy: no-referrer", "X-Robots-Tag: noindex", "Accept-Ranges: bytes",
                        "ETag: \"" + SHA256 + "\"", "Content-Type: text/html", "Content-Length: 10",
                        "Connection: close", "Content-Disposition: attachment; filename=\"Bericht ___.txt\"; "
                                + "filename*=UTF-8''Bericht%20%22%C3%A9%22.txt");
        Answer head = ask("HEAD", link.getRawPath(), link.getRawAuthority(), "Range: bytes=0-1");
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.header("Content-Length")).isEqualTo("10");
    }

    /** RFC 9110 sections 13.1.5, 14.1.2 and 14.2. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            bytes=0-0          | - | 206 | bytes 0-0/10  | 0
            bytes=3-5          | - | 206 | bytes 3-5/10  | 345
            bytes=7-           | - | 206 | bytes 7-9/10  | 789
            bytes=7-99         | - | 206 | bytes 7-9/10  | 789
            bytes=-2           | - | 206 | bytes 8-9/10  | 89
            bytes=-99          | - | 206 | bytes 0-9/10  | 0123456789
            BYTES = 1-2        | - | 200 | -             | 0123456789
            Bytes=1-2          | - | 206 | bytes 1-2/10  | 12
            bytes=10-          | - | 416 | bytes */10    | That range is not there.
            bytes=-0           | - | 416 | bytes */10    | That range is not there.
            bytes=5-3          | - | 200 | -             | 0123456789
            bytes=-            | - | 200 | -             | 0123456789
            bytes=a-b          | - | 200 | -             | 0123456789
            lines=1-2          | - | 200 | -             | 0123456789
            bytes=0-1,3-4      | - | 200 | -             | 0123456789
            bytes=1-99999999999999999999 | - | 200 | -   | 0123456789
            bytes=1-2          | "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882" | 206 | bytes 1-2/10 | 12
            bytes=1-2          | "other" | 200 | -       | 0123456789
            bytes=1-2          | W/"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882" | 200 | - | 0123456789
            """)
    void givesTheRangeThatIsAskedFor(String range, String ifRange, int status, String contentRange, String body)
            throws Exception {
        var headers = new ArrayList<>(List.of("Range: " + range));
        if (ifRange != null) {
            headers.add("If-Range: " + ifRange);
        }
        Answer answer = get(headers.toArray(String[]::new));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Content-Range")).isEqualTo(contentRange == null ? "-" : contentRange);
        assertThat(answer.body().strip()).isEqualTo(body);
    }

    @Test
    void saysThatTheClientHasItAlready() throws Exception {
        assertThat(get("If-None-Match: \"a\", W/\"" + SHA256 + "\"").status()).isEqualTo(304);
        assertThat(get("If-None-Match: \"a\"").status()).isEqualTo(200);
    }

    @Tag("promises")
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            the link as it is                | GET    | links.acme.example:8443 | /mail/{token}/{name}    | 200
            the host has no case             | GET    | LINKS.acme.Example:8443 | /mail/{token}/{name}    | 200
            the host ends with the root      | GET    | links.acme.example.:8443 | /mail/{token}/{name}   | 200
            the host is in the target        | GET    | links.globex.example    | http://links.acme.example:8443/mail/{token}/{name} | 200
            another host is in the target    | GET    | links.acme.example:8443 | http://links.globex.example/mail/{token}/{name} | 404
            encoded in another way           | GET    | links.acme.example:8443 | /mail/{token}/%42ericht%20%22e%CC%81%22%2Etxt | 200
            another name                     | GET    | links.acme.example:8443 | /mail/{token}/x         | 404
            an empty name                    | GET    | links.acme.example:8443 | /mail/{token}/          | 404
            a name with more before it       | GET    | links.acme.example:8443 | /mail/{token}/x%2F{name} | 404
            a name with more behind it       | GET    | links.acme.example:8443 | /mail/{token}/{name}.exe | 404
            octets that are no UTF-8         | GET    | links.acme.example:8443 | /mail/{token}/%FF       | 404
            another host                     | GET    | links.globex.example    | /mail/{token}/{name}    | 404
            another port                     | GET    | links.acme.example      | /mail/{token}/{name}    | 404
            another path                     | GET    | links.acme.example:8443 | /{token}/{name}         | 404
            a path too many                  | GET    | links.acme.example:8443 | /mail/mail/{token}/x    | 404
            no name                          | GET    | links.acme.example:8443 | /mail/{token}           | 404
            another token                    | GET    | links.acme.example:8443 | /mail/{other}/{name}    | 404
            what is no token                 | GET    | links.acme.example:8443 | /mail/abc/{name}        | 404
            a directory                      | GET    | links.acme.example:8443 | /mail/                  | 404
            the root                         | GET    | links.acme.example:8443 | /                       | 404
            climbing                         | GET    | links.acme.example:8443 | /mail/../{token}/x      | 404
            an attachment of another         | GET    | links.acme.example:8443 | /mail/{globex}/x        | 404
            ... is there at its own host     | GET    | links.globex.example    | /{globex}/x             | 404
            another method                   | POST   | links.acme.example:8443 | /mail/{token}/{name}    | 405
            removing it                      | DELETE | links.acme.example:8443 | /mail/{token}/{name}    | 405
            """)
    void leadsNowhereElse(String what, String method, String host, String path, int status) throws Exception {
        URI globex = keep(new ResourceKey("shop", "globex"), "M2", "links.globex.example", "x", new byte[]{1});
        String[] parts = link.getRawPath().split("/", -1);
        Answer answer = ask(method,
                path.replace("{token}", parts[2])
                        .replace("{name}", parts[3])
                        .replace("{other}", "A".repeat(43))
                        .replace("{globex}", globex.getRawPath().split("/", -1)[1]),
                host);
        assertThat(answer.status()).as(what).isEqualTo(status);
        assertThat(answer.header("Content-Security-Policy")).isEqualTo("sandbox; default-src 'none'");
        if (status == 404) {
            assertThat(answer.body()).isEqualTo("There is nothing here.\n");
        }
    }

    @Test
    void saysForAWhileThatItHasExpired() throws Exception {
        now.updateAndGet(time -> time.plus(Duration.ofDays(14)).minusMillis(1));
        links.sweep();
        assertThat(get().status()).isEqualTo(200);

        now.updateAndGet(time -> time.plusMillis(1));
        assertThat(get().body()).isEqualTo("This attachment could be downloaded until 26 January 2027. Ask the sender"
                + " for it.\n");
        links.sweep();
        assertThat(get().status()).isEqualTo(410);
        try (Stream<Path> files = Files.walk(directory.resolve("links"))) {
            assertThat(files.filter(Files::isRegularFile)).isEmpty();
        }
        assertThat(ask("GET", link.getRawPath(), "links.globex.example").status()).isEqualTo(404);

        now.updateAndGet(time -> time.plus(Duration.ofDays(30)));
        links.sweep();
        assertThat(get().status()).isEqualTo(404);
    }

    @Test
    void forgetsTokensOfMailThatIsNoLongerQueued() throws Exception {
        assertThat(queue.keptAttachments().of(ORDERS, "M1").getFirst().token()).isPresent();
        links.sweep();
        assertThat(queue.keptAttachments().of(ORDERS, "M1").getFirst().token()).isEmpty();
        assertThat(get().status()).isEqualTo(200);
    }

    @Test
    void endsClientsThatDoNotReadAndHasPlacesForOthers() throws Exception {
        URI large = keep(ORDERS, "M3", "h", "large", new byte[LARGE]);
        List<Socket> lazy = new ArrayList<>();
        try {
            for (int i = 0; i < 2; i++) {
                var socket = new Socket();
                lazy.add(socket);
                socket.setReceiveBufferSize(4096);
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), downloads.port()));
                socket.getOutputStream()
                        .write(("GET " + large.getRawPath() + " HTTP/1.1\r\nHost: h\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                assertThat(socket.getInputStream().read()).isEqualTo('H');
            }
            Answer third = get();
            assertThat(third.status()).isEqualTo(503);
            assertThat(third.header("Retry-After")).isEqualTo("10");
            await().untilAsserted(() -> assertThat(get().status()).isEqualTo(200));
            try (InputStream in = lazy.getFirst().getInputStream()) {
                assertThat(length(in)).isLessThan(LARGE);
            }
        } finally {
            for (Socket socket : lazy) {
                socket.close();
            }
        }
    }

    @Test
    @Tag("isolation")
    void aNamespaceOfManyOrganizationsLeavesPlacesToOthers() {
        var transfers = new Transfers(8);
        List<Transfers.Transfer> evil = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            transfers.begin(new ResourceKey("evil", "organization-" + i)).ifPresent(evil::add);
        }
        assertThat(evil).hasSize(6);
        assertThat(transfers.begin(ORDERS)).isPresent();
        evil.forEach(Transfers.Transfer::close);
        for (int i = 0; i < 3; i++) {
            assertThat(transfers.begin(ORDERS)).isPresent();
        }
        assertThat(transfers.begin(ORDERS)).isEmpty();
    }

    private static long length(InputStream in) {
        long length = 0;
        byte[] block = new byte[65_536];
        try {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                length += count;
            }
        } catch (IOException e) {
            // A reset is an end, too.
        }
        return length;
    }

    @Test
    void saysThatTheStoreFails() throws Exception {
        try (Stream<Path> files = Files.walk(directory.resolve("links"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
        Answer answer = get("Range: bytes=1-2");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("This attachment cannot be read now. Try again in a minute.\n");
        assertThat(answer.header("Content-Disposition")).isEqualTo("-");
        assertThat(answer.header("Content-Range")).isEqualTo("-");
    }
}
