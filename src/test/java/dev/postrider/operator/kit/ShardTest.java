package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShardTest {
    private static final List<String> NAMESPACES = IntStream.range(0, 10_000).mapToObj(i -> "customer-" + i).toList();
    /** By number of shards, from 1: which one holds each of the namespaces. */
    private static final List<int[]> HELD = IntStream.rangeClosed(1, Shard.MOST)
            .mapToObj(count -> NAMESPACES.stream().mapToInt(name -> Shard.of(name, count)).toArray())
            .toList();

    /** Computed by another program, from the article. Another answer moves namespaces of installations that are there. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            namespace        | of 1 | of 2 | of 3 | of 4 | of 16
            default          | 0    | 1    | 2    | 2    | 12
            postrider-system | 0    | 0    | 0    | 0    | 0
            acme             | 0    | 1    | 1    | 1    | 10
            globex           | 0    | 0    | 0    | 0    | 6
            initech          | 0    | 0    | 0    | 0    | 7
            umbrella         | 0    | 0    | 0    | 0    | 9
            tenant-1         | 0    | 1    | 2    | 3    | 13
            tenant-2         | 0    | 1    | 1    | 1    | 9
            tenant-3         | 0    | 0    | 0    | 0    | 13
            team-a           | 0    | 1    | 1    | 1    | 1
            orders           | 0    | 1    | 1    | 1    | 1
            x                | 0    | 1    | 1    | 1    | 9
            """, useHeadersInDisplayName = true)
    void aNamespaceHasItsShard(String namespace, int of1, int of2, int of3, int of4, int of16) {
        assertThat(IntStream.of(1, 2, 3, 4, 16).map(count -> Shard.of(namespace, count)))
                .containsExactly(of1, of2, of3, of4, of16);
    }

    @Test
    void eachShardHasItsPart() {
        for (int count = 1; count <= Shard.MOST; count++) {
            for (int index = 0; index < count; index++) {
                int shard = index;
                assertThat(IntStream.of(held(count)).filter(each -> each == shard).count())
                        .as("%d of %d", index, count)
                        .isCloseTo(NAMESPACES.size() / count, Percentage.withPercentage(count <= 4 ? 3 : 12));
            }
        }
    }

    @Test
    void eachNamespaceIsOfOneShard() {
        for (String name : NAMESPACES.subList(0, 100)) {
            assertThat(IntStream.range(0, 7).filter(index -> new Shard(index, 7).holds(name))).as(name)
                    .containsExactly(Shard.of(name, 7));
        }
    }

    @Test
    void oneMoreShardTakesItsPartAndMovesNothingElse() {
        for (int count = 1; count < Shard.MOST; count++) {
            int[] before = held(count);
            int[] after = held(count + 1);
            int[] movedTo = IntStream.range(0, before.length)
                    .filter(i -> before[i] != after[i])
                    .map(i -> after[i])
                    .toArray();
            assertThat(movedTo).containsOnly(count);
            assertThat(movedTo.length).isCloseTo(NAMESPACES.size() / (count + 1), Percentage.withPercentage(12));
        }
    }

    @Test
    void twoOfDifferentNumbersMayShareNamespacesJustWhereTheyDo() {
        for (int count = 1; count <= Shard.MOST; count++) {
            for (int otherCount = 1; otherCount <= Shard.MOST; otherCount++) {
                boolean[][] share = new boolean[count][otherCount];
                for (int i = 0; i < NAMESPACES.size(); i++) {
                    share[held(count)[i]][held(otherCount)[i]] = true;
                }
                for (int index = 0; index < count; index++) {
                    for (int otherIndex = 0; otherIndex < otherCount; otherIndex++) {
                        // One lease has one holder.
                        if (index != otherIndex) {
                            var shard = new Shard(index, count);
                            var other = new Shard(otherIndex, otherCount);
                            assertThat(shard.mayShareWith(other)).as("%s with %s", shard, other)
                                    .isEqualTo(share[index][otherIndex]);
                        }
                    }
                }
            }
        }
    }

    private static int[] held(int count) {
        return HELD.get(count - 1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lease                 | leaseTransitions | postrider.dev/shards    | is             | of an earlier version
            postrider-operator    |                  |                         | shard 0 of 1   | true
            postrider-operator    | 0                | 3 at transition 0       | shard 0 of 3   | false
            postrider-operator    | 7                | 3 at transition 7       | shard 0 of 3   | false
            postrider-operator    |                  | 3 at transition 0       | shard 0 of 3   | false
            postrider-operator    | 8                | 3 at transition 7       | shard 0 of 1   | true
            postrider-operator    | 8                | many at transition 7    | shard 0 of 1   | true
            postrider-operator-2  | 1                | 3 at transition 1       | shard 2 of 3   | false
            postrider-operator-15 | 1                | 16 at transition 1      | shard 15 of 16 | false
            postrider-operator-3  | 1                | 3 at transition 1       |                | false
            postrider-operator-1  | 1                |                         |                | true
            postrider-operator    | 1                | 17 at transition 1      |                | false
            postrider-operator    | 1                | 0 at transition 1       |                | false
            postrider-operator    | 1                | many at transition 1    |                | false
            postrider-operator    | 1                | 3                       |                | false
            postrider-operator    | 1                | 3 at transition one     |                | false
            postrider-operator-01 | 1                | 3 at transition 1       |                | false
            postrider-relay       | 1                | 3 at transition 1       |                | false
            """, useHeadersInDisplayName = true)
    void aLeaseTellsWhoseItIs(String name, Integer transitions, String annotation, String is,
            boolean ofEarlierVersion) {
        Lease lease = new LeaseBuilder().withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withLeaseTransitions(transitions)
                .endSpec()
                .build();
        if (annotation != null) {
            lease.getMetadata().getAnnotations().put("postrider.dev/shards", annotation);
        }
        Optional<Shard> shard = Shard.of(lease);
        assertThat(shard.map(Shard::toString)).isEqualTo(Optional.ofNullable(is));
        assertThat(shard.map(Shard::lease)).isEqualTo(shard.map(_ -> name));
        assertThat(Shard.isOfEarlierVersion(lease)).isEqualTo(ofEarlierVersion);
        assertThat(Shard.isLease(lease)).isEqualTo(name.matches("postrider-operator(-[1-9][0-9]*)?"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            index | count | message
            0     | 0     | 0 shards are not possible: use a number from 1 to 16
            0     | 17    | 17 shards are not possible: use a number from 1 to 16
            3     | 3     | there is no shard 3 of 3: use a number from 0 to 2
            -1    | 3     | there is no shard -1 of 3: use a number from 0 to 2
            """, useHeadersInDisplayName = true)
    void thereIsNoSuchShard(int index, int count, String message) {
        assertThatThrownBy(() -> new Shard(index, count)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
