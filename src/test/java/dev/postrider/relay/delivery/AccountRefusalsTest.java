package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.TestSettings;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueView;
import dev.postrider.relay.queue.QueueView.Change;
import dev.postrider.relay.queue.QueueView.Entry;
import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.QueueView.Recipient;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ReplyRule;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ReplyRule;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import dev.postrider.testing.PostgresServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server says of the account, or of how it is used, against servers that say it. */
@Tag("delivery-world")
final class AccountRefusalsTest {
    /** Noon in California. */
    private static final Instant START = Instant.parse("2026-03-02T20:00:00Z");
    private static final String DAILY = "550 5.4.5 Daily user sending limit exceeded. Learn more at example.com";
    private static final String CROWDED = "421 4.7.0 Too many concurrent SMTP connections; please try again later.";
    private static final ResourceKey ORDERS = new ResourceKey("shop", "orders");

    private static final ReplyRule HOLD = new ReplyRule(List.of(), Optional.empty(), List.of(), List.of(550),
            List.of("5.1.8"), Optional.empty(), Optional.of("AccountSuspended"), Optional.of("HoldOrganization"),
            Optional.empty(), Optional.empty(), Optional.empty());

    @TempDir
    Path directory;

    private volatile Instant now = START;
    private volatile DeliverySettings settings = DeliverySettings.of("relay.test");
    private final ScriptedSmtpServer first = ScriptedSmtpServer.start();
    private final ScriptedSmtpServer second = ScriptedSmtpServer.start();
    private final Routes routes = new Routes();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private SqlQueue queue;
    private Delivery delivery;

