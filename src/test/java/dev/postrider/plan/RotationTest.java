package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.FormerPassword;
import dev.postrider.route.Sha256;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What becomes of a binding's password, whatever came about of what was ordered before. */
@Tag("organizations")
final class RotationTest {
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");
    private static final Duration DAY = Duration.ofHours(24);
    private static final Optional<String> ASKED = Optional.of("2027-01");

    @Test
    void withoutAWishNothingHappens() {
        assertThat(rotate(own("one"), Optional.empty(), true, DAY, NOW))
                .isEqualTo(new Rotation("one", Map.of(), java.util.List.of(), false, Optional.empty()));
        Rotation handled = rotate(new BindingLookup.Own("one", Map.of(Rotation.DONE, "2027-01")), ASKED, true, DAY,
                NOW);
        assertThat(handled.password()).isEqualTo("one");
        assertThat(handled.done()).isFalse();
        assertThat(handled.annotations()).isEqualTo(Map.of(Rotation.DONE, "2027-01"));
    }

    @Test
    void aFirstPasswordIsMadeForTheWishThatIsThere() {
        Rotation first = Rotation.first(ASKED, "one");
        assertThat(rotate(new BindingLookup.Own("one", first.annotations()), ASKED, true, DAY, NOW).done()).isFalse();
    }

    @Test
    void aWishThatCannotBeCarriedOutWaits() {
        Rotation waits = rotate(own("one"), ASKED, false, DAY, NOW);
        assertThat(waits.password()).isEqualTo("one");
        assertThat(waits.annotations()).isEmpty();
    }

    @Test
    void theFormerPasswordIsTakenUntilTheOverlapIsOver() {
        Rotation rotation = rotate(own("one"), ASKED, true, DAY, NOW);
        assertThat(rotation.password()).isEqualTo("new");
        assertThat(rotation.done()).isTrue();
        FormerPassword former = new FormerPassword(Sha256.of("one"), NOW.plus(DAY));
        assertThat(rotation.former()).containsExactly(former);
        assertThat(rotation.nextChange(DAY)).contains(NOW.plus(DAY));

        Rotation next = rotate(written(rotation), ASKED, true, DAY, NOW.plusSeconds(60));
        assertThat(next.done()).isFalse();
        assertThat(next.former()).containsExactly(former);
        assertThat(next.annotations()).as("nothing is written").isEqualTo(rotation.annotations());
        assertThat(next.formerUntil(DAY, NOW)).contains(NOW.plus(DAY));

        Rotation after = rotate(written(rotation), ASKED, true, DAY, NOW.plus(DAY));
        assertThat(after.former()).isEmpty();
        assertThat(after.annotations()).as("nothing is written").isEqualTo(rotation.annotations());
        assertThat(after.nextChange(DAY)).isEmpty();
        assertThat(after.at()).contains(NOW);
    }

    @Test
    void withoutAnOverlapTheFormerOneStaysGoodUntilTheSecretIsWrittenAndNoLonger() {
        Rotation rotation = rotate(own("one"), ASKED, true, Duration.ZERO, NOW);
        assertThat(rotation.former())
                .containsExactly(new FormerPassword(Sha256.of("one"), NOW.plus(Rotation.HANDOVER)));
        assertThat(rotation.nextChange(Duration.ZERO)).as("looked at again at once").contains(NOW);

        assertThat(rotate(written(rotation), ASKED, true, Duration.ZERO, NOW).former()).isEmpty();
    }

    /** The route was written, the Secret was not: what applications have must be good, and the wish still counts. */
    @Test
    void anOperatorThatDiedBetweenRouteAndSecretBeginsAnew() {
        Rotation died = rotate(own("one"), ASKED, true, DAY, NOW);
        assertThat(died.former()).extracting(FormerPassword::sha256).containsExactly(Sha256.of("one"));

        Rotation anew = rotate(own("one"), ASKED, true, DAY, NOW.plusSeconds(5));
        assertThat(anew.done()).isTrue();
        assertThat(anew.former()).extracting(FormerPassword::sha256).containsExactly(Sha256.of("one"));
    }

    /** Where the annotations are a file of their own, they are written first. */
    @Test
    void annotationsWithoutTheirPasswordAreARotationThatIsNotDone() {
        Rotation died = rotate(own("one"), ASKED, true, DAY, NOW);
        Rotation anew = rotate(new BindingLookup.Own("one", died.annotations()), ASKED, true, DAY, NOW.plusSeconds(5));
        assertThat(anew.done()).isTrue();
        assertThat(anew.former()).containsExactly(new FormerPassword(Sha256.of("one"), NOW.plusSeconds(5).plus(DAY)));
    }

    @Test
    void aSecondRotationLeavesThePromiseOfTheFirst() {
        Rotation first = rotate(own("one"), ASKED, true, DAY, NOW);
        Rotation second = rotate(written(first), Optional.of("again"), true, DAY, NOW.plusSeconds(3600));
        assertThat(second.former()).containsExactly(new FormerPassword(Sha256.of("one"), NOW.plus(DAY)),
                new FormerPassword(Sha256.of("new"), NOW.plusSeconds(3600).plus(DAY)));
        assertThat(second.annotations()).containsEntry(Rotation.DONE, "again");
    }

    @Test
    void aShorterOverlapHoldsForWhatWasReplacedBefore() {
        Rotation rotation = rotate(own("one"), ASKED, true, DAY, NOW);
        assertThat(rotate(written(rotation), ASKED, true, Duration.ofMinutes(1), NOW.plusSeconds(61)).former())
                .isEmpty();
    }

    @Test
    void annotationsThatSomebodyElseWroteHarmNobody() {
        Rotation rotation = rotate(new BindingLookup.Own("one", Map.of(Rotation.FORMER, "x,=,2027=1," + NOW + "=zz")),
                Optional.empty(), true, DAY, NOW);
        assertThat(rotation.password()).isEqualTo("one");
        assertThat(rotation.former()).isEmpty();
    }

    @Test
    void noMoreThanTenAreKept() {
        BindingLookup.Own own = own("one");
        for (int i = 0; i < 15; i++) {
            String next = "password " + i;
            own = written(Rotation.of(own, Optional.of("" + i), true, DAY, NOW.plusSeconds(i), () -> next));
        }
        assertThat(rotate(own, Optional.of("14"), true, DAY, NOW.plusSeconds(20)).former()).hasSize(10)
                .last()
                .isEqualTo(new FormerPassword(Sha256.of("password 13"), NOW.plusSeconds(14).plus(DAY)));
    }

    private static BindingLookup.Own own(String password) {
        return new BindingLookup.Own(password);
    }

    private static BindingLookup.Own written(Rotation rotation) {
        return new BindingLookup.Own(rotation.password(), rotation.annotations());
    }

    private static Rotation rotate(BindingLookup.Own own, Optional<String> request, boolean may, Duration overlap,
            Instant now) {
        return Rotation.of(own, request, may, overlap, now, () -> "new");
    }
}
