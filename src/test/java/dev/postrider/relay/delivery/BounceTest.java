package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.DsnRequest;
import dev.postrider.transport.MessageContent;
import dev.postrider.transport.Reply;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class BounceTest {
    private record Text(String text) implements MessageContent {
        @Override
        public long size() {
            return text.length();
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String compose(boolean utf8, String sender, String recipient, String original) throws Exception {
        var message = new QueuedMessage(new ResourceKey("shop", "orders"), "01JABCDEFGHJKMNP", sender, utf8, utf8,
                DsnRequest.NONE,
                Optional.empty(),
                Instant.parse("2026-03-01T11:59:00Z"), new Text(original), List.of(), 0);
        var failure = new Bounce.Failure(recipient, "mx.example.net", "5.1.1",
                Optional.of(new Reply(550, Optional.of("5.1.1"), "550 5.1.1 no such user")), "550 5.1.1 no such user");
        MessageContent bounce = new Bounce("relay.test").compose(message, List.of(failure),
                Instant.parse("2026-03-01T12:00:00Z"));
        try (InputStream in = bounce.open()) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(text.replace("\r\n", "")).doesNotContain("\n").doesNotContain("\r");
            assertThat(bounce.size()).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
            return text.replace("\r\n", "\n").replaceAll("----=_Part_[0-9_.]+", "BOUNDARY");
        }
    }

    @Test
    void reportsWhatRfc3464Asks() throws Exception {
        String bounce = compose(false, "a@b.example", "x@y.example",
                "Subject: it\r\nDate: today\r\n\r\nsecret text\r\n");
        try (InputStream golden = BounceTest.class.getResourceAsStream("bounce.eml")) {
            assertThat(golden).isNotNull();
            assertThat(bounce).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void reportsInternationalMailAsRfc6533Asks() throws Exception {
        assertThat(compose(true, "jürgen@köln.example", "zoë@y.example", "Subject: Grüße\r\n\r\n"))
                .contains("To: <jürgen@köln.example>", "Final-Recipient: utf-8; zoë@y.example",
                        "message/global-delivery-status", "message/global-headers");
    }
}