    @BeforeEach
    void start() throws Exception {
        queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> now);
        routes.put(TestRoutes.relay());
        routes.markComplete();
        delivery = delivery(queue);
        delivery.start();
    }

    private Delivery delivery(SqlQueue some) {
        return new Delivery(some, routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
                () -> settings, () -> now, new RelayMeters(meters, 10, () -> now), Tracing.OFF, Optional.empty(),
                Optional.empty(), GlobalSenders.ANYBODY);
    }

    @AfterEach
    void stop() {
        delivery.close();
        queue.close();
        first.close();
        second.close();
    }

    private void server(String name, ScriptedSmtpServer server, boolean global, int maxConnections) {
        routes.put(new ServerRoute(TestRoutes.key(name), global, true,
                new Endpoint.Smtp("127.0.0.1", server.port(), Endpoint.Security.NONE, Optional.empty(),
                        Duration.ofSeconds(5), Duration.ofSeconds(30), maxConnections, Optional.empty())));
    }

    private void organization(ResourceKey organization, String... servers) {
        routes.put(new OrganizationRoute(organization, Sha256.of(TestRoutes.PASSWORD), State.OPEN,
                Arrays.stream(servers).map(TestRoutes::key).toList(), new Address("a@b.example", Optional.empty()),
                "bounces@b.example", Optional.empty(), Optional.empty()));
    }

    private void submit(ResourceKey organization, String sender, int messages) throws IOException {
        submit(queue, organization, sender, messages);
    }

    private void submit(SqlQueue some, ResourceKey organization, String sender, int messages) throws IOException {
        for (int i = 0; i < messages; i++) {
            try (Draft draft = some.draft(organization)) {
                draft.content().write("Subject: it\r\n\r\ntext\r\n".getBytes(StandardCharsets.US_ASCII));
                draft.commit(NewMessage.plain(sender, List.of("x" + i + "@y.example"), false, false, now));
            }
        }
    }

    private void advance(Duration time) {
        now = now.plus(time);
        delivery.wake();
    }

    private static long mails(ScriptedSmtpServer server) {
        return server.commands().stream().filter(line -> line.startsWith("MAIL ")).count();
    }

    /** What it took but for reports. */
    private static long taken(ScriptedSmtpServer server) {
        return server.messages().stream().filter(message -> !message.sender().startsWith("<>")).count();
    }

    private List<Entry> listed(ResourceKey organization) throws Exception {
        return queue.view()
                .list(new Filter(Optional.of(organization), Optional.empty(), Optional.empty(), Optional.empty()),
                        Optional.empty(), 1000);
    }

    private Optional<Waiting.Reason> waiting(ResourceKey organization) throws Exception {
        return delivery.waiting().of(listed(organization)).values().stream().findFirst();
    }

    private void awaitWaiting(ResourceKey organization, String text) {
        await().untilAsserted(() -> assertThat(waiting(organization)).map(Waiting.Reason::text).contains(text));
    }

    private void awaitQueued(ResourceKey organization, long messages) {
        await().untilAsserted(() -> assertThat(queue.usage(organization).messages()).isEqualTo(messages));
    }

    private double count(String meter) {
        return meters.find(meter).counters().stream().mapToDouble(counter -> counter.count()).sum();
    }

    /** The server is the organization's own, and has 5 mails; b stands by where there is another. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            MAIL    | 550 5.4.5 Daily user sending limit exceeded                                     | 00:00 Pacific Time: daily limit of the account
            RCPT    | 550 5.4.5 Daily user sending limit exceeded                                     | 00:00 Pacific Time: daily limit of the account
            MESSAGE | 554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException        | 2026-03-02T21:00:00Z: sending limit of the account
            MAIL    | 550 5.7.30 Basic authentication is not supported for Client Submission          | 2026-03-02T21:00:00Z: the login is not allowed to send
            AUTH    | 550 5.7.30 Basic authentication is not supported for Client Submission          | 2026-03-02T21:00:00Z: the login is not allowed to send
            CONNECT | 554 5.7.1 Your account has been suspended                                       | 2026-03-02T21:00:00Z: the account is suspended, or may not send
            MESSAGE | 550 5.7.1 This account is disabled                                              | 2026-03-02T21:00:00Z: the account is suspended, or may not send
            """)
    void theServerRestsAndNothingBounces(String step, String reply, String rests) throws Exception {
        first.on(step, reply);
        if (step.equals("AUTH")) {
            first.account("u", "p");
            routes.put(TestRoutes.withPassword("a", first.port(), "u", "p"));
        } else {
            server("a", first, false, 2);
        }
        server("b", second, false, 2);
        organization(ORDERS, "a");
        submit(ORDERS, "a@b.example", 5);
        awaitWaiting(ORDERS, "server shop/a rests until " + rests);

        assertThat(first.connections()).as("attempts").isLessThanOrEqualTo(2);
        assertThat(listed(ORDERS)).hasSize(5)
                .flatExtracting(Entry::recipients)
                .extracting(Recipient::attempts)
                .containsOnly(0);
        assertThat(count("postrider.organization.rests")).isZero();

        int connections = first.connections();
        Duration rest = Duration.between(now, waiting(ORDERS).orElseThrow().until().orElseThrow());
        advance(rest.minusSeconds(1));
        delivery.wake();
        first.on(step, step.equals("AUTH") ? "235 2.7.0 welcome" : "");
        if (step.equals("AUTH")) {
            // The scripted answer logs nobody in: what follows is not of interest here.
            assertThat(first.connections()).isEqualTo(connections);
            return;
        }
        assertThat(first.connections()).as("before it is over").isEqualTo(connections);
        advance(Duration.ofSeconds(1));
        awaitQueued(ORDERS, 0);
        assertThat(taken(first)).isEqualTo(5);
        assertThat(first.messages()).noneMatch(message -> message.text().contains("Action: failed"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            MAIL    | 550 5.4.5 Daily user sending limit exceeded
            MESSAGE | 554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException
            MAIL    | 550 5.7.60 SMTP; Client does not have permissions to send as this sender
            CONNECT | 554 5.7.1 Your account has been suspended
            CONNECT | 421 4.7.0 Too many concurrent SMTP connections
            """)
    void anotherServerOfTheOrganizationTakesTheMailAtOnce(String step, String reply) throws Exception {
        first.on(step, reply);
        server("a", first, false, 2);
        server("b", second, false, 2);
        organization(ORDERS, "a", "b");
        submit(ORDERS, "a@b.example", 20);
        // Within seconds, where the other has no room for what the first has just refused.
        await().until(() -> {
            advance(Duration.ofMillis(500));
            return queue.usage(ORDERS).messages() == 0;
        });
        assertThat(now).isBefore(START.plusSeconds(60));
        assertThat(second.messages()).hasSize(20).noneMatch(message -> message.sender().startsWith("<>"));
        assertThat(first.connections()).isLessThanOrEqualTo(6);
    }

    @Test
    void aThousandMailsMakeOneAttemptEachTimeThatTheRestIsOver() throws Exception {
        first.on("MAIL", DAILY);
        server("a", first, false, 4);
        organization(ORDERS, "a");
        Thread[] sessions = new Thread[20];
        for (int i = 0; i < sessions.length; i++) {
            sessions[i] = Thread.ofVirtual().start(() -> {
                try {
                    submit(ORDERS, "a@b.example", 50);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        for (Thread session : sessions) {
            session.join();
        }
        awaitWaiting(ORDERS, "server shop/a rests until 00:00 Pacific Time: daily limit of the account");
        long attempts = mails(first);
        assertThat(attempts).isBetween(1L, 4L);

        advance(Duration.ofHours(12));
        await().untilAsserted(() -> assertThat(mails(first)).isEqualTo(attempts + 1));
        awaitWaiting(ORDERS, "server shop/a rests until 2026-03-03T09:00:00Z: daily limit of the account");
        advance(Duration.ofHours(1));
        await().untilAsserted(() -> assertThat(mails(first)).isEqualTo(attempts + 2));
        awaitWaiting(ORDERS, "server shop/a rests until 00:00 Pacific Time: daily limit of the account");
        first.on("MAIL", "");
        advance(Duration.ofHours(23));
        awaitQueued(ORDERS, 0);
        assertThat(taken(first)).isEqualTo(1000);
        assertThat(first.messages()).noneMatch(message -> message.text().contains("Action: failed"));
        assertThat(mails(first)).isEqualTo(attempts + 2 + first.messages().size());
    }

    @Test
    void whatWaitsLongerThanFiveDaysIsReportedWithTheReason() throws Exception {
        first.on("MAIL", line -> line.startsWith("MAIL FROM:<>") ? "" : DAILY);
        server("a", first, false, 1);
        organization(ORDERS, "a");
        submit(ORDERS, "a@b.example", 1);
        awaitWaiting(ORDERS, "server shop/a rests until 00:00 Pacific Time: daily limit of the account");
        advance(Duration.ofDays(5));
        await().untilAsserted(() -> assertThat(listed(ORDERS)).extracting(Entry::sender).containsExactly(""));
        advance(Duration.ofDays(1));
        await().untilAsserted(() -> assertThat(first.messages()).hasSize(1));
        assertThat(first.messages().getFirst().text()).contains("Status: 4.4.7", "Daily user sending limit exceeded");
    }

    @Test
    void aServerThatIsDeclaredOtherwiseIsTriedAtOnce() throws Exception {
        first.on("MAIL", DAILY);
        server("a", first, false, 2);
        organization(ORDERS, "a");
        submit(ORDERS, "a@b.example", 3);
        awaitWaiting(ORDERS, "server shop/a rests until 00:00 Pacific Time: daily limit of the account");
        first.on("MAIL", "");
        server("a", first, false, 3);
        awaitQueued(ORDERS, 0);
    }

    /** A reply that a tenant can bring about by its recipients keeps no other tenant from a server that is everybody's. */
    @Test
    @Tag("isolation")
    void aServerThatIsEverybodysRestsForTheOneWhoseMailItRefused() throws Exception {
        first.on("RCPT", line -> line.contains("x0@") ? DAILY : "");
        server("g", first, true, 4);
        ResourceKey evil = new ResourceKey("evil", "mail");
        organization(evil);
        organization(ORDERS);
        submit(evil, "evil@b.example", 1);
        awaitWaiting(evil, "server shop/g rests until 00:00 Pacific Time: daily limit of the account");
        first.on("RCPT", "");
        submit(evil, "evil@b.example", 5);
        submit(ORDERS, "a@b.example", 5);
        awaitQueued(ORDERS, 0);
        assertThat(first.messages()).hasSize(5).allMatch(message -> message.sender().startsWith("<a@"));
        awaitQueued(evil, 6);
        assertThat(count("postrider.organization.rests")).isEqualTo(1);
        assertThat(delivery.mailRests()).singleElement().satisfies(rest -> {
            assertThat(rest.organization()).isEqualTo(evil);
            assertThat(rest.until()).contains(Instant.parse("2026-03-03T08:00:00Z"));
            assertThat(rest.replyClass()).contains("SendingQuotaExceeded");
        });
        assertThat(delivery.rests()).isEmpty();

        advance(Duration.ofHours(12));
        awaitQueued(evil, 0);
        assertThat(first.messages()).hasSize(11);
        assertThat(delivery.mailRests()).isEmpty();
    }

    @Test
    @Tag("isolation")
    void aServerThatIsEverybodysRestsForAllOnceItHasRefusedMailOfThreeNamespaces() throws Exception {
        first.on("MAIL", DAILY + " (for <customer@x.example>)");
        server("g", first, true, 4);
        ResourceKey last = new ResourceKey("n4", "mail");
        organization(last);
        for (String namespace : List.of("n1", "n2", "n3")) {
            ResourceKey organization = new ResourceKey(namespace, "mail");
            organization(organization);
            submit(organization, "a@b.example", 10);
            awaitWaiting(organization, "server shop/g rests until 00:00 Pacific Time: daily limit of the account");
        }
        long attempts = mails(first);
        submit(last, "a@b.example", 1);
        awaitWaiting(last, "server shop/g rests until 00:00 Pacific Time: daily limit of the account");
        assertThat(mails(first)).isEqualTo(attempts);
        // What others are told of it says nothing of whoever it refused.
        assertThat(delivery.rests()).singleElement()
                .satisfies(rest -> assertThat(rest.why()).endsWith("server shop/g takes no mail for now: 550 5.4.5"));
    }

    /** What one tenant's mail does to a server is not a failure of its own, however soon it rests for those. */
    @ParameterizedTest
    @Tag("isolation")
    @CsvSource(delimiter = '|', textBlock = """
            1    | n1 n2    | goes on
            1    | n1 n2 n3 | rests
            1000 | n1 n2    | goes on
            1000 | n1 n2 n3 | rests
            """)
    void aServerThatIsEverybodysRestsForAllOnceMailOfThreeNamespacesMadeItFail(int serverFailures, String poisoned,
            String server) throws Exception {
        settings = TestSettings.delivery("{serverFailures: %d}".formatted(serverFailures));
        first.on("MESSAGE", "421 4.3.2 I fell over it");
        server("g", first, true, 4);
        List<ResourceKey> organizations = Arrays.stream(poisoned.split(" "))
                .map(namespace -> new ResourceKey(namespace, "mail"))
                .toList();
        for (ResourceKey organization : organizations) {
            organization(organization);
            submit(organization, "a@b.example", 10);
            await().until(() -> !delivery.rests().isEmpty()
                    || delivery.mailRests().stream().anyMatch(rest -> rest.organization().equals(organization)));
        }
        assertThat(delivery.rests().isEmpty() ? "goes on" : "rests").isEqualTo(server);
        // Each was tried three times at least before it was known to be at fault.
        assertThat(mails(first)).isGreaterThanOrEqualTo(6);

        ResourceKey other = new ResourceKey("other", "mail");
        organization(other);
        first.on("MESSAGE", "");
        submit(other, "a@b.example", 1);
        if (server.equals("rests")) {
            awaitWaiting(other, "server shop/g gets no mail for a while, since attempts failed (Connection)");
            advance(Duration.ofSeconds(30));
        }
        awaitQueued(other, 0);
    }

    /** One sender that the login may not use is not a reason to keep back the mail of others. */
    @Test
    void aSenderThatIsNotAllowedWaitsAndTheOtherMailOfItsOrganizationGoes() throws Exception {
        first.on("MAIL", line -> line.contains("other@")
                ? "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
                : "");
        server("a", first, false, 1);
        organization(ORDERS, "a");
        submit(ORDERS, "other@b.example", 1);
        submit(ORDERS, "a@b.example", 3);
        awaitQueued(ORDERS, 1);
        assertThat(listed(ORDERS).getFirst().recipients()).extracting(Recipient::attempts, Recipient::next)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(0, Optional.of(now.plusSeconds(1800))));

        submit(ORDERS, "other@b.example", 20);
        awaitWaiting(ORDERS, "server shop/a rests until 2026-03-02T20:30:00Z: the login may not send as this sender");
        assertThat(mails(first)).as("three in a row, and one before").isLessThanOrEqualTo(3 + 4);
    }

    @Test
    void connectionsBecomeFewerUntilTheServerTakesThemAllAndMoreAgainWithTime() throws Exception {
        first.mostSessions(3, CROWDED);
        server("a", first, false, 10);
        organization(ORDERS, "a");
        submit(ORDERS, "a@b.example", 200);
        await().until(() -> {
            advance(Duration.ofMillis(500));
            return queue.usage(ORDERS).messages() == 0;
        });
        assertThat(first.messages()).hasSize(200);
        assertThat(count("postrider.server.crowded")).isPositive();
        assertThat(first.connections()).as("no storm of connections").isLessThan(60);
    }

    /** Each learns by itself what is left for both, and neither goes without. */
    @Test
    void twoRelaysShareWhatAServerTakes(@TempDir Path credentials) throws Exception {
        first.mostSessions(3, CROWDED);
        server("a", first, false, 10);
        organization(ORDERS, "a");
        String database = PostgresServer.shared().newDatabase();
        var location = new PostgresLocation(PostgresServer.shared().url(database),
                Optional.of(PostgresServer.credentials(credentials)));
        try (SqlQueue one = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, () -> now);
                SqlQueue other = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, () -> now);
                Delivery ofOne = delivery(one);
                Delivery ofOther = delivery(other)) {
            ofOne.start();
            ofOther.start();
            submit(one, ORDERS, "a@b.example", 100);
            submit(other, ORDERS, "a@b.example", 100);
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                now = now.plus(Duration.ofMillis(500));
                ofOne.wake();
                ofOther.wake();
                return first.messages().size() >= 200;
            });
        }
        assertThat(first.messages()).hasSize(200);
        assertThat(first.connections()).as("no storm of connections").isLessThan(150);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            CONNECT | 421 4.7.0 Too many concurrent SMTP connections; please try again later.
            AUTH    | 432 4.3.2 Concurrent connections limit exceeded
            MAIL    | 421 4.7.0 Too many connections from this address
            DATA    | 432 4.3.2 Concurrent connections limit exceeded
            MESSAGE | 432 4.3.2 STOREDRV.ClientSubmit; Concurrent connections limit exceeded
            """)
    void whoSaysForeverThatThereAreTooManyConnectionsIsLeftAlone(String step, String reply) throws Exception {
        first.on(step, reply);
        if (step.equals("AUTH")) {
            first.account("u", "p");
            routes.put(TestRoutes.withPassword("a", first.port(), "u", "p"));
        } else {
            server("a", first, false, 4);
        }
        organization(ORDERS, "a");
        submit(ORDERS, "a@b.example", 100);
        // An hour, in which a server that cannot be reached would be tried 3 times, and again after 30 s to 10 min.
        for (int minutes = 0; minutes < 60; minutes += 3) {
            int before = first.connections();
            advance(Duration.ofMinutes(3));
            await().until(() -> waiting(ORDERS).isPresent());
            assertThat(first.connections() - before).as("at once").isLessThan(12);
        }
        assertThat(first.connections()).as("attempts in an hour").isBetween(6, 30);
        assertThat(listed(ORDERS)).hasSize(100)
                .flatExtracting(Entry::recipients)
                .extracting(Recipient::attempts)
                .containsOnly(0);
        assertThat(waiting(ORDERS)).isPresent();
    }

    @Test
    @Tag("isolation")
    void whatIsSaidOfConnectionsWhileAMailIsHandedOverNarrowsItsNamespaceAlone() throws Exception {
        first.on("RCPT", line -> line.contains("x1@") ? "432 4.3.2 Concurrent connections limit exceeded" : "");
        server("g", first, true, 8);
        ResourceKey evil = new ResourceKey("evil", "mail");
        organization(evil);
        organization(ORDERS);
        submit(evil, "evil@b.example", 2);
        await().until(() -> {
            advance(Duration.ofSeconds(3));
            return !waiting(evil).map(Waiting.Reason::text).orElse("").isEmpty();
        });
        first.on("RCPT", "");
        submit(ORDERS, "a@b.example", 1);
        awaitQueued(ORDERS, 0);
    }

    private void hold(String name, ScriptedSmtpServer server, boolean global) {
        server(name, server, global, 1);
        routes.put(routes.server(TestRoutes.key(name)).orElseThrow().replyRules(List.of(HOLD)));
    }

    /** The server is left before it is recorded what became of the message. */
    private void awaitHeld() {
        await().untilAsserted(() -> assertThat(listed(ORDERS))
                .filteredOn(entry -> entry.state() == QueueView.State.HELD)
                .singleElement()
                .satisfies(entry -> assertThat(entry.recipients().getFirst().lastReply().orElseThrow())
                        .startsWith("held: ")));
    }

    @Test
    void allMailOfAnOrganizationWaitsForAPerson() throws Exception {
        first.on("MAIL", "550 5.1.8 Access denied, bad outbound sender AS(42004)");
        hold("a", first, false);
        organization(ORDERS, "a");
        submit(ORDERS, "a@b.example", 4);
        awaitWaiting(ORDERS,
                "server shop/a rests until a person releases it: the account is suspended, or may not send");
        awaitHeld();
        advance(Duration.ofDays(2));
        assertThat(mails(first)).isEqualTo(1);
        assertThat(count("postrider.organization.held")).isEqualTo(1);
        assertThat(delivery.mailRests()).containsExactly(new MailRest(ORDERS, Optional.empty(),
                Optional.of(TestRoutes.key("a")), START, MailRest.End.RELEASE, Optional.empty(),
                Optional.of("AccountSuspended"), "SenderRejected: 127.0.0.1:" + first.port()
                        + " refused the sender <a@b.example>: 550 5.1.8 Access denied, bad outbound sender AS(42004)"
                        + "; check that this login may send as that address"));
        assertThat(delivery.rests()).isEmpty();

        queue.view().change(Change.RELEASE, Filter.ALL, OptionalInt.empty());
        await().untilAsserted(() -> assertThat(mails(first)).isEqualTo(2));
        awaitWaiting(ORDERS,
                "server shop/a rests until a person releases it: the account is suspended, or may not send");
        awaitHeld();
        first.on("MAIL", "");
        queue.view().change(Change.RELEASE, Filter.ALL, OptionalInt.empty());
        awaitQueued(ORDERS, 0);
        assertThat(taken(first)).isEqualTo(4);
        assertThat(delivery.mailRests()).isEmpty();
    }

    /** Each has learned by itself that the mail is held; one of them is asked to release it, and then ends. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void mailThatIsReleasedAtOneRelayIsReleasedAtAll(boolean heard, @TempDir Path credentials) throws Exception {
        first.on("MAIL", "550 5.1.8 Access denied, bad outbound sender AS(42004)");
        hold("a", first, false);
        organization(ORDERS, "a");
        String database = PostgresServer.shared().newDatabase();
        var location = new PostgresLocation(PostgresServer.shared().url(database),
                Optional.of(PostgresServer.credentials(credentials)));
        try (SqlQueue other = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, () -> now);
                Delivery ofOther = delivery(other)) {
            try (SqlQueue one = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, () -> now);
                    Delivery ofOne = delivery(one)) {
                ofOther.start();
                submit(other, ORDERS, "a@b.example", 1);
                awaitAsTimePasses(ofOther, () -> ofOther.mailRests().size() == 1);
                ofOne.start();
                submit(one, ORDERS, "a@b.example", 1);
                awaitAsTimePasses(ofOne, () -> ofOne.mailRests().size() == 1);
                await().untilAsserted(() -> assertThat(one.view()
                        .list(new Filter(Optional.of(ORDERS), Optional.empty(), Optional.empty(),
                                Optional.of(QueueView.State.HELD)), Optional.empty(), 10))
                        .hasSize(2));
                first.on("MAIL", "");
                if (!heard) {
                    endListening(database);
                }
                assertThat(one.view().change(Change.RELEASE, Filter.ALL, OptionalInt.empty())).isEqualTo(2);
                awaitAsTimePasses(ofOne, () -> taken(first) == 2);
            }
            submit(other, ORDERS, "a@b.example", 1);
            awaitAsTimePasses(ofOther, () -> taken(first) == 3 && ofOther.mailRests().isEmpty());
        }
    }

    /** Permits for connections are asked for again and again. */
    private void awaitAsTimePasses(Delivery some, BooleanSupplier until) {
        await().until(() -> {
            now = now.plus(Duration.ofMillis(500));
            some.wake();
            return until.getAsBoolean();
        });
    }

    /** What is told is not heard before the relays listen anew. */
    private static void endListening(String database) throws Exception {
        try (Connection connection = PostgresServer.shared().connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND query LIKE 'LISTEN %'");
        }
    }

    /** Nothing is held then, and the other server might have the mail for ever. */
    @ParameterizedTest
    @CsvSource({"released", "declared otherwise"})
    void aServerThatAPersonMustReleaseIsTriedAgainThoughAnotherTakesTheMail(String how) throws Exception {
        first.on("MAIL", "550 5.1.8 Access denied, bad outbound sender AS(42004)");
        hold("a", first, false);
        server("b", second, false, 1);
        organization(ORDERS, "a", "b");
        submit(ORDERS, "a@b.example", 4);
        awaitQueued(ORDERS, 0);
        assertThat(taken(second)).isEqualTo(4);
        first.on("MAIL", "");
        if (how.equals("released")) {
            assertThat(queue.view()
                    .change(Change.RELEASE, new Filter(Optional.of(ORDERS), Optional.empty(), Optional.empty(),
                            Optional.empty()), OptionalInt.empty()))
                    .isZero();
        } else {
            server("a", first, false, 2);
        }
        await().untilAsserted(() -> {
            submit(ORDERS, "a@b.example", 2);
            awaitQueued(ORDERS, 0);
            assertThat(taken(first)).isPositive();
        });
    }

    /** It is signed, so that it has one form alone; both of its recipients wait as long where no server takes it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAServerWithoutEightBitMimeCannotTakeGoesToOneThatHasIt(boolean free) throws Exception {
        first.offer();
        second.on("MESSAGE", free ? "" : "452 4.3.1 Insufficient system storage");
        server("a", first, false, 1);
        server("b", second, false, 1);
        organization(ORDERS, "a", "b");
        try (Draft draft = queue.draft(ORDERS)) {
            draft.content()
                    .write("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u00fc\r\n--b--\r\n"
                            .getBytes(StandardCharsets.ISO_8859_1));
            draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example", "z@y.example"), true, false, now));
        }
        if (free) {
            awaitQueued(ORDERS, 0);
            assertThat(taken(second)).isEqualTo(1);
        } else {
            await().untilAsserted(() -> assertThat(listed(ORDERS)).singleElement()
                    .extracting(Entry::recipients)
                    .satisfies(recipients -> assertThat(recipients).extracting(Recipient::attempts)
                            .containsExactly(1, 1))
                    .satisfies(recipients -> assertThat(recipients).extracting(Recipient::next)
                            .containsOnly(recipients.getFirst().next())));
        }
        assertThat(taken(first)).isZero();
    }

    /** It refuses every other mail: nothing is lost, and each refusal costs a rest and a probe. */
    @Test
    void aServerThatChangesItsMindGetsTheMailInTheEnd() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        first.on("MAIL", _ -> asked.incrementAndGet() % 2 == 0
                ? "550 5.7.30 Basic authentication is not supported"
                : "");
        server("a", first, false, 1);
        organization(ORDERS, "a");
        submit(ORDERS, "a@b.example", 10);
        await().until(() -> {
            advance(Duration.ofMinutes(61));
            return queue.usage(ORDERS).messages() == 0;
        });
        // It may have been long enough for notices of delay.
        assertThat(first.messages()).filteredOn(message -> !message.text().contains("Action: delayed")).hasSize(10);
        assertThat(first.messages()).noneMatch(message -> message.text().contains("Action: failed"));
    }
}
