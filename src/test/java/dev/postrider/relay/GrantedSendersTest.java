package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.GrantedDomains;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * An attacker who may declare whatever they like, and submit whatever they like, against the domain of a victim whose
 * mail goes on arriving.
 */
@Tag("isolation")
final class GrantedSendersTest {
    private static final ResourceKey ATTACKER = new ResourceKey("attacker", "shop");
    private static final ResourceKey VICTIM = new ResourceKey("victim", "shop");
    private static final String ASK = ", or ask the administrator of Postrider to grant victim.example to namespace"
            + " attacker (spec.senders of a global MailServer)";
    private static final String SEND_AS = "; send as attacker.example, *.attacker.example and 1 more";

    @TempDir
    Path directory;

    private final Routes routes = new Routes();
    private final ScriptedSmtpServer everybodys = ScriptedSmtpServer.start().offer("8BITMIME", "SMTPUTF8");
    private final ScriptedSmtpServer attackers = ScriptedSmtpServer.start().offer("8BITMIME", "SMTPUTF8");
    private Optional<Relay> relay = Optional.empty();

    @BeforeEach
    void start() throws Exception {
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("everybodys", everybodys.port(), 4));
        ServerRoute own = TestRoutes.local("own", attackers.port(), 4);
        routes.put(new ServerRoute(new ResourceKey("attacker", "own"), false, true, own.endpoint()));
        routes.put(organization(VICTIM, "billing@victim.example", AllowedSenders.NONE)
                .granting(granted("victim.example")));
        routes.markComplete();
        relay = Optional.of(Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, true, RelayConfiguration.DEFAULT.received(), QueueSettings.DEFAULT,
                        Optional.empty()),
                routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
                TestSettings.delivery("{retryAfter: [200ms], retryJitter: 0}"), InstantSource.system()));
    }

    @AfterEach
    void stop() {
        relay.ifPresent(Relay::close);
        everybodys.close();
        attackers.close();
    }

    private static Optional<GrantedDomains> granted(String... domains) {
        return Optional.of(new GrantedDomains(List.of(domains)));
    }

    private static OrganizationRoute organization(ResourceKey key, String from, AllowedSenders senders,
            ResourceKey... servers) {
        return new OrganizationRoute(key, Sha256.of(PASSWORD), State.OPEN, List.of(servers),
                new Address(from, Optional.empty()), from, Optional.empty(), Optional.empty(), Optional.of(senders));
    }

    /** Everything is declared that could be: From, other senders, where bounces go. */
    private static OrganizationRoute attacker(Otherwise otherwise, ResourceKey... servers) {
        return organization(ATTACKER, "billing@victim.example", new AllowedSenders(List.of("@victim.example",
                "@*.victim.example", "@attacker.example", "@*.attacker.example", "@xn--bcher-kva.example",
                "@[127.0.0.1]"), otherwise), servers)
                .bouncingTo(Optional.of("bounces@victim.example"))
                .granting(granted("attacker.example", "*.attacker.example", "xn--bcher-kva.example"));
    }

    private String submit(ResourceKey who, String envelope, String header) throws Exception {
        try (Dialogue client = Dialogue.connect(relay.orElseThrow().submissionPort())) {
            client.say("EHLO c");
            client.login(who.name() + "." + who.namespace(), PASSWORD);
            String sender = client.say("MAIL FROM:<" + envelope + ">"
                    + (envelope.chars().allMatch(c -> c < 128) ? "" : " SMTPUTF8"));
            if (!sender.startsWith("250")) {
                return sender;
            }
            client.say("RCPT TO:<buyer@example.org>");
            client.say("DATA");
            client.raw(latin1(header.replace("|", "\r\n") + "\r\nSubject: hello\r\n\r\nhello\r\n"));
            return client.say(".");
        }
    }

    /** UTF-8 octets, one a character, as {@link Dialogue#raw} writes them. */
    private static String latin1(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private void victimsMailArrives() throws Exception {
        assertThat(submit(VICTIM, "billing@victim.example", "From: billing@victim.example")).startsWith("250");
        await().untilAsserted(() -> assertThat(everybodys.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("From: billing@victim.example")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            billing@victim.example;      From: a@attacker.example; the envelope sender must not be <billing@victim.example>
            bounces@victim.example;      From: a@attacker.example; the envelope sender must not be <bounces@victim.example>
            BILLING@Victim.EXAMPLE;      From: a@attacker.example; the envelope sender must not be <BILLING@victim.example>
            a@attacker.example;          From: billing@victim.example; From must not be <billing@victim.example>
            '';                          From: billing@victim.example; From must not be <billing@victim.example>
            a@attacker.example;          From: a@attacker.example, "Billing" <billing@victim.example>; From must not be <billing@victim.example>
            a@attacker.example;          From: a@attacker.example|Sender: billing@victim.example; Sender must not be <billing@victim.example>
            a@attacker.example;          From: a@attacker.example|Resent-From: x@victim.example; Resent-From must not be <x@victim.example>
            a@attacker.example;          From: a@attacker.example|Resent-Sender: x@victim.example; Resent-Sender must not be <x@victim.example>
            """)
    void nobodySendsAsTheDomainOfAnother(String envelope, String header, String problem) throws Exception {
        routes.put(attacker(Otherwise.REFUSE));
        assertThat(submit(ATTACKER, envelope, header)).isEqualTo("550 5.7.1 " + problem + SEND_AS + ASK);
        victimsMailArrives();
        assertThat(everybodys.messages()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            a@attacker.example;      From: a@attacker.example;         250
            a@ATTACKER.example;      From: a@Attacker.EXAMPLE;         250
            '';                      From: a@sub.attacker.example;     250
            a@a.b.attacker.example;  From: a@a.b.attacker.example;     250
            grüße@bücher.example;    From: grüße@bücher.example;       250
            a@xn--bcher-kva.example; From: a@BÜCHER.example;           250
            a@attacker.example;      From: a@attacker.example|Reply-To: x@victim.example; 250
            a@attacker.example;      From: a@sub.victim.example;       550
            a@attacker.example;      From: a@notattacker.example;      550
            a@attacker.example;      From: a@attacker.example.;        550
            a@attacker.example;      From: a@.attacker.example;        550
            a@attacker.example;      From: a@attacker.example.victim.example; 550
            a@attacker.example;      From: a@[127.0.0.1];              550
            a@[127.0.0.1];           From: a@attacker.example;         550
            a@sub.bücher.example;    From: a@attacker.example;         550
            """)
    void aGrantIsForItsDomainsAndNoOthers(String envelope, String header, String code) throws Exception {
        routes.put(attacker(Otherwise.REFUSE));
        assertThat(submit(ATTACKER, envelope, header)).startsWith(code + " ");
    }

    @Test
    void whatIsWrittenAnewIsNotWrittenAsAnother() throws Exception {
        routes.put(attacker(Otherwise.REWRITE));
        assertThat(submit(ATTACKER, "a@attacker.example", "From: x@victim.example"))
                .isEqualTo("550 5.7.1 From must not be <x@victim.example>" + SEND_AS + ASK);
        assertThat(submit(ATTACKER, "a@attacker.example", "To: x@y.example")).startsWith(
                "550 5.7.1 the message has no From field");
        routes.put(organization(ATTACKER, "a@attacker.example",
                new AllowedSenders(List.of("@victim.example"), Otherwise.REWRITE))
                .bouncingTo(Optional.of("bounces@victim.example"))
                .granting(granted("attacker.example")));
        assertThat(submit(ATTACKER, "x@victim.example", "From: x@victim.example")).startsWith("250");
        await().untilAsserted(() -> assertThat(everybodys.messages()).singleElement().satisfies(mail -> {
            assertThat(mail.sender()).startsWith("<a@attacker.example>");
            assertThat(mail.text()).contains("From: a@attacker.example").doesNotContain("victim");
        }));
    }

    /** The bounce address takes the place of From in the envelope only where it is granted itself. */
    @Test
    void bouncesDoNotGoOutAsAnother() throws Exception {
        routes.put(organization(ATTACKER, "a@attacker.example", AllowedSenders.NONE)
                .bouncingTo(Optional.of("bounces@victim.example"))
                .granting(granted("attacker.example")));
        assertThat(submit(ATTACKER, "a@attacker.example", "From: a@attacker.example")).startsWith("250");
        await().untilAsserted(() -> assertThat(everybodys.messages()).singleElement()
                .satisfies(mail -> assertThat(mail.sender()).startsWith("<a@attacker.example>")));
    }

    @Test
    void anOwnServerTakesAnythingAndIsNoWayToAGlobalOne() throws Exception {
        var tried = new CountDownLatch(3);
        attackers.on("MAIL", _ -> {
            tried.countDown();
            return "451 4.3.0 later";
        });
        routes.put(attacker(Otherwise.REFUSE, new ResourceKey("attacker", "own")));
        assertThat(submit(ATTACKER, "x@victim.example", "From: x@victim.example|X-N: 1")).startsWith("250");
        assertThat(submit(ATTACKER, "", "From: x@victim.example|X-N: 2")).startsWith("250");
        assertThat(submit(ATTACKER, "a@attacker.example", "From: a@attacker.example|X-N: 3")).startsWith("250");
        assertThat(tried.await(10, TimeUnit.SECONDS)).isTrue();
        // Now for the global ones, with everything still in the queue.
        routes.put(attacker(Otherwise.REFUSE));
        await().untilAsserted(() -> assertThat(everybodys.messages()).singleElement()
                .satisfies(mail -> assertThat(mail.text()).contains("X-N: 3")));
        victimsMailArrives();
        assertThat(everybodys.messages()).hasSize(2);
        // It was accepted, and is not lost: it goes where it may.
        attackers.on("MAIL", _ -> "");
        routes.put(attacker(Otherwise.REFUSE, new ResourceKey("attacker", "own"), TestRoutes.key("everybodys")));
        await().untilAsserted(() -> assertThat(attackers.messages()).extracting(mail -> mail.text())
                .satisfiesExactlyInAnyOrder(text -> assertThat(text).contains("X-N: 1"),
                        text -> assertThat(text).contains("X-N: 2")));
        assertThat(everybodys.messages()).hasSize(2);
    }

    @Test
    void ofAMixedPoolMailTakesTheServersThatItMay() throws Exception {
        routes.put(attacker(Otherwise.REFUSE, new ResourceKey("attacker", "own"), TestRoutes.key("everybodys")));
        for (int i = 0; i < 6; i++) {
            assertThat(submit(ATTACKER, "x@victim.example", "From: x@victim.example")).startsWith("250");
        }
        await().untilAsserted(() -> assertThat(attackers.messages()).hasSize(6));
        assertThat(everybodys.messages()).isEmpty();
        // Without an own server that is active there is no way left.
        ServerRoute own = TestRoutes.local("own", attackers.port(), 4);
        routes.put(new ServerRoute(new ResourceKey("attacker", "own"), false, false, own.endpoint()));
        assertThat(submit(ATTACKER, "x@victim.example", "From: x@victim.example")).startsWith("550 5.7.1 ");
    }

    /** Its resource is taken away while its mail has its turn already. */
    @Test
    void mailOfAnOrganizationThatIsNotKnownAnyMoreDoesNotLeaveAsAnybody() {
        var message = new QueuedMessage(ATTACKER, "01JABCDEFGHJKMNP", "x@victim.example", false, false,
                DsnRequest.NONE, Optional.empty(), Instant.EPOCH,
                MessageContent.of("From: x@victim.example\r\n\r\nhello\r\n".getBytes(StandardCharsets.UTF_8)),
                List.of(), 0);
        var senders = new GrantedSenders(routes);
        routes.put(attacker(Otherwise.REFUSE));
        assertThat(senders.refusal(message)).isPresent();
        routes.removeOrganization(ATTACKER);
        assertThat(senders.refusal(message)).isPresent();
    }

    @Test
    void queuedMailWaitsForItsGrantAndRoutesOfFormerVersionsGrantEverything() throws Exception {
        var tried = new CountDownLatch(1);
        everybodys.on("MAIL", _ -> {
            tried.countDown();
            return "451 4.3.0 later";
        });
        OrganizationRoute former = RouteJson.read(
                RouteJson.write(attacker(Otherwise.REFUSE)).replaceAll(",\"granted\":\\{[^}]*\\}", ""),
                OrganizationRoute.class);
        assertThat(former.granted()).isEmpty();
        routes.put(former);
        assertThat(submit(ATTACKER, "x@victim.example", "From: x@victim.example")).startsWith("250");
        assertThat(tried.await(10, TimeUnit.SECONDS)).isTrue();
        routes.put(attacker(Otherwise.REFUSE));
        everybodys.on("MAIL", _ -> "");
        victimsMailArrives();
        await().during(Duration.ofMillis(600)).until(() -> everybodys.messages().size() == 1);
        routes.put(attacker(Otherwise.REFUSE).granting(granted("victim.example")));
        await().untilAsserted(() -> assertThat(everybodys.messages()).hasSize(2));
    }
}
