package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.QueuedMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which class of mail has the next turns of an organization. */
@Tag("delivery-world")
final class ClassOrderTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private static Backlog.Claimed mail(String id, Duration age) {
        String countedAs = switch (id.charAt(0)) {
            case 'r' -> "password-recovery";
            case 'a' -> "alerts";
            case 'n' -> "notifications";
            default -> "";
        };
        return new Backlog.Claimed(new QueuedMessage(TestRoutes.key("orders"), "", id, "", false,
                false, DsnRequest.NONE, Optional.empty(), Optional.empty(), NOW.minus(age),
                MessageContent.of(new byte[0]), List.of(), 0, Optional.of(countedAs), true), 0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            # came in this order, of the class that begins so | minutes ago | have their turns in this order
            n1 p2 n3                                          | 0           | n1 p2 n3
            n1 p2 a3 r4                                       | 0           | r4 a3 n1 p2
            n1 r2 r3 r4 r5 r6 r7                              | 0           | r2 r3 r4 r5 n1 r6 r7
            n1 n2 r3 r4 r5 r6 r7 r8 r9 r10                    | 0           | r3 r4 r5 r6 n1 r7 r8 r9 r10 n2
            n1 a2 r3 r4 r5 r6 r7 r8                           | 0           | r3 r4 r5 r6 a2 n1 r7 r8
            n1 n2 r3 r4 r5 r6                                 | 15          | r3 n1 r4 n2 r5 r6
            n1 a2 a3 a4 r5 r6 r7                              | 15          | r5 a2 n1 r6 a3 r7 a4
            """)
    void theNextTurns(String came, int minutes, String expected) {
        var order = new ClassOrder();
        for (String mail : came.split(" ", -1)) {
            order.add(mail(mail, Duration.ofMinutes(minutes)));
        }
        List<String> turns = new ArrayList<>();
        while (!order.isEmpty()) {
            turns.add(order.next(NOW).message().id());
        }
        assertThat(String.join(" ", turns)).isEqualTo(expected);
    }

    @Test
    void whatIsPutBackIsTheFirstOfItsClass() {
        var order = new ClassOrder();
        order.add(mail("n1", Duration.ZERO));
        order.add(mail("n2", Duration.ZERO));
        order.putBack(order.next(NOW));
        order.add(mail("a3", Duration.ZERO));
        assertThat(order.next(NOW).message().id()).isEqualTo("a3");
        assertThat(order.next(NOW).message().id()).isEqualTo("n1");
    }
}
