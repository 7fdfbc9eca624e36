package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.DsnRequest.Return;
import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.relay.delivery.DeliveryReport.Entry;
import dev.postrider.relay.delivery.DeliveryReport.Kind;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.reply.Reply;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.GoldenFiles;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("relay")
final class DeliveryReportTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String MESSAGE = "Subject: it\r\nDate: today\r\n\r\nsecret text, \u00fcber\r\n";

    private record Text(String text) implements MessageContent {
        @Override
        public long size() {
            return text.getBytes(StandardCharsets.UTF_8).length;
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static QueuedRecipient recipient(int number, String address, String orcpt) {
        return new QueuedRecipient(number, address,
                new RecipientDsnRequest(Set.of(), Optional.of(orcpt).filter(text -> !text.isEmpty())), 0, false);
    }

    private static QueuedMessage message(boolean utf8, String sender, DsnRequest dsn, String content) {
        return new QueuedMessage(new ResourceKey("shop", "orders"), "01JABCDEFGHJKMNP", sender, utf8, utf8, dsn,
                Optional.empty(), Instant.parse("2026-03-01T11:59:00Z"), new Text(content), List.of(), 0);
    }

    private static String compose(Kind kind, QueuedMessage message, Entry... entries) throws Exception {
        MessageContent report = new DeliveryReport("relay.test", () -> 100).compose(kind, message, Optional.empty(),
                List.of(entries),
                NOW);
        try (InputStream in = report.open()) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(text.replace("\r\n", "")).doesNotContain("\n").doesNotContain("\r");
            assertThat(report.size()).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
            return text.replace("\r\n", "\n").replaceAll("----=_Part_[0-9_.]+", "BOUNDARY");
        }
    }

    private static Entry entry(Kind kind) {
        return switch (kind) {
            case FAILED -> new Entry(recipient(0, "x@y.example", "rfc822;User+2Bx@old.example"), "mx.example.net",
                    "5.1.1", Optional.of(new Reply(550, Optional.of("5.1.1"), "550 5.1.1 no such user")),
                    "550 5.1.1 no such user", Optional.empty());
            case DELAYED -> new Entry(recipient(0, "x@y.example", ""), "mx.example.net", "4.4.1", Optional.empty(),
                    "Connection: cannot connect to mx.example.net:25", Optional.of(NOW.plusSeconds(86_400)));
            case RELAYED -> new Entry(recipient(0, "x@y.example", ""), "mx.example.net", "2.0.0",
                    Optional.of(new Reply(250, Optional.of("2.0.0"), "250 2.0.0 queued as 4XyZ")),
                    "250 2.0.0 queued as 4XyZ", Optional.empty());
        };
    }

    private static void matches(String name, String report) {
        GoldenFiles.check(Path.of("src/test/resources/dev/postrider/relay/delivery", name), report,
                DeliveryReportTest.class);
    }

    @ParameterizedTest
    @EnumSource
    void reportsWhatRfc3464Asks(Kind kind) throws Exception {
        matches(kind.action() + ".eml", compose(kind, message(false, "a@b.example",
                new DsnRequest(Optional.of(Return.HDRS), Optional.of("QQ+2B314159")), MESSAGE), entry(kind)));
    }

    @Test
    void returnsTheWholeMessageOnlyWhereAskedForAndOnlyOfAFailure() throws Exception {
        var all = new DsnRequest(Optional.of(Return.FULL), Optional.empty());
        matches("failed-full.eml",
                compose(Kind.FAILED, message(false, "a@b.example", all, MESSAGE), entry(Kind.FAILED)));
        assertThat(compose(Kind.DELAYED, message(false, "a@b.example", all, MESSAGE), entry(Kind.DELAYED)))
                .contains("Subject: it")
                .doesNotContain("secret text");
        String big = MESSAGE + "more than a hundred octets ".repeat(4) + "\r\n";
        assertThat(compose(Kind.FAILED, message(false, "a@b.example", all, big), entry(Kind.FAILED)))
                .contains("Subject: it")
                .doesNotContain("secret text");
    }

    @Test
    void reportsInternationalMailAsRfc6533Asks() throws Exception {
        matches("failed-utf8.eml", compose(Kind.FAILED,
                message(true, "j\u00fcrgen@k\u00f6ln.example", DsnRequest.NONE,
                        "Subject: Gr\u00fc\u00dfe\r\n\r\n"),
                new Entry(recipient(0, "zo\u00eb@y.example", ""), "mx.example.net", "5.1.1", Optional.empty(),
                        "no such user", Optional.empty())));
    }

    @Test
    void aParameterCannotAddAField() throws Exception {
        String report = compose(Kind.FAILED,
                message(false, "a@b.example",
                        new DsnRequest(Optional.empty(), Optional.of("x+0D+0AAction:+20delivered")),
                        MESSAGE),
                new Entry(recipient(0, "x@y.example", "rfc822;u+0D+0AStatus:+202.0.0"), "mx.example.net", "5.1.1",
                        Optional.empty(), "no", Optional.empty()));
        assertThat(report).contains("Original-Envelope-Id: x??Action: delivered\n",
                "Original-Recipient: rfc822; u??Status: 2.0.0\n");
    }
}
