package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.Endpoint;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.AiosmtpdServer;
import dev.postrider.testing.GoldenFiles;
import dev.postrider.testing.LeftOut;
import dev.postrider.testing.MailpitServer;
import dev.postrider.testing.ReceivingServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Habits of upstream servers, each played by a scripted one: mail goes to it through a running relay, and what comes of
 * it is the table in {@code docs/habits.md}.
 */
@Tag("delivery-world")
final class HabitsTableTest {
    private static final Path PAGE = Path.of("docs/habits.md");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern STATUS = Pattern.compile("(?m)^Status: (\\S+)");
    private static final String PLAIN = "Subject: hello\r\n\r\nhello\r\n";
    private static final String UMLAUT = "Subject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
            + "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngr\u00c3\u00bc\u00c3\u009fe\r\n";
    private static final String LONG_LINE = "Subject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/html; "
            + "charset=us-ascii\r\n\r\n<p>" + "x ".repeat(2500) + "</p>\r\n";
    private static final String HEADER = """
            # Habits of servers, and what Postrider does

            A test of the project writes this page: it plays each habit with a scripted server, sends mail to it through
            a running relay, and notes what has come of it before the mail is next due. Another test has Postfix and Exim
            do some of this by their configuration, and what other real servers get is in the second table. What a reply
            means, and how to add to that, is in [replies.md](replies.md).

            | who does it | habit | mail | what Postrider does |
            |---|---|---|---|
            """;

    private static final String REAL_SERVERS = """

            ## Real servers

            The same mails to servers of other people's, through the same relay: what arrives. `eightBitMime: Never` is the
            setting of a MailServer, for servers that offer 8BITMIME and do not bear it.

            | server | mail | what Postrider does |
            |---|---|---|
            """;
    private static final List<Habit> MAILS = List.of(
            new Habit("", "", "one with an umlaut", _ -> {}, 1, UMLAUT),
            new Habit("", "", "one with a line of 5,000", _ -> {}, 1, LONG_LINE),
            new Habit("", "", "one to 250 recipients", _ -> {}, 250, PLAIN));

    /**
     * A server that is sent the {@link #MAILS}.
     *
     * @param name   as the table calls it
     * @param server empty where it cannot be had on this machine
     */
    private record RealServer(String name, Optional<? extends ReceivingServer> server,
            Endpoint.EightBitMime eightBitMime) {
        String row(Habit mail) {
            return "| %s | %s | ".formatted(name, mail.mail);
        }
    }

    /**
     * What a habit is played with.
     *
     * @param messages what has arrived of it
     * @param activity changes while there is something to say to the server
     */
    private record Played(Habit habit, int port, Endpoint.EightBitMime eightBitMime,
            Supplier<List<ScriptedSmtpServer.Received>> messages, Supplier<Object> activity) {}

    /**
     * A habit.
     *
     * @param who    is known for it
     * @param habit  what the server does
     * @param mail   what is sent, for people
     * @param script makes the server do it
     * @param count  of recipients
     * @param text   the message, one character an octet
     */
    private record Habit(String who, String habit, String mail, Consumer<ScriptedSmtpServer> script, int count,
            String text) {}

    /** Replies to all recipients after the first ones of a transaction. */
    private static Consumer<ScriptedSmtpServer> atMost(int recipients, String reply) {
        return server -> {
            AtomicInteger taken = new AtomicInteger();
            server.on("MAIL", _ -> {
                taken.set(0);
                return "250 2.1.0 ok";
            });
            server.on("RCPT", _ -> taken.incrementAndGet() <= recipients ? "250 2.1.5 ok" : reply);
        };
    }

