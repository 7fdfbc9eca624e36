package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What plans are told of servers that rest, by what relays answer. */
@Tag("delivery-world")
final class ServerRestsTest {
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final ResourceKey SERVER = new ResourceKey("shop", "own");

    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final ServerRests rests = new ServerRests(List::of, now::get);
    private final List<ResourceKey> changes = new ArrayList<>();

    private void answer(int seconds, String why) {
        Instant time = START.plusSeconds(seconds);
        now.set(time);
        rests.take(why.equals("-") ? List.of() : List.of(new ServerRest(SERVER, time, why)), changes::add);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # answers, each after 10 more seconds    | changes that wake plans | at the end
            -                                        | 0                       | takes mail
            busy                                     | 1                       | busy
            busy refused                             | 1                       | busy
            busy - -                                 | 1                       | busy
            busy - busy - busy - busy - busy -       | 1                       | busy
            busy - - - -                             | 2                       | takes mail
            busy - - - - busy                        | 3                       | busy
            """)
    void aRestHoldsForAWhile(String answers, int changed, String end) {
        int seconds = 0;
        for (String answer : answers.split(" ", -1)) {
            answer(seconds += 10, answer);
        }
        assertThat(rests.of(SERVER).map(ServerRest::why).orElse("takes mail")).isEqualTo(end);
        assertThat(changes).hasSize(changed);
    }

    /** One that flaps for an hour, as seen every five seconds, costs few writes. */
    @Test
    void aServerThatFlapsChangesStatusesSeldom() {
        for (int seconds = 0; seconds < 3600; seconds += 5) {
            answer(seconds, seconds / 5 % 5 == 0 ? "busy" : "-");
        }
        assertThat(changes).hasSize(1);
    }

    @Test
    void whyIsBounded() {
        char[] much = new char[10_000];
        Arrays.fill(much, 'x');
        assertThat(new ServerRest(SERVER, START, new String(much)).why()).hasSize(200);
    }
}
