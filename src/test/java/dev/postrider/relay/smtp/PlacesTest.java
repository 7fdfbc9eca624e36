package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.smtp.SmtpLimits.Sessions;
import dev.postrider.relay.smtp.SubmissionPolicy.Admitted;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets a place, and who has to give up one. */
@Tag("isolation")
final class PlacesTest {
    private final Map<String, Session> sessions = new HashMap<>();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private static final class Session implements Places.Occupant {
        private final Places.Place place;
        private final boolean waits;
        private String state = "open";

        Session(Places.Place place, boolean waits) {
            this.place = place;
            this.waits = waits;
            assertThat(place.occupy(this)).isTrue();
        }

        @Override
        public boolean isWaiting() {
            return waits;
        }

        @Override
        public void makeRoom(String reply, boolean atOnce) {
            state = "ended";
        }
    }

    /**
     * What happens, one word each: {@code name@address} connects, {@code name!organization.namespace} logs in,
     * {@code name?} is within a mail, {@code -name} goes. There are places for four sessions without a login and four
     * with one, of those two of an organization and three of a namespace.
     */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            a@10.0.0.1 b@10.0.0.1 c@10.0.0.1 d@10.0.0.2 v@10.0.0.3                  ; a=ended b=open c=open d=open v=open
            a@10.0.0.1 b@10.0.0.1 c@10.0.0.1 d@10.0.0.1 v@10.0.0.1                  ; a=ended b=open c=open d=open v=open
            a@10.0.0.1 b@10.0.0.2 c@10.0.0.3 d@10.0.0.4 v@10.0.0.5                  ; a=ended b=open c=open d=open v=open
            a@10.0.0.1 b@10.0.0.2 c@10.0.0.2 d@10.0.0.1 -a v@10.0.0.3 w@10.0.0.3    ; b=ended c=open d=open v=open w=open
            a@fd00::1:1 b@fd00::2:1 c@fd00:0:0:1::1 d@fd00:0:0:2::1 v@10.0.0.3      ; a=ended b=open c=open d=open v=open
            a@10.0.0.1 a!o.n b@10.0.0.1 b!o.n c@10.0.0.1 c!o.n                      ; a=open b=open c=organization
            a@10.0.0.1 a!o.n b@10.0.0.1 b!p.n c@10.0.0.1 c!q.n d@10.0.0.1 d!r.n     ; a=open b=open c=open d=namespace
            a@10.0.0.1 a!o.n b@10.0.0.1 b!p.n c@10.0.0.1 c!o.m d@10.0.0.1 d!p.m e@10.0.0.1 e!o.m v@10.0.0.1 v!o.v ; \
            a=ended b=open c=open d=open e=sessions v=open
            a?@10.0.0.1 a!o.n b@10.0.0.1 b!p.n c@10.0.0.1 c!q.n d@10.0.0.1 d!p.m v@10.0.0.1 v!o.v ; \
            a=open b=ended c=open d=open v=open
            a?@10.0.0.1 a!o.n b?@10.0.0.1 b!p.n c?@10.0.0.1 c!q.n d@10.0.0.1 d!p.m v@10.0.0.1 v!o.v ; \
            a=open b=open c=open d=open v=sessions
            a@10.0.0.1 a!o.n b@10.0.0.1 b!o.n -a c@10.0.0.1 c!o.n                   ; b=open c=open
            a@10.0.0.1 a!o.n b@10.0.0.1 c@10.0.0.1 d@10.0.0.1 e@10.0.0.1 f@10.0.0.1 ; a=open b=ended c=open d=open e=open f=open
            """)
    void isDecidedByHowManyEachHas(String events, String expected) throws IOException {
        var places = new Places(new Sessions(4, 4, 2, 3), true, meters);
        for (String event : events.split(" ", -1)) {
            if (event.startsWith("-")) {
                Objects.requireNonNull(sessions.remove(event.substring(1))).place.close();
            } else if (event.contains("@")) {
                String name = event.substring(0, 1);
                var entry = places.enter(InetAddress.ofLiteral(event.substring(event.indexOf('@') + 1)));
                sessions.put(name, new Session((Places.Place) entry, !event.contains("?")));
            } else {
                Session session = Objects.requireNonNull(sessions.get(event.substring(0, 1)));
                String account = event.substring(2);
                session.place.logIn(account, new Admitted(account, account.substring(2), Optional.empty()))
                        .ifPresent(why -> session.state = why.replaceAll(".*too many sessions of this ([a-z]+) .*|.*too"
                                + " many (sessions) are open.*", "$1$2"));
            }
        }
        List<String> found = new ArrayList<>();
        new TreeMap<>(sessions).forEach((name, session) -> found.add(name + "=" + session.state));
        assertThat(String.join(" ", found)).isEqualTo(expected);
    }

    @Test
    void areCountedUntilSessionsHaveReallyEnded() throws IOException {
        var places = new Places(new Sessions(1, 1, 1, 1), true, meters);
        var client = InetAddress.ofLiteral("10.0.0.1");
        List<Places.Entry> entries = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            entries.add(places.enter(client));
        }
        assertThat(entries.subList(0, 3)).allMatch(Places.Place.class::isInstance);
        assertThat(entries.getLast())
                .isEqualTo(new Places.Full("421 4.3.2 too many sessions are open, try again later"));
        ((Places.Place) entries.getFirst()).close();
        assertThat(places.enter(client)).isInstanceOf(Places.Place.class);
        assertThat(meters.get("postrider.sessions.displaced").tag("logged_in", "false").counter().count()).isEqualTo(3);
        assertThat(meters.get("postrider.sessions.anonymous").gauge().value()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.1, 10.0.0.1, 10.0.0.2", "2001:db8::1, 2001:db8::2, 2001:db8:0:1::1"})
    void forHandshakesAreGivenToAddressesInTurn(String one, String ofTheSame, String ofAnother) throws Exception {
        var handshakes = new Handshakes(1, meters);
        var first = InetAddress.ofLiteral(one);
        var neighbour = InetAddress.ofLiteral(ofTheSame);
        var second = InetAddress.ofLiteral(ofAnother);
        long until = System.nanoTime() + 60_000_000_000L;
        handshakes.begin(first, until);
        List<InetAddress> order = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (InetAddress client : List.of(first, neighbour, second)) {
            int before = handshakes.countWaiting();
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    handshakes.begin(client, until);
                    order.add(client);
                    handshakes.end();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }));
            await().until(() -> handshakes.countWaiting() == before + 1);
        }
        Thread late = Thread.ofVirtual().start(() -> {
            try {
                handshakes.begin(second, until);
                order.add(second);
            } catch (IOException e) {
                // It was interrupted.
            }
        });
        await().until(() -> handshakes.countWaiting() == 4);
        late.interrupt();
        late.join();
        handshakes.end();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(order).containsExactly(first, second, neighbour);
    }
}
