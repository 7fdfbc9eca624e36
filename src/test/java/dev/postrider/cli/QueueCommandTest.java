package dev.postrider.cli;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.cli.terminal.Age;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.Relay;
import dev.postrider.relay.RelaySettings;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.OrganizationRoute.State;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code postrider queue} prints, of a relay with a deferred message of two organizations each. */
@Tag("relay")
final class QueueCommandTest {
    @TempDir
    Path directory;

    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private final List<String> ids = new ArrayList<>();
    private final Routes routes = new Routes();
    private Relay relay;
    private RelayCommands typed;

    @BeforeEach
    void start() throws Exception {
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system())) {
            for (String organization : List.of("news", "orders")) {
                try (Draft draft = queue.draft(key(organization))) {
                    draft.content().write("Subject: secret\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    draft.commit(NewMessage.plain(organization.equals("news") ? "" : "a@b.example",
                            List.of("x@y.example", "z@y.example"), false, false, InstantSource.system().instant()));
                    ids.add(draft.id());
                }
            }
        }
        upstreams.behave("mx", RecordingUpstreams.DEFERRED);
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 4));
        routes.put(organization("orders", State.OPEN));
        routes.put(organization("news", State.OPEN));
        routes.markComplete();
        relay = Relay.start(new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()), routes, upstreams,
                InstantSource.system());
        typed = new RelayCommands(relay.adminPort(),
                Files.writeString(directory.resolve("token"), TestRoutes.ADMIN_TOKEN + "\n"));
        await().untilAsserted(() -> assertThat(queue("list", "--state", "deferred").lines()).hasSize(5));
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    private String queue(String... arguments) {
        assertThat(run(arguments)).as(typed.err()).isZero();
        return typed.out();
    }

    private int run(String... arguments) {
        return typed.run("queue", arguments);
    }

    @Test
    void aListHasALineForEachRecipient() {
        assertThat(queue("list").replaceAll("\\b[0-9]+(s|m[0-9]*s?)\\b *", "TIME ")).isEqualToNormalizingWhitespace("""
                ID ORGANIZATION SENDER RECIPIENT SIZE AGE STATE ATTEMPTS LAST NEXT SERVER LAST REPLY
                NEWS shop/news <> x@y.example 19B TIME deferred 1 TIME TIME mx.example.net:25 mailbox busy
                NEWS shop/news <> z@y.example 19B TIME deferred 1 TIME TIME mx.example.net:25 mailbox busy
                ORDERS shop/orders a@b.example x@y.example 19B TIME deferred 1 TIME TIME mx.example.net:25 mailbox busy
                ORDERS shop/orders a@b.example z@y.example 19B TIME deferred 1 TIME TIME mx.example.net:25 mailbox busy
                """.replace("NEWS", ids.get(0)).replace("ORDERS", ids.get(1)));
    }

    @Test
    @Tag("promises")
    void whatWaitsForSomebodySaysWhatFor() {
        routes.put(organization("orders", State.SUSPENDED));
        assertThat(queue("list").replaceAll("\\b[0-9]+(s|m[0-9]*s?)\\b *", "TIME ")).isEqualToNormalizingWhitespace(
                """
                        ID ORGANIZATION SENDER RECIPIENT SIZE AGE STATE ATTEMPTS LAST NEXT SERVER LAST REPLY WAITING FOR
                        NEWS shop/news <> x@y.example 19B TIME deferred 1 TIME TIME mx.example.net:25 mailbox busy <none>
                        NEWS shop/news <> z@y.example 19B TIME deferred 1 TIME TIME mx.example.net:25 mailbox busy <none>
                        ORDERS shop/orders a@b.example x@y.example 19B TIME deferred 1 TIME waits mx.example.net:25 mailbox busy \
                        sending is switched off for this organization (spec.sendingEnabled)
                        ORDERS shop/orders a@b.example z@y.example 19B TIME deferred 1 TIME waits mx.example.net:25 mailbox busy \
                        sending is switched off for this organization (spec.sendingEnabled)
                        """
                        .replace("NEWS", ids.get(0))
                        .replace("ORDERS", ids.get(1)));
        assertThat(queue("show", ids.get(1))).containsPattern(
                "State: +deferred\nWaiting for: +sending is switched off for this organization \\(spec.sendingEnabled\\)\n");
        assertThat(queue("show", ids.get(0))).doesNotContain("Waiting for");
    }

    @Test
    void aListIsJsonForPrograms() throws Exception {
        var json = new ObjectMapper().readTree(queue("list", "-o", "json", "--organization", "shop/news"));
        assertThat(json.path("items")).hasSize(1);
        assertThat(json.path("items").path(0).path("id").asText()).isEqualTo(ids.getFirst());
    }

    @Test
    void aListIsYamlForPeopleWhoLikeIt() {
        assertThat(queue("list", "-o", "yaml", "--organization", "shop/news"))
                .startsWith("items:\n- id: \"" + ids.getFirst() + "\"\n  organization: \"shop/news\"\n");
    }

    @Test
    void aMessageIsShown() throws Exception {
        assertThat(queue("show", ids.get(1))).containsPattern("Organization: +shop/orders\n")
                .containsPattern("RECIPIENT +ATTEMPTS +LAST +NEXT +SERVER +LAST REPLY\n")
                .doesNotContain("secret");
        assertThat(new ObjectMapper().readTree(queue("show", "-o", "json", ids.get(1))).path("state").asText())
                .isEqualTo("deferred");
    }

    @Test
    void messagesAreChanged() {
        assertThat(queue("hold", "--organization", "shop/orders")).isEqualTo("hold: 1 message\n");
        assertThat(queue("list", "--state", "held")).contains(ids.get(1)).doesNotContain(ids.get(0));
        assertThat(run("retry", ids.get(1))).isEqualTo(1);
        assertThat(typed.err()).contains("cannot be changed by retry: it is held");
        assertThat(queue("release", ids.get(1))).isEqualTo("release: 1 message\n");
        assertThat(queue("release", "--organization", "shop/orders", "--state", "held"))
                .isEqualTo("release: 0 messages; mail of shop/orders that rested is tried again\n");
        await().untilAsserted(() -> assertThat(queue("list", "--state", "deferred").lines()).hasSize(5));
        assertThat(queue("remove", "--all")).isEqualTo("remove: 2 messages\n");
        assertThat(queue("list")).isEqualTo("No messages.\n");
    }

    @Test
    void moreThanIsShownIsSaid() {
        queue("list", "--limit", "1");
        assertThat(typed.err()).contains("There may be more than these 1 messages");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            remove                                     ; 2 ; Say which messages: ids, a filter
            remove --all --state held                  ; 2 ; Ids, a filter and --all exclude each other
            show ../readyz                             ; 2 ; is no queue id
            list --state lost                          ; 2 ; expected one of [QUEUED, ACTIVE, DEFERRED, HELD]
            list --organization orders                 ; 1 ; organization: orders is not <namespace>/<name>
            show 0000000000000000                      ; 1 ; no message 0000000000000000 is in the queue
            list --url http://127.0.0.1:1              ; 1 ; No relay answers at http://127.0.0.1:1
            list --token-file pom.xml                  ; 1 ; pom.xml does not hold one line
            list --token-file nowhere                  ; 1 ; There is no file nowhere
            list --url ftp://relay                     ; 2 ; is no http or https URL
            list --local nowhere                       ; 1 ; nowhere
            """)
    void mistakesAreExplained(String arguments, int exit, String message) {
        assertThat(run(arguments.split(" "))).isEqualTo(exit);
        assertThat(typed.err()).contains(message);
    }

    @Test
    void aWrongTokenIsSaid() throws Exception {
        Path wrong = Files.writeString(directory.resolve("wrong"), "wrong");
        assertThat(run("list", "--token-file", wrong.toString())).isEqualTo(1);
        assertThat(typed.err()).contains("The relay does not know you: the token is not known here");
    }

    @ParameterizedTest
    @CsvSource({"PT0S,0s", "PT119S,119s", "PT2M,2m", "PT2M5S,2m5s", "PT10M59S,10m", "PT179M,179m", "PT3H,3h",
            "PT7H59M,7h59m", "PT8H5M,8h", "PT47H,47h", "PT48H,2d", "PT60H,2d12h", "P8DT5H,8d", "P400D,400d"})
    void agesAreAsKubectlPrintsThem(Duration age, String printed) {
        assertThat(Age.of(age)).isEqualTo(printed);
    }
}
