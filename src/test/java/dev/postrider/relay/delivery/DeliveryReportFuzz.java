package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.relay.delivery.DeliveryReport.Entry;
import dev.postrider.relay.delivery.DeliveryReport.Kind;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Tag;

/** Bounces of any message: three parts, whatever its header holds, and nothing of its body. */
@Tag("relay")
final class DeliveryReportFuzz {
    private static final String SECRET = "body-that-is-never-shown";

    private record Text(String text) implements MessageContent {
        @Override
        public long size() {
            return text.length();
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    @DictionaryFile(resourcePath = "DeliveryReport.dict")
    @FuzzTest(maxDuration = "3s")
    void holdsTheHeaderAndNoMore(byte[] octets) throws Exception {
        String header = new String(octets, StandardCharsets.ISO_8859_1).replaceAll("[\r\u0000]", "")
                .replaceAll("\n+", "\n")
                .replaceFirst("^\n", "")
                .replaceFirst("(?<=[^\n])\\z", "\n")
                .replace("\n", "\r\n");
        for (boolean utf8 : new boolean[]{false, true}) {
            var message = new QueuedMessage(new ResourceKey("shop", "orders"), "01JABCDEFGHJKMNP", "a@b.example", utf8,
                    utf8, DsnRequest.NONE, Optional.empty(), Instant.EPOCH,
                    new Text(header + "\r\n" + SECRET + "\r\n"), List.of(), 0);
            var failure = new Entry(new QueuedRecipient(0, "x@y.example", RecipientDsnRequest.NONE, 0, false),
                    "mx.example.net", "5.1.1", Optional.empty(), header, Optional.empty());
            MessageContent bounce = new DeliveryReport("relay.test", () -> 0).compose(Kind.FAILED, message,
                    Optional.empty(),
                    List.of(failure),
                    Instant.EPOCH);
            try (InputStream in = bounce.open()) {
                byte[] composed = in.readAllBytes();
                String text = new String(composed, StandardCharsets.ISO_8859_1);
                assertThat(text.replace("\r\n", "")).doesNotContain("\r", "\n");
                var mail = new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(composed));
                var report = (MimeMultipart) mail.getContent();
                assertThat(report.getCount()).isEqualTo(3);
                assertThat(report.getContentType()).contains("report");
                try (InputStream part = report.getBodyPart(2).getInputStream()) {
                    String attached = new String(part.readAllBytes(), StandardCharsets.ISO_8859_1);
                    assertThat(attached).doesNotContain(header.contains(SECRET) ? "\u0000" : SECRET)
                            .startsWith(header.isEmpty() ? "" : header.substring(0, header.length() - 2));
                }
            }
        }
    }
}
