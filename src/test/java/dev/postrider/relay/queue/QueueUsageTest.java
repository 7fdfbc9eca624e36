package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.ResourceKey;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How much of a volume namespaces and organizations get. */
@Tag("isolation")
final class QueueUsageTest {
    private static final long MEBI = 1 << 20;
    private static final QueueLimits LIMITS = new QueueLimits(new Usage(2_000_000, 50L << 30),
            new Usage(500_000, 10L << 30));

    /** One message of so many octets that with its rows it takes a MiB. */
    private static final Held ONE = Held.queued(1, MEBI - 1024 - 512, 1);

    private static int fill(QueueUsage usage, ResourceKey organization) {
        for (int count = 0;; count++) {
            try {
                usage.reserve(organization, ONE, Held.NOTHING);
            } catch (QueueException e) {
                return count;
            }
        }
    }

    private static Map<String, Integer> namespaces(String text) {
        return Arrays.stream(text.split(" ")).collect(Collectors.toMap(name -> name, _ -> 1));
    }

    /** One after the other takes all that it gets, of 800 MiB: no order gives anybody less than an equal part of half. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            a               ; a           ; 400
            a b             ; a b         ; 200 200
            a b c d         ; a b c d     ; 200 200 200 150
            a b c d         ; d c b a     ; 200 200 200 150
            a b c d e f g v ; a b c d e f g v ; 200 175 112 81 66 58 54 52
            a               ; a b         ; 400 400
            """)
    void isSharedByNamespaces(String known, String order, String expected) {
        var usage = new QueueUsage(LIMITS);
        usage.measured(OptionalLong.of(800 * MEBI), namespaces(known));
        String got = Arrays.stream(order.split(" ")).map(name -> {
            int count = fill(usage, new ResourceKey(name, "o"));
            // It is measured again when somebody new has mail.
            usage.measured(OptionalLong.of(800 * MEBI - usage.taken()), namespaces(known));
            return Integer.toString(count);
        }).collect(Collectors.joining(" "));
        assertThat(got).isEqualTo(expected);
        assertThat(usage.taken()).isLessThanOrEqualTo(usage.room());
    }

    @Test
    void isSharedByTheOrganizationsOfANamespace() {
        var usage = new QueueUsage(LIMITS);
        var known = new HashMap<>(namespaces("a b c d"));
        known.put("a", 10);
        usage.measured(OptionalLong.of(800 * MEBI), known);
        assertThat(fill(usage, new ResourceKey("a", "one"))).isEqualTo(100);
        assertThat(fill(usage, new ResourceKey("a", "two"))).isEqualTo(50);
        assertThat(fill(usage, new ResourceKey("a", "three"))).isEqualTo(25);
        assertThat(fill(usage, new ResourceKey("b", "one"))).isEqualTo(200);
    }

    @Test
    void isSmallerWhenSomethingElseFillsTheVolume() throws Exception {
        var usage = new QueueUsage(LIMITS);
        usage.measured(OptionalLong.of(800 * MEBI), namespaces("a b c d"));
        assertThat(fill(usage, new ResourceKey("a", "o"))).isEqualTo(200);
        usage.measured(OptionalLong.of(200 * MEBI), namespaces("a b c d"));
        assertThat(usage.room()).isEqualTo(400 * MEBI);
        assertThat(fill(usage, new ResourceKey("b", "o"))).isEqualTo(75);
        assertThat(fill(usage, new ResourceKey("a", "o"))).isZero();
        usage.measured(OptionalLong.of(-MEBI), namespaces("a b c d"));
        assertThat(fill(usage, new ResourceKey("c", "o"))).isZero();
        usage.remove(new ResourceKey("a", "o"), Held.queued(200, 200 * ONE.octets(), 200));
        usage.measured(OptionalLong.of(200 * MEBI - MEBI), namespaces("a b c d"));
        assertThat(fill(usage, new ResourceKey("c", "o"))).isPositive();
    }

    @Test
    void isAtMostTheConfiguredLimit() {
        var usage = new QueueUsage(new QueueLimits(new Usage(100, 400 * MEBI), new Usage(500, 30 * MEBI)));
        usage.measured(OptionalLong.of(800 * MEBI), namespaces("a b c d"));
        assertThat(usage.room()).isEqualTo(400 * MEBI);
        // A quarter of the 100 messages.
        assertThat(fill(usage, new ResourceKey("a", "o"))).isEqualTo(25);
    }

    /** What is kept for messages that are coming in is not on the disk yet, and makes no room by that. */
    @Test
    void isNoLargerForWhatIsOnlyAnnounced() throws Exception {
        var usage = new QueueUsage(LIMITS);
        usage.measured(OptionalLong.of(800 * MEBI), namespaces("a b c d"));
        usage.reserve(new ResourceKey("a", "o"), Held.coming(200 * MEBI, 0), Held.NOTHING);
        usage.measured(OptionalLong.of(800 * MEBI), namespaces("a b c d"));
        assertThat(usage.room()).isEqualTo(800 * MEBI);
        usage.add(new ResourceKey("a", "o"), Held.coming(0, 150 * MEBI));
        usage.measured(OptionalLong.of(650 * MEBI), namespaces("a b c d"));
        assertThat(usage.room()).isEqualTo(800 * MEBI);
        assertThat(fill(usage, new ResourceKey("a", "o"))).isZero();
        assertThat(fill(usage, new ResourceKey("b", "o"))).isEqualTo(200);
    }

    @Test
    void countsRowsOfRecipients() throws Exception {
        var usage = new QueueUsage(LIMITS);
        usage.measured(OptionalLong.of(800 * MEBI), namespaces("a b c d"));
        int count = 0;
        try {
            while (true) {
                usage.reserve(new ResourceKey("a", "o"), Held.queued(1, 100, 1000), Held.NOTHING);
                count++;
            }
        } catch (QueueException.OverLimit e) {
            assertThat(e).hasMessage("the queued mail of namespace a fills its share of the queue (200 MiB)");
        }
        assertThat(count).isBetween(400, 410);
    }
}
