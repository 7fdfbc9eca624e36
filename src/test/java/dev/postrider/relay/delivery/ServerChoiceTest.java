package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Preference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers with a priority, a weight and a state, and which get the next messages. */
@Tag("delivery-world")
final class ServerChoiceTest {
    private static final int LIMIT = 10;

    /** As in a table: {@code name priority/weight state}, where no state means that it takes mail and has room. */
    private record Server(String name, Preference preference, String state) {
        static Server parse(String text) {
            String[] words = text.strip().split("[ /]", -1);
            return new Server(words[0], new Preference(Integer.parseInt(words[1]), Integer.parseInt(words[2])),
                    words.length > 3 ? words[3] : "");
        }
    }

    private static final class Played implements ServerChoice.Moment<Server> {
        private final Map<Server, Integer> underWay = new LinkedHashMap<>();
        private final List<String> probed = new ArrayList<>();

        @Override
        public boolean takesMail(Server server) {
            return server.state.isEmpty() || server.state.equals("full");
        }

        @Override
        public boolean hasRoom(Server server) {
            return switch (server.state) {
                case "" -> underWay.getOrDefault(server, 0) < LIMIT;
                case "proves" -> !probed.contains(server.name);
                case "full", "rests" -> false;
                default -> throw new IllegalArgumentException(server.state);
            };
        }

        @Override
        public int limit(Server server) {
            return LIMIT;
        }

        @Override
        public boolean isBetter(Server server, Server other) {
            return underWay.getOrDefault(server, 0) < underWay.getOrDefault(other, 0);
        }
    }

    private static List<Server> servers(String table) {
        return Arrays.stream(table.split(",", -1)).map(Server::parse).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # servers                                                | where the next six go, one after the other
            a 0/1                                                    | a a a a a a
            b 10/1, a 0/1                                            | a a a a a a
            a 0/1 rests, b 10/1                                      | b b b b b b
            a 0/1 full, b 10/1                                       | - - - - - -
            a 0/1 proves, b 10/1                                     | a b b b b b
            a 0/1 proves, b 10/1 rests                               | a - - - - -
            a 0/1 rests, b 0/1, c 10/1                               | b b b b b b
            a 0/1 rests, b 0/1 rests, c 10/1, d 20/1                 | c c c c c c
            a 0/1 rests, b 10/1 rests, c 20/1                        | c c c c c c
            a 0/1 rests, b 10/1 full, c 20/1                         | - - - - - -
            a 0/1 rests, b 10/1 rests                                | - - - - - -
            a 0/2, b 0/1                                             | a b a a b a
            a 0/3, b 0/1                                             | a a b a a a
            a 0/3 rests, b 0/1                                       | b b b b b b
            a 0/3, b 0/1 full                                        | a a a a a a
            a 0/3, b 0/1, c 10/5                                     | a a b a a a
            a 65535/65535, b 65535/65535 rests                       | a a a a a a
            """)
    void theNextOnesGo(String table, String expected) {
        var now = new Played();
        var choice = new ServerChoice<>(servers(table), Server::preference);
        String order = "";
        for (int i = 0; i < 6; i++) {
            Optional<Server> next = choice.take(_ -> true, now);
            next.filter(server -> server.state.equals("proves")).ifPresent(server -> now.probed.add(server.name));
            // The one that proves itself is still at it.
            next.filter(server -> !server.state.equals("proves")).ifPresent(choice::over);
            order += " " + next.map(Server::name).orElse("-");
        }
        assertThat(order.strip()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # servers                     | of 100 at once that stay under way
            a 0/1, b 0/1                  | a=10 b=10
            a 0/3, b 0/1                  | a=10 b=3
            a 0/3, b 0/2, c 0/1           | a=10 b=7 c=3
            a 0/65535, b 0/1              | a=10 b=1
            a 0/3 rests, b 0/1            | b=10
            a 0/3 full, b 0/1             | b=3
            a 0/3, b 0/1, c 10/1          | a=10 b=3
            a 0/1 rests, b 10/3, c 10/1   | b=10 c=3
            """)
    void aRushIsSharedByWeight(String table, String expected) {
        var now = new Played();
        var choice = new ServerChoice<>(servers(table), Server::preference);
        for (int i = 0; i < 100; i++) {
            choice.take(_ -> true, now).ifPresent(server -> now.underWay.merge(server, 1, Integer::sum));
        }
        assertThat(new TreeMap<>(now.underWay.entrySet()
                .stream()
                .collect(Collectors.toMap(entry -> entry.getKey().name, Map.Entry::getValue)))
                .entrySet()
                .stream()
                .map(Object::toString)
                .collect(Collectors.joining(" "))).isEqualTo(expected);
    }

    /** A message that failed there does not wait until the server rests. */
    @Test
    void whatWasTriedAtAllOfAPriorityGoesToTheNext() {
        List<Server> servers = servers("a 0/1, b 0/1, c 10/1");
        var choice = new ServerChoice<>(servers, Server::preference);
        assertThat(choice.take(server -> !server.name.equals("a"), new Played())).map(Server::name).hasValue("b");
        assertThat(choice.take(server -> server.name.equals("c"), new Played())).map(Server::name).hasValue("c");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # servers                          | woken for
            a 0/1, b 10/1                      | a
            a 0/1 full, b 10/1                 | a
            a 0/1 rests, b 10/1                | a b
            a 0/1 proves, b 10/1, c 20/1       | a b
            """)
    void whoWaitsIsWokenOnlyForServersThatItMayUse(String table, String expected) {
        List<Server> servers = servers(table);
        var choice = new ServerChoice<>(servers, Server::preference);
        assertThat(servers.stream().filter(server -> choice.mayTake(server, new Played())).map(Server::name))
                .containsExactly(expected.split(" ", -1));
    }
}