    /** Replies so to a message with more recipients than it takes. */
    private static Consumer<ScriptedSmtpServer> afterData(int recipients, String reply) {
        return server -> {
            AtomicInteger taken = new AtomicInteger();
            server.on("MAIL", _ -> {
                taken.set(0);
                return "250 2.1.0 ok";
            });
            server.on("RCPT", _ -> {
                taken.incrementAndGet();
                return "250 2.1.5 ok";
            });
            server.on("MESSAGE", _ -> taken.get() > recipients ? reply : "");
        };
    }

    /** Answers a step so, but takes reports to the sender. */
    private static Consumer<ScriptedSmtpServer> on(String step, String reply) {
        return switch (step) {
            case "MAIL" -> server -> server.on(step, line -> line.contains("<>") ? "250 2.1.0 ok" : reply);
            case "RCPT" -> server -> server.on(step, line -> line.contains("<bounces@") ? "250 2.1.5 ok" : reply);
            default -> server -> server.on(step, text -> text.contains("multipart/report") ? "" : reply);
        };
    }

    private static Consumer<ScriptedSmtpServer> ifContains(String step, String part, String reply, String otherwise) {
        UnaryOperator<String> answer = line -> line.contains(part) ? reply : otherwise;
        return server -> server.on(step, answer);
    }

