package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CompactSetTest {
    /** Of 40 elements, so that few become many and few again. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void isAsAnyOtherSetWhateverIsAddedAndRemoved(int seed) {
        var random = new Random(seed);
        Set<Integer> expected = new HashSet<>();
        Set<Integer> set = new CompactSet<>();
        for (int i = 0; i < 2_000; i++) {
            int element = random.nextInt(40);
            // Rather added, then rather removed, so that it is full at times, and empty.
            boolean add = random.nextInt(10) < (i / 200 % 2 == 0 ? 8 : 2);
            boolean changed = add ? set.add(element) : set.remove(element);
            assertThat(changed).isEqualTo(add ? expected.add(element) : expected.remove(element));
            assertThat(set).isEqualTo(expected);
            assertThat(set.contains(element)).isEqualTo(add);
        }
        expected.addAll(Set.of(1, 2, 3, 4, 5, 6));
        set.addAll(Set.of(1, 2, 3, 4, 5, 6));
        assertThat(set.removeIf(each -> each % 2 == 0)).isEqualTo(expected.removeIf(each -> each % 2 == 0));
        assertThat(set).isEqualTo(expected);
    }
}
