package dev.postrider.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.bench.Figure.Better;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** The lines that {@code bench/relay.sh} ends with. */
final class FiguresTest {
    private static final Figure RATE = new Figure("plain", Better.HIGHER, OptionalDouble.of(5), OptionalDouble.of(4));
    private static final Figure TIME = Figure.of("start", Better.LOWER, 0.4);
    private static final Figure ALONE = Figure.of("warm", Better.NEITHER, 0.8);
    private static final Figure LOST = Figure.of("lost", Better.TOTAL);

    private final Figures figures = new Figures();

    @Test
    void ratiosAreToTheBetterPostfixAndOfTheMedianRound() {
        for (double rate : new double[]{900, 1500, 1200}) {
            figures.add(RATE, Figures.POSTRIDER, rate);
        }
        figures.add(RATE, Figures.POSTRIDER_ON_POSTGRES, 600);
        figures.add(RATE, Figures.POSTFIX, 200);
        figures.add(RATE, Figures.POSTFIX + ", more of all", 400);
        figures.add(RATE, Figures.LIMIT, 8000);
        figures.add(TIME, Figures.POSTRIDER, 500);
        figures.add(TIME, Figures.POSTFIX, 2000);
        figures.add(TIME, Figures.POSTFIX + ", more of all", 1000);
        figures.add(ALONE, Figures.POSTRIDER, 0.5);
        assertThat(figures.lines()).containsExactly(
                "plain: 3.00 (goal 5)",
                "PostgreSQL, plain: 1.50 (goal 4)",
                "limit (client to sink), plain: 20.00",
                "start: 0.50 (goal 0.4)",
                "warm: 0.50 (goal 0.8)");
    }

    @Test
    void whatWasLostInOneRoundShows() {
        for (double lost : new double[]{0, 3, 0}) {
            figures.add(LOST, Figures.POSTRIDER, lost);
        }
        assertThat(figures.lines()).containsExactly("lost: 3.00");
    }

    @Test
    void withoutPostfixThereIsNoRatio() {
        figures.add(RATE, Figures.POSTRIDER, 900);
        assertThat(figures.lines()).isEmpty();
    }
}