    private static List<Habit> habits() {
        return List.of(
                new Habit("Amazon SES", "`501 Invalid MAIL FROM address provided` to `MAIL FROM:<>`",
                        "one to a recipient that it refuses",
                        ifContains("MAIL", "<>", "501 Invalid MAIL FROM address provided", "250 ok")
                                .andThen(ifContains("RCPT", "<to1@", "550 5.1.1 no such user", "250 2.1.5 ok")),
                        1, PLAIN),
                new Habit("Amazon SES", "`554 Transaction failed: Recipient count exceeds 50.` after the message",
                        "one to 60 recipients",
                        afterData(50, "554 Transaction failed: Recipient count exceeds 50."), 60, PLAIN),
                new Habit("Postfix, Exim", "takes 10 recipients, then `452 4.5.3 Too many recipients`",
                        "one to 40 recipients", atMost(10, "452 4.5.3 Error: too many recipients"), 40, PLAIN),
                new Habit("appliances", "`452 4.5.3` to every recipient, for ever", "one to 3 recipients",
                        on("RCPT", "452 4.5.3 Error: too many recipients"), 3, PLAIN),
                new Habit("Gmail", "`550 5.4.5 Daily user sending limit exceeded` to MAIL", "one",
                        on("MAIL", "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending "
                                + "limits go to https://support.google.com/a/answer/166852"),
                        1, PLAIN),
                new Habit("Exchange Online", "`554 5.2.0 ... SubmissionQuotaExceeded` after the message", "one",
                        on("MESSAGE",
                                "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed "
                                        + "to process message due to a permanent exception"),
                        1, PLAIN),
                new Habit("Exchange Online", "`550 5.7.30` once passwords are retired", "one",
                        on("MAIL", "550 5.7.30 Basic authentication is not supported for Client Submission."), 1,
                        PLAIN),
                new Habit("Exchange Online", "`550 5.7.60`, not allowed to send as this sender", "one",
                        on("MESSAGE", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"), 1,
                        PLAIN),
                new Habit("many providers", "`554 5.7.1` with a suspended account", "one",
                        on("MAIL", "554 5.7.1 Your account has been suspended"), 1, PLAIN),
                new Habit("Exchange Online", "`432 4.3.2 Concurrent connections limit exceeded` after the message",
                        "one", on("MESSAGE", "432 4.3.2 Concurrent connections limit exceeded. Visit "
                                + "https://aka.ms/concurrent_sending for more information."),
                        1, PLAIN),
                new Habit("MailHog, appliances", "does not offer 8BITMIME", "one with an umlaut",
                        server -> server.offer("SIZE 10240000"), 1, UMLAUT),
                new Habit("Exim, Exchange, web.de", "`550` to a line over 998 octets", "one with a line of 5,000",
                        server -> server.on("MESSAGE",
                                text -> text.lines().anyMatch(line -> line.length() > 998)
                                        ? "550 message has lines too long for transport"
                                        : ""),
                        1, LONG_LINE),
                new Habit("any", "refuses one of three recipients", "one to 3 recipients",
                        ifContains("RCPT", "<to1@", "550 5.1.1 no such user", "250 2.1.5 ok"), 3, PLAIN),
                new Habit("any", "`452 4.2.2 mailbox full`", "one", on("RCPT", "452 4.2.2 mailbox full"), 1, PLAIN),
                new Habit("any", "`421` to MAIL", "one", on("MAIL", "421 4.3.2 shutting down"), 1, PLAIN),
                new Habit("any", "`451 4.7.1` to the recipient (greylisting)", "one",
                        on("RCPT", "451 4.7.1 Greylisted, please try again"), 1, PLAIN),
                new Habit("any", "`554 5.7.1` to the message, taken for spam", "one",
                        on("MESSAGE", "554 5.7.1 Spam message rejected"), 1, PLAIN));
    }

    private static List<RealServer> realServers(Path directory) throws Exception {
        Optional<MailpitServer> mailpit = MailpitServer.start(Files.createDirectories(directory.resolve("mailpit")));
        return List.of(new RealServer("Mailpit", mailpit, Endpoint.EightBitMime.IF_OFFERED),
                new RealServer("Mailpit, `eightBitMime: Never`", mailpit, Endpoint.EightBitMime.NEVER),
                new RealServer("aiosmtpd", AiosmtpdServer.start(directory.resolve("aiosmtpd-8bit"), true),
                        Endpoint.EightBitMime.IF_OFFERED),
                new RealServer("aiosmtpd without 8BITMIME (`decode_data`)",
                        AiosmtpdServer.start(directory.resolve("aiosmtpd-7bit"), false),
                        Endpoint.EightBitMime.IF_OFFERED));
    }

    private static Played played(Habit habit, ScriptedSmtpServer server) {
        habit.script.accept(server);
        return new Played(habit, server.port(), Endpoint.EightBitMime.IF_OFFERED, server::messages,
                () -> server.commands().stream().filter(line -> !line.equals("QUIT")).count());
    }

    /** Mails of several organizations go to a real server; their senders tell them apart. */
    private static Played played(int number, Habit mail, RealServer real) {
        ReceivingServer server = real.server.orElseThrow();
        Supplier<List<ScriptedSmtpServer.Received>> messages = () -> server.messages()
                .stream()
                .filter(received -> received.text().contains("From: org" + number + "@"))
                .toList();
        return new Played(mail, server.port(), real.eightBitMime, messages, () -> messages.get().size());
    }

    private static ServerRoute route(int number, Played played) {
        ServerRoute usual = TestRoutes.local("mx" + number, played.port, 4);
        Endpoint.Smtp smtp = (Endpoint.Smtp) usual.endpoint();
        return new ServerRoute(usual.key(), usual.global(), usual.active(), new Endpoint.Smtp(smtp.host(), smtp.port(),
                smtp.security(), smtp.tls(), false, Optional.empty(), Optional.empty(), smtp.connectTimeout(),
                smtp.tlsTimeout(), smtp.replyTimeout(), smtp.dataTimeout(), smtp.maxConnections(), Optional.empty(),
                false, Optional.empty(), played.eightBitMime));
    }

    /** What the page says of a server that cannot be had here, which stays. */
    private static String rowOf(RealServer real, Habit mail) throws IOException {
        LeftOut.note("what is sent to " + real.name + " (" + mail.mail + ")",
                "it could not be built or fetched on this machine");
        return Files.readAllLines(PAGE)
                .stream()
                .filter(line -> line.startsWith(real.row(mail)))
                .findFirst()
                .map(line -> line + "\n")
                .orElse("");
    }

    @Test
    void whatComesOfEachHabitIsWhatThePageSays(@TempDir Path directory) throws Exception {
        List<RealServer> realServers = realServers(directory);
        List<ScriptedSmtpServer> servers = new ArrayList<>();
        List<Played> played = new ArrayList<>();
        for (Habit habit : habits()) {
            servers.add(ScriptedSmtpServer.start());
            played.add(played(habit, servers.getLast()));
        }
        int scripted = played.size();
        for (RealServer real : realServers) {
            for (Habit mail : real.server.isPresent() ? MAILS : List.<Habit>of()) {
                played.add(played(played.size(), mail, real));
            }
        }
        Routes routes = new Routes();
        routes.put(TestRoutes.relay());
        for (int i = 0; i < played.size(); i++) {
            routes.put(route(i, played.get(i)));
            routes.put(TestRoutes.organization("org" + i, OrganizationRoute.State.OPEN, "mx" + i));
        }
        routes.markComplete();
        StringBuilder page = new StringBuilder(HEADER);
        try (Relay relay = Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()),
                routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
                DeliverySettings.of("relay.test"), InstantSource.system())) {
            for (int i = 0; i < played.size(); i++) {
                submit(relay, i, played.get(i).habit);
            }
            awaitQuiet(relay, played);
            JsonNode queue = queue(relay);
            for (int i = 0; i < scripted; i++) {
                Habit habit = played.get(i).habit;
                page.append("| %s | %s | %s | %s |%n".formatted(habit.who, habit.habit, habit.mail,
                        result(i, played.get(i), queue)));
            }
            page.append(REAL_SERVERS);
            int next = scripted;
            for (RealServer real : realServers) {
                for (Habit mail : MAILS) {
                    page.append(real.server.isEmpty()
                            ? rowOf(real, mail)
                            : real.row(mail) + result(next, played.get(next++), queue) + " |\n");
                }
            }
        } finally {
            servers.forEach(ScriptedSmtpServer::close);
            realServers.forEach(real -> real.server.ifPresent(ReceivingServer::close));
        }
        GoldenFiles.check(PAGE, page.toString(), getClass());
    }

    private static void submit(Relay relay, int number, Habit habit) throws Exception {
        try (Dialogue client = Dialogue.connect(relay.submissionPort())) {
            client.say("EHLO client.test");
            client.say("STARTTLS");
            client.encrypt(TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate()));
            client.say("EHLO client.test");
            assertThat(client.login("org%d.shop".formatted(number), TestRoutes.PASSWORD)).startsWith("235");
            client.say("MAIL FROM:<org%d@example.com> BODY=8BITMIME".formatted(number));
            for (int i = 1; i <= habit.count; i++) {
                client.say("RCPT TO:<to%d@example.net>".formatted(i));
            }
            client.say("DATA");
            client.raw("From: org%d@example.com\r\n".formatted(number) + habit.text);
            assertThat(client.say(".")).startsWith("250");
        }
    }

    /** Until nothing was said to any server for a while: all that is left waits for its time. */
    private static void awaitQuiet(Relay relay, List<Played> played) {
        await().atMost(Duration.ofMinutes(1))
                .during(Duration.ofSeconds(3))
                .until(() -> played.stream().map(one -> one.activity.get()).toList(), new Unchanged());
        assertThat(relay.queued()).isNotNegative();
    }

    /** Holds from the second time that it sees the same. */
    private static final class Unchanged extends org.hamcrest.BaseMatcher<List<Object>> {
        private List<?> last = List.of();

        @Override
        public boolean matches(Object now) {
            boolean same = now.equals(last);
            last = (List<?>) now;
            return same;
        }

        @Override
        public void describeTo(org.hamcrest.Description description) {
            description.appendText("the same as before");
        }
    }

    private static JsonNode queue(Relay relay) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return JSON.readTree(client.send(HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:%d/api/v1/queue?limit=1000".formatted(relay.adminPort())))
                    .header("Authorization", "Bearer " + TestRoutes.ADMIN_TOKEN)
                    .build(), BodyHandlers.ofString()).body());
        }
    }

    private static String result(int number, Played played, JsonNode queue) throws Exception {
        Habit habit = played.habit;
        List<ScriptedSmtpServer.Received> received = played.messages.get();
        List<String> results = new ArrayList<>();
        List<ScriptedSmtpServer.Received> mails = received
                .stream()
                .filter(mail -> !isReport(mail))
                .toList();
        long reached = mails.stream().flatMap(mail -> mail.recipients().stream()).distinct().count();
        int handed = mails.stream().mapToInt(mail -> mail.recipients().size()).sum();
        assertThat(handed).as("each recipient gets it once").isEqualTo((int) reached);
        if (reached > 0) {
            results.add((habit.count == 1 ? "delivered" : "delivered to %d of %d".formatted(reached, habit.count))
                    + (mails.size() > 1 ? ", in %d transactions".formatted(mails.size()) : "")
                    + form(habit, mails.getFirst()));
        }
        received.stream()
                .filter(HabitsTableTest::isReport)
                .forEach(report -> results.add(
                        "a report (%s) goes to the sender%s".formatted(statuses(report.text()),
                                report.sender().startsWith("<>")
                                        ? ""
                                        : ", with the envelope sender `" + sender(report) + "`")));
        for (JsonNode message : queue.path("items")) {
            if (message.path("organization").asText().equals("shop/org" + number)) {
                results.add(waits(message, habit));
            }
        }
        assertThat(results).as("what became of it: " + habit.habit).isNotEmpty();
        return String.join("; ", results);
    }

    private static boolean isReport(ScriptedSmtpServer.Received mail) {
        return mail.text().contains("multipart/report");
    }

    private static String sender(ScriptedSmtpServer.Received report) {
        return report.sender().replaceAll("^<|>.*$", "").replaceAll("org\\d+", "acme");
    }

    private static String statuses(String report) {
        return STATUS.matcher(report)
                .results()
                .map(status -> status.group(1))
                .distinct()
                .collect(Collectors.joining(
                        ", "));
    }

    /** How the message was made anew, if it was. */
    private static String form(Habit habit, ScriptedSmtpServer.Received mail) throws Exception {
        assertThat(read(mail.text())).as("what people read").isEqualTo(read(habit.text));
        boolean same = body(mail.text()).equals(body(habit.text));
        return same
                ? ""
                : Pattern.compile("(?mi)^Content-Transfer-Encoding: (\\S+)")
                        .matcher(mail.text())
                        .results()
                        .map(encoding -> ", encoded as " + encoding.group(1))
                        .findFirst()
                        .orElse(", made anew");
    }

    private static String read(String message) throws Exception {
        return new MimeMessage(null, new ByteArrayInputStream(message.getBytes(StandardCharsets.ISO_8859_1)))
                .getContent()
                .toString()
                .strip();
    }

    private static String body(String message) {
        return message.substring(message.indexOf("\r\n\r\n")).strip();
    }

    private static String waits(JsonNode message, Habit habit) {
        JsonNode recipient = message.path("recipients").path(0);
        int left = message.path("recipients").size();
        boolean report = message.path("sender").asText().isEmpty();
        return (report ? "the report " : habit.count == 1 ? "" : left + " of " + habit.count + " ")
                + (message.path("state").asText().equals("Held") ? "held" : left == 1 ? "waits" : "wait")
                + ": " + (message.hasNonNull("waiting")
                        ? message.path("waiting").asText()
                        : recipient.path("attempts").asInt() == 0
                                ? "tried again soon, and no attempt counts"
                                : "tried once, again on the schedule")
                        .replaceAll("shop/(mx|org)\\d+", "$1")
                        .replaceAll("127\\.0\\.0\\.1:\\d+", "the server")
                        .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "a time")
                        .replace("|", "\\|");
    }
}
