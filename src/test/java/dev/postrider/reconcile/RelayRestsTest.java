package dev.postrider.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.MailRest;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What plans are told of servers and mail that rest, by what relays answer. */
@Tag("delivery-world")
final class RelayRestsTest {
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final ResourceKey ORGANIZATION = new ResourceKey("shop", "orders");
    private static final ResourceKey SERVER = new ResourceKey("shop", "own");

    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final RelayRests<ServerRest> rests = new RelayRests<>("server-rests", List::of, now::get);
    private final RelayRests<MailRest> mail = new RelayRests<>("mail-rests", List::of, now::get);
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
        assertThat(rests.of(SERVER)
                .stream()
                .flatMap(List::stream)
                .findFirst()
                .map(ServerRest::why)
                .orElse("takes mail")).isEqualTo(end);
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

    private MailRest mailRest(String word) {
        Optional<Instant> until = word.matches("\\d+")
                ? Optional.of(START.plusSeconds(Long.parseLong(word)))
                : Optional.empty();
        return new MailRest(ORGANIZATION, Optional.of(word.equals("other") ? "u2" : "u1"), Optional.of(SERVER), START,
                word.equals("held") ? MailRest.End.RELEASE : MailRest.End.TIME, until, Optional.empty(), word);
    }

    /** Two relays answer in turn: {@code held} of mail that waits for a person, a number of mail that waits so long. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # answers, each after 10 more seconds  | changes that wake plans | at the end
            held held held                         | 1                       | held
            900 903 900 903                        | 1                       | 900
            900 held 900 held                      | 2                       | held 900
            held 900 900 900 900 900               | 3                       | 900
            15 15 600                              | 2                       | 600
            15 15 15 15                            | 1                       | 15
            held - - - -                           | 2                       |
            """)
    void ofSeveralRestsTheOneThatAPersonMustEndComesFirst(String answers, int changed, String end) {
        int seconds = 0;
        for (String answer : answers.split(" ", -1)) {
            now.set(START.plusSeconds(seconds += 10));
            mail.take(answer.equals("-") ? List.of() : List.of(mailRest(answer)), changes::add);
        }
        assertThat(mail.of(ORGANIZATION).orElse(List.of()).stream().map(MailRest::why).collect(Collectors.joining(" ")))
                .isEqualTo(end == null ? "" : end);
        assertThat(changes).hasSize(changed);
    }

    /** A new process must not say that all is well before the relay has answered that knows better. */
    @Test
    void thatNothingRestsIsKnownOnceEveryRelayMayHaveAnswered() {
        assertThat(mail.of(ORGANIZATION)).isEmpty();
        for (int seconds = 0; seconds < 30; seconds += 5) {
            now.set(START.plusSeconds(seconds));
            mail.take(List.of(), changes::add);
            assertThat(mail.of(ORGANIZATION)).isEmpty();
        }
        assertThat(changes).isEmpty();
        now.set(START.plusSeconds(30));
        mail.take(List.of(), changes::add);
        assertThat(mail.of(ORGANIZATION)).contains(List.of());
        assertThat(changes).containsExactly(ORGANIZATION);
    }

    @Test
    void whatIsAFormerOwnersIsToldApart() {
        mail.take(List.of(mailRest("held"), mailRest("other")), changes::add);
        assertThat(mail.of(ORGANIZATION).orElseThrow()).extracting(MailRest::uid)
                .containsExactly(Optional.of("u1"), Optional.of("u2"));
    }

    @Test
    void whyIsBounded() {
        char[] much = new char[10_000];
        Arrays.fill(much, 'x');
        assertThat(new ServerRest(SERVER, START, new String(much)).why()).hasSize(400);
        assertThat(mailRest(new String(much)).why()).hasSize(400);
    }
}
