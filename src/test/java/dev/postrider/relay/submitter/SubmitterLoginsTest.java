package dev.postrider.relay.submitter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.queue.ConnectionPermits;
import dev.postrider.relay.submitter.SubmitterLogins.Answer;
import dev.postrider.relay.submitter.SubmitterLogins.Later;
import dev.postrider.relay.submitter.SubmitterLogins.Right;
import dev.postrider.relay.submitter.SubmitterLogins.Wrong;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a server is asked about a login, and when it is not; by a clock that the test turns. */
@Tag("upstreams")
final class SubmitterLoginsTest {
    private static final ResourceKey ORDERS = new ResourceKey("shop", "orders");
    private static final String PASSWORD = "geheim-4711";
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start().login("alice", PASSWORD, "PLAIN");
    private final AtomicInteger free = new AtomicInteger(100);
    private final AtomicInteger askedForRoom = new AtomicInteger();
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private final SubmitterLogins logins = new SubmitterLogins(
            new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
            new Limited(), _ -> askedForRoom.incrementAndGet(), () -> now, PATIENCE);

    private final class Limited implements ConnectionPermits {
        @Override
        public Optional<Permit> tryTake(ResourceKey key, int limit) {
            return free.get() <= 0 ? Optional.empty() : Optional.of(new One());
        }

        @Override
        public int taken(ResourceKey key) {
            return 0;
        }

        @Override
        public void onWanted(Wanted wanted) {}
    }

    private final class One implements ConnectionPermits.Permit {
        One() {
            free.decrementAndGet();
        }

        @Override
        public boolean isHeld() {
            return true;
        }

        @Override
        public void close() {
            free.incrementAndGet();
        }
    }

    @AfterEach
    void stop() {
        logins.close();
        server.close();
    }

    private static ServerRoute route(String name, int port, Duration rememberFor) {
        var login = new Login.Submitter(List.of(), Optional.empty(), rememberFor, Optional.empty());
        var plain = new Endpoint.Smtp("127.0.0.1", port, Endpoint.Security.NONE, Optional.empty(),
                Duration.ofSeconds(5), Duration.ofSeconds(5), 4, Optional.of(login));
        return new ServerRoute(new ResourceKey("shop", name), false, true,
                new Endpoint.Smtp(plain.host(), plain.port(), plain.security(), plain.tls(), true, plain.proxy(),
                        plain.ehloName(), plain.connectTimeout(), plain.tlsTimeout(), plain.replyTimeout(),
                        plain.dataTimeout(), plain.maxConnections(), plain.login()));
    }

    private Answer check(String user, String password, ServerRoute... servers) {
        return logins.check(ORDERS,
                servers.length == 0 ? List.of(route("own", server.port(), Duration.ofMinutes(5))) : List.of(servers),
                new Credentials(user, password));
    }

    private long asked() {
        return server.commands().stream().filter(command -> command.startsWith("AUTH")).count();
    }

    @Test
    void aGoodLoginIsRememberedAsLongAsDeclared() {
        assertThat(check("alice", PASSWORD)).isEqualTo(new Right());
        now = now.plusSeconds(299);
        assertThat(check("alice", PASSWORD)).isEqualTo(new Right());
        assertThat(asked()).isEqualTo(1);
        now = now.plusSeconds(1);
        assertThat(check("alice", PASSWORD)).isEqualTo(new Right());
        assertThat(asked()).isEqualTo(2);

        ServerRoute always = route("own", server.port(), Duration.ZERO);
        assertThat(check("alice", PASSWORD, always)).isEqualTo(new Right());
        assertThat(check("alice", PASSWORD, always)).isEqualTo(new Right());
        assertThat(asked()).isEqualTo(4);
    }

    @Test
    void aLoginIsRememberedForItsServersUserAndPasswordOnly() {
        assertThat(check("alice", PASSWORD)).isEqualTo(new Right());
        assertThat(check("alice", PASSWORD + "x")).isEqualTo(new Wrong());
        assertThat(check("Alice", PASSWORD)).isEqualTo(new Wrong());
        assertThat(logins.check(new ResourceKey("shop", "other"),
                List.of(route("own", server.port(), Duration.ofMinutes(5))), new Credentials("alice", PASSWORD)))
                .isEqualTo(new Right());
        assertThat(asked()).isEqualTo(4);
    }

    @Test
    void guessingIsSlowAndKeepsNobodyOutWhoWasIn() {
        assertThat(check("alice", PASSWORD)).isEqualTo(new Right());
        now = now.plusSeconds(600);
        List<String> answers = new ArrayList<>();
        for (int guess = 0; guess < 8; guess++) {
            answers.add(check("alice", "guess " + guess).toString());
        }
        assertThat(answers).containsExactly("Wrong[]", "Wrong[]", "Wrong[]",
                "Later[why=too many failed logins, try again in 2 s]",
                "Later[why=too many failed logins, try again in 2 s]",
                "Later[why=too many failed logins, try again in 2 s]",
                "Later[why=too many failed logins, try again in 2 s]",
                "Later[why=too many failed logins, try again in 2 s]");
        assertThat(asked()).as("one login and three guesses").isEqualTo(4);

        assertThat(check("alice", PASSWORD)).as("known, though it has to be asked for again").isEqualTo(new Right());
        assertThat(asked()).isEqualTo(5);
    }

