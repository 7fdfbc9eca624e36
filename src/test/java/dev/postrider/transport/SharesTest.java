package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each namespace gets of what is scarce, and who is next. */
@Tag("isolation")
final class SharesTest {

    private static int takeAll(Shares shares, String namespace, int limit) {
        int taken = 0;
        for (; shares.admits(namespace, 1, limit); taken++) {
            shares.take(namespace, 1);
        }
        return taken;
    }

    /** The first takes all that it may, then the second, then the third. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            # limit, first, second, third
            1, 1, 0, 0
            2, 1, 1, 0
            3, 2, 1, 0
            4, 3, 1, 0
            10, 7, 2, 1
            16, 12, 3, 1
            100, 75, 18, 5
            """)
    void somethingIsLeftForTheNext(int limit, int first, int second, int third) {
        Shares shares = new Shares();
        assertThat(takeAll(shares, "a", limit)).isEqualTo(first);
        assertThat(takeAll(shares, "b", limit)).isEqualTo(second);
        assertThat(takeAll(shares, "c", limit)).isEqualTo(third);
    }

    @Test
    void thoseWhoWantMuchComeToHaveAsMuch() {
        Shares shares = new Shares();
        takeAll(shares, "a", 10);
        for (int i = 0; i < 100; i++) {
            shares.giveBack("a", 1);
            takeAll(shares, "b", 10);
            takeAll(shares, "a", 10);
            shares.giveBack("b", 1);
            takeAll(shares, "a", 10);
            takeAll(shares, "b", 10);
        }
        assertThat(shares.of("a")).isBetween(3L, 6L);
        assertThat(shares.of("b")).isBetween(3L, 6L);
        assertThat(shares.all()).isLessThan(10);
    }

    @Test
    void whatIsGivenBackMayBeTakenAgain() {
        Shares shares = new Shares();
        takeAll(shares, "a", 4);
        shares.giveBack("a", 3);
        assertThat(shares.of("a")).isZero();
        assertThat(shares.all()).isZero();
        assertThat(takeAll(shares, "b", 4)).isEqualTo(3);
    }

    @Test
    void namespacesTakeTurnsHoweverMuchEachHas() {
        FairQueue<String> queue = new FairQueue<>();
        for (int i = 1; i <= 3; i++) {
            queue.add("evil", "evil-" + i);
        }
        queue.add("shop", "shop-1");
        queue.add("evil", "evil-1");
        assertThat(queue.poll()).contains("evil-1");
        assertThat(queue.poll()).contains("shop-1");
        queue.add("shop", "shop-2");
        assertThat(queue.poll("shop"::equals)).contains("shop-2");
        assertThat(queue.poll("shop"::equals)).isEmpty();
        assertThat(queue.size()).isEqualTo(2);
        queue.remove("evil", "evil-2");
        assertThat(queue.poll()).contains("evil-3");
        assertThat(queue.poll()).isEqualTo(Optional.empty());
        assertThat(queue.isEmpty()).isTrue();
    }
}
