package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.organization;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Any octets within the bounds of the protocol go through the whole relay, and over the wire on both sides, unchanged
 * but for the fields that the relay is to add.
 */
@Tag("relay")
final class TransparencyTest {
    private static final Pattern RECEIVED = Pattern.compile(
            "Received: from client\\.test \\(\\[127\\.0\\.0\\.1\\]\\)\r\n\tby relay\\.test \\(Postrider\\) with "
                    + "(?:ESMTP|UTF8SMTP)A\r\n\tid ([0-9A-Z]{16})\r\n\tfor <[^>]+>; [^\r]+ \\+0000\r\n");
    private static final String DATE = "Date: [A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} \\+0000\r\n";

    @TempDir
    Path directory;

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private Relay relay;

    @BeforeEach
    void start() throws Exception {
        var routes = new Routes();
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("mx", server.port(), 4));
        routes.put(organization("orders", State.OPEN));
        routes.markComplete();
        relay = Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, true, RelayConfiguration.DEFAULT.received()),
                routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY), InstantSource.system());
    }

    @AfterEach
    void stop() {
        relay.close();
        server.close();
    }

    private Dialogue loggedIn() throws Exception {
        var client = Dialogue.connect(relay.submissionPort());
        client.say("EHLO client.test");
        assertThat(client.login("orders.shop", PASSWORD)).startsWith("235");
        return client;
    }

    private static void send(Dialogue client, String parameters, String recipient, String content) throws Exception {
        client.say("MAIL FROM:<a@b.example>" + parameters);
        assertThat(client.say("RCPT TO:<" + recipient + ">")).startsWith("250");
        client.say("DATA");
        String stuffed = content.replaceAll("(?<=^|\r\n)\\.", "..");
        assertThat(client.raw(stuffed).say(".")).startsWith("250");
    }

    private Map<String, ScriptedSmtpServer.Received> received(int count) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(server.messages()).hasSize(count));
        return server.messages()
                .stream()
                .collect(Collectors.toMap(mail -> mail.recipients().getFirst(), Function.identity()));
    }

    /**
     * The message without what the relay must add: Received, and Date and Message-ID where the header of the original
     * has none.
     */
    private static String withoutAdditions(String message, String original) {
        Matcher received = RECEIVED.matcher(message);
        assertThat(received.lookingAt()).as("begins with the relay's Received: %s", message).isTrue();
        String header = ("\r\n" + original).split("\r\n\r\n", 2)[0].toLowerCase(Locale.ROOT);
        String added = (header.matches("(?s).*\r\ndate *:.*") ? "" : DATE)
                + (header.matches("(?s).*\r\nmessage-id *:.*")
                        ? ""
                        : "Message-ID: <" + received.group(1) + "@relay\\.test>\r\n");
        Matcher addition = Pattern.compile("(?<=\r\n)" + added).matcher(message);
        assertThat(addition.find(received.end())).as("has %s: %s", added, message).isTrue();
        return message.substring(received.end(), addition.start()) + message.substring(addition.end());
    }

    /**
     * A bar stands for CR LF. Where the header is not ended, the relay ends it: what follows would become part of it.
     */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            ''                                  ; ''
            |                                   ; |
            ||                                  ; ||
            .|                                  ; |.|
            ..|                                 ; |..|
            |.|                                 ; |.|
            |.|..|...|                          ; |.|..|...|
            |.leading|. |.\t|                   ; |.leading|. |.\t|
            Subject: a|                         ; Subject: a|
            Subject: a||                        ; Subject: a||
            Subject: a||.|                      ; Subject: a||.|
            Subject: a|.folded? no|             ; Subject: a||.folded? no|
            Subject: a| .folded|||              ; Subject: a| .folded|||
            Subject :a|X:|x-y_z!#$%&'*+/=?^`{}~:y||b| ; Subject :a|X:|x-y_z!#$%&'*+/=?^`{}~:y||b|
            From nobody Thu Jan 1|Subject: a||  ; |From nobody Thu Jan 1|Subject: a||
            :|a|                                ; |:|a|
            no header|                          ; |no header|
            >From me|                           ; |>From me|
            Bcc: secret@y.example||x|           ; |x|
            Return-Path: <x@y>|Date:|Message-ID:||  ; Date:|Message-ID:||
            Content-Length: 5||From x|From y|   ; |From x|From y|
            bCC	 :|	a@y.example|RESENT-BCC: b@y.example|X: 1||Bcc: c@y.example|  ; X: 1||Bcc: c@y.example|
            A: 1|Bcc x: a@y.example|B: 2||  ; A: 1|B: 2||
            |trailing   |\t|   |                ; |trailing   |\t|   |
            """)
    void changesNothingInOddMessages(String content, String expected) throws Exception {
        try (var client = loggedIn()) {
            send(client, "", "x@y.example", content.replace("|", "\r\n"));
        }
        assertThat(withoutAdditions(received(1).values().iterator().next().text(), content.replace("|", "\r\n"))
                .replace("\r\n", "|"))
                .isEqualTo(expected);
    }

    /** {@code -Dpostrider.seed} repeats a failure, {@code -Dpostrider.messages} takes longer. */
    @Test
    void passesAnyOctetsUnchanged() throws Exception {
        long seed = Long.getLong("postrider.seed", 20260301);
        int count = Integer.getInteger("postrider.messages", 200);
        var random = new Random(seed);
        String[] contents = new String[count];
        try (var client = loggedIn()) {
            for (int i = 0; i < count; i++) {
                contents[i] = message(random);
                boolean international = random.nextInt(4) == 0;
                send(client, international ? " BODY=8BITMIME SMTPUTF8" : " BODY=8BITMIME",
                        i + (international ? "-ü" : "") + "@y.example", contents[i]);
            }
        }
        received(count).forEach((recipient, mail) -> {
            String content = contents[Integer.parseInt(recipient.replaceFirst("[^0-9].*", ""))];
            assertThat(withoutAdditions(mail.text(), content)).as("seed %d, to %s", seed, recipient).isEqualTo(content);
            assertThat(mail.sender()).contains("BODY=8BITMIME");
            assertThat(mail.sender().contains("SMTPUTF8")).isEqualTo(recipient.contains("ü"));
        });
    }

    /** A header, perhaps with Date and Message-ID, an empty line, and lines of anything but NUL, CR and LF. */
    private static String message(Random random) {
        var text = new StringBuilder();
        for (int field = random.nextInt(6); field > 0; field--) {
            text.append(List.of("Subject", "DATE", "message-id", "X-" + (char) ('a' + random.nextInt(26)), "Received")
                    .get(random.nextInt(5)));
            text.append(random.nextInt(8) == 0 ? " :" : ":").append(line(random, 200)).append("\r\n");
            for (int fold = random.nextInt(3); fold > 0; fold--) {
                text.append(random.nextBoolean() ? " " : "\t").append(line(random, 200)).append("\r\n");
            }
        }
        text.append("\r\n");
        for (int line = random.nextInt(30); line > 0; line--) {
            text.append(switch (random.nextInt(6)) {
                case 0 -> "";
                case 1 -> ".".repeat(random.nextInt(4));
                case 2 -> "." + line(random, 100);
                case 3 -> "x".repeat(998 - random.nextInt(3));
                case 4 -> "Zoë 😀 " + line(random, 20);
                default -> line(random, 499);
            }).append("\r\n");
        }
        // In UTF-8, each octet a character.
        return new String(text.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String line(Random random, int most) {
        var line = new StringBuilder();
        boolean ascii = random.nextBoolean();
        for (int i = random.nextInt(most); i > 0; i--) {
            int octet = 1 + random.nextInt(ascii ? 127 : 255);
            line.append(octet == '\r' || octet == '\n' ? '.' : (char) octet);
        }
        return line.toString();
    }
}
