package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.links.Links;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.route.Linking;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.GoldenFiles;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of messages that get links: {@code *.in.eml} beside {@code *.out.eml}. */
@Tag("upstreams")
final class LinkedMessageTest {
    private static final Path CASES = Path.of("src/test/resources/dev/postrider/relay/delivery/links");
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");
    private static final ResourceKey ORGANIZATION = new ResourceKey("shop", "orders");

    @TempDir
    Path directory;

    static List<Path> cases() throws Exception {
        try (Stream<Path> files = Files.list(CASES)) {
            return files.filter(file -> file.toString().endsWith(".in.eml")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isMadeOf(Path in) throws Exception {
        byte[] mail = Files.readString(in).replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
        MimeMessage parsed = parse(mail);
        long most = Optional.ofNullable(parsed.getHeader("X-Most", null)).map(Long::valueOf).orElse(mail.length - 1L);
        Linking linking = new Linking("links.acme.example", parsed.getHeader("X-Always") != null, 30);

        try (SqlQueue queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> NOW);
                Links links = Links.open(new LinkSettings(0, false, Optional.empty(), 1 << 20, 1, Optional.empty()),
                        directory, queue.keptAttachments(), () -> NOW)) {
            QueuedMessage message = queued(queue, mail);
            var linked = new LinkedMessage(message, linking, Optional.of(links),
                    new LargeWork().of("shop"));
            String out;
            try {
                MessageContent made = linked.within(most);
                byte[] octets = read(made);
                assertThat(octets).hasSize((int) made.size()).hasSizeLessThanOrEqualTo((int) most);
                assertThat(read(linked.within(most))).as("the next attempt").isEqualTo(octets);
                assertThat(parse(octets).getContent()).isNotNull();
                out = new String(octets, StandardCharsets.UTF_8);
            } catch (MessageException e) {
                assertThat(e.status()).isPresent();
                out = "(refused) " + e.reply().orElseThrow().text() + "\r\n";
                assertThat(queue.keptAttachments().of(ORGANIZATION, message.id())).isEmpty();
            }
            boolean same = out.equals(new String(mail, StandardCharsets.UTF_8));
            GoldenFiles.check(Path.of(in.toString().replace(".in.eml", ".out.eml")),
                    same ? "(the same)\n" : anyToken(out).replace(message.id(), "M1").replace("\r\n", "\n"),
                    getClass());
        }
    }

    /** Soft line breaks of quoted-printable fall anywhere in a token. */
    private static String anyToken(String mail) {
        return mail.replaceAll("(links\\.acme\\.example(?:=\\r\\n)?/(?:=\\r\\n)?)(?:[A-Za-z0-9_-](?:=\\r\\n)?){43}",
                "$1TOKEN");
    }

    private static MimeMessage parse(byte[] mail) throws Exception {
        return new MimeMessage(Session.getInstance(new Properties()), new java.io.ByteArrayInputStream(mail));
    }

    private static byte[] read(MessageContent content) throws Exception {
        try (InputStream in = content.open()) {
            return in.readAllBytes();
        }
    }

    /** Links of what is not queued lose their tokens. */
    private static QueuedMessage queued(Queue queue, byte[] mail) throws Exception {
        try (Draft draft = queue.draft(ORGANIZATION)) {
            draft.content().write(mail);
            draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), true, false, NOW));
        }
        return queue.claim(ORGANIZATION, NOW, 1).getFirst();
    }
}