    @Tag("promises")
    @ParameterizedTest
    @CsvSource(textBlock = """
            535 5.7.8 Authentication credentials invalid, Wrong
            534 5.7.9 Application-specific password required, Wrong
            454 4.7.0 Temporary authentication failure, Later
            503 5.5.1 AUTH not available now, Later
            504 5.5.4 Unrecognized authentication type, Later
            538 5.7.11 Encryption required, Later
            550 5.7.30 Basic authentication is not supported, Later
            """)
    void onlyAReplyAboutTheCredentialsCallsThemWrong(String reply, String answer) {
        server.on("AUTH", reply);
        assertThat(check("alice", PASSWORD).getClass().getSimpleName()).isEqualTo(answer);
    }

    @Test
    void theWaitDoublesUpToFiveMinutes() {
        List<String> waits = new ArrayList<>();
        for (int guess = 0; guess < 14; guess++) {
            check("mallory", "guess");
            if (check("mallory", "guess") instanceof Later(String why)) {
                int seconds = Integer.parseInt(why.replaceAll("\\D", ""));
                waits.add(seconds + "s");
                now = now.plusSeconds(seconds);
            }
        }
        assertThat(waits).containsExactly("2s", "4s", "8s", "16s", "32s", "64s", "128s", "256s", "300s", "300s",
                "300s", "300s", "300s");
    }

    @Test
    void manyUsersOfOneOrganizationAreNotGuessedFasterThanOne() {
        int wrong = 0;
        for (int user = 0; user < 100; user++) {
            wrong += check("user-" + user, "password") instanceof Wrong ? 1 : 0;
        }
        assertThat(wrong).isEqualTo(20);
        assertThat(asked()).isEqualTo(20);
        now = now.plusSeconds(30);
        for (int user = 0; user < 100; user++) {
            wrong += check("user-" + user, "password") instanceof Wrong ? 1 : 0;
        }
        assertThat(wrong).as("one more every three seconds").isEqualTo(30);
    }

    @Test
    void atTheSameTimeIsNoWayAround() throws Exception {
        try (var sessions = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Answer>> guesses = new ArrayList<>();
            for (int guess = 0; guess < 30; guess++) {
                String password = "guess " + guess;
                guesses.add(() -> check("alice", password));
            }
            for (Future<Answer> answer : sessions.invokeAll(guesses)) {
                assertThat(answer.get()).isNotInstanceOf(Right.class);
            }
        }
        assertThat(asked()).isEqualTo(3);
    }

    @Test
    void aServerThatIsAwayIsNotAnAnswerAndTheNextIsAsked() {
        ScriptedSmtpServer gone = ScriptedSmtpServer.start();
        gone.close();
        ServerRoute away = route("away", gone.port(), Duration.ofMinutes(5));
        ServerRoute there = route("own", server.port(), Duration.ofMinutes(5));
        assertThat(check("alice", PASSWORD, away)).isEqualTo(
                new Later("the mail server cannot be asked about this login now, try again later"));
        assertThat(check("alice", PASSWORD, away, there)).isEqualTo(new Right());
        assertThat(check("alice", "wrong", away, there)).isEqualTo(new Wrong());
    }

    @Test
    void aServerThatHangsIsWaitedForOnceAndNotForLong() {
        server.on("AUTH", ScriptedSmtpServer.HANG);
        long start = System.nanoTime();
        assertThat(check("alice", PASSWORD)).isInstanceOf(Later.class);
        assertThat(check("alice", PASSWORD)).isInstanceOf(Later.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(PATIENCE, PATIENCE.multipliedBy(3));
        assertThat(asked()).as("it rests").isEqualTo(1);
    }

    @Test
    void aServerThatCannotCheckNowSaysNothingOfTheLogin() {
        server.on("AUTH", "454 4.7.0 the directory is down");
        for (int i = 0; i < 10; i++) {
            assertThat(check("alice", PASSWORD)).isInstanceOf(Later.class);
            now = now.plusSeconds(10);
        }
        assertThat(asked()).as("none counts as a failed login").isEqualTo(10);
    }

    @Test
    void theServersLimitOfConnectionsHolds() {
        free.set(0);
        assertThat(check("alice", PASSWORD)).isInstanceOf(Later.class);
        assertThat(askedForRoom.get()).isPositive();
        assertThat(server.connections()).isZero();
        free.set(1);
        assertThat(check("alice", PASSWORD)).isEqualTo(new Right());
        assertThat(free.get()).as("given back").isEqualTo(1);
    }

    @Test
    void whatWasRefusedAtADeliveryRestsUntilTheUserLogsInAnew() {
        var old = new Credentials("alice", "old");
        logins.refusedAtDelivery(ORDERS, old);
        assertThat(logins.restAtDelivery(ORDERS, old)).contains(Duration.ofMinutes(1));
        assertThat(logins.restAtDelivery(ORDERS, new Credentials("alice", "new"))).isEmpty();
        now = now.plusSeconds(60);
        assertThat(logins.restAtDelivery(ORDERS, old)).isEmpty();
    }
}
