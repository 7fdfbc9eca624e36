package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.links.Clamd;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.links.S3Location;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.SizeLimit.WhenTooLarge;
import dev.postrider.route.Support;
import dev.postrider.route.SystemInformation;
import dev.postrider.testing.ClamdServer;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.HostileArchive;
import dev.postrider.testing.PostgresServer;
import dev.postrider.testing.S3Server;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From an application over relay and server to whoever follows the link. */
@Tag("upstreams")
final class LinksTest {
    private static final byte[] ATTACHMENT = octets(200_000);
    private static final Pattern LINK = Pattern.compile("https://\\S+");

    @TempDir
    Path directory;

    private final Routes routes = new Routes();
    private final ScriptedSmtpServer mx = ScriptedSmtpServer.start().offer("SIZE 100000", "ENHANCEDSTATUSCODES");
    private Optional<Relay> relay = Optional.empty();

    private static byte[] octets(int size) {
        byte[] octets = new byte[size];
        new Random(5).nextBytes(octets);
        return octets;
    }

    private static String mail(String type, byte[] attachment) {
        return """
                From: orders@shop.example
                Subject: it
                MIME-Version: 1.0
                Content-Type: multipart/%s; boundary=b1

                --b1
                Content-Type: text/plain

                Here it is.
                --b1
                Content-Type: application/pdf
                Content-Transfer-Encoding: base64
                Content-Disposition: attachment; filename*=UTF-8''%%D7%%93%%D7%%95%%D7%%97.pdf

                %s
                --b1--
                """.formatted(type, Base64.getMimeEncoder().encodeToString(attachment).replace("\r\n", "\n"))
                .replace("\n", "\r\n");
    }

    @BeforeEach
    void declare() {
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("mx", mx.port(), 4));
        routes.markComplete();
    }

    @AfterEach
    void stop() {
        relay.ifPresent(Relay::close);
        mx.close();
    }

    private Relay start(LinkSettings links) throws Exception {
        return start(links, QueueSettings.DEFAULT);
    }

    private void link(OrganizationRoute plain) {
        routes.put(new OrganizationRoute(plain.key(), plain.passwordSha256(), plain.state(), plain.servers(),
                plain.from(), plain.envelopeFrom(), plain.webhook(),
                Optional.of(new SizeLimit(Optional.empty(), WhenTooLarge.LINK, Optional.of(new Linking(
                        "localhost:" + relay.orElseThrow().linksPort().orElseThrow(), false, 30))))));
    }

    private Relay start(LinkSettings links, QueueSettings queue) throws Exception {
        DeliverySettings hurried = TestSettings.delivery("{retryAfter: [300ms], retryJitter: 0}");
        Relay started = Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, true, RelayConfiguration.DEFAULT.received(), queue, Optional.of(links)),
                routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY), hurried,
                InstantSource.system());
        relay = Optional.of(started);
        link(TestRoutes.organization("orders", State.OPEN));
        return started;
    }

    private static LinkSettings settings(int port, Optional<S3Location> s3, Optional<Clamd> scanner) {
        return new LinkSettings(port, true, s3, 1L << 20, 10, scanner);
    }

    private static LinkSettings onTheVolume() {
        return settings(0, Optional.empty(), Optional.empty());
    }

    private String submit(String mail) throws Exception {
        return submit(mail, "x@y.example");
    }

    private String submit(String mail, String recipient) throws Exception {
        return submit("orders.shop", mail, recipient);
    }

    private String submit(String user, String mail, String recipient) throws Exception {
        try (var client = Dialogue.connect(relay.orElseThrow().submissionPort())) {
            client.say("EHLO c");
            client.login(user, PASSWORD);
            String reply = client.mail("orders@shop.example", recipient, mail);
            assertThat(reply).startsWith("250 2.0.0 queued as ");
            return reply.replace("250 2.0.0 queued as ", "");
        }
    }

    private MimeMessage delivered() throws Exception {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(mx.messages()).isNotEmpty());
        byte[] octets = mx.messages().getFirst().bytes();
        assertThat(octets).hasSizeLessThan(100_000);
        return new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(octets));
    }

    private URI linkIn(MimeMessage mail) throws Exception {
        var row = (MimeMultipart) mail.getContent();
        assertThat(row.getBodyPart(0).getContent()).isEqualTo("Here it is.");
        var list = (MimeMultipart) row.getBodyPart(row.getCount() - 1).getContent();
        String text = (String) list.getBodyPart(0).getContent();
        assertThat(text).contains("דוח.pdf (200.0 kB), until ");
        Matcher link = LINK.matcher(text);
        assertThat(link.find()).isTrue();
        assertThat((String) list.getBodyPart(1).getContent()).contains("href=\"" + link.group() + "\"");
        return URI.create(link.group());
    }

    private static HttpResponse<byte[]> get(URI link, String... headers) throws Exception {
        try (var client = HttpClient.newBuilder()
                .sslContext(TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate()))
                .build()) {
            var request = HttpRequest.newBuilder(link);
            return client.send((headers.length == 0 ? request : request.headers(headers)).build(),
                    HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    private static void gives(URI link, byte[] attachment) throws Exception {
        HttpResponse<byte[]> answer = get(link);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("ETag")).contains("\"" + sha256(attachment) + "\"");
        assertThat(answer.body()).isEqualTo(attachment);
        assertThat(get(link, "Range", "bytes=100000-100099").body())
                .isEqualTo(Arrays.copyOfRange(attachment, 100_000, 100_100));
    }

    private static String sha256(byte[] octets) throws Exception {
        return HexFormat.of()
                .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(octets));
    }

    private S3Location bucket(S3Server server) throws Exception {
        return new S3Location(server.endpoint(), "us-east-1", S3Server.BUCKET,
                S3Server.credentials(directory.resolve("keys"), S3Server.SECRET_KEY));
    }

    private Optional<S3Server> s3() throws Exception {
        return S3Server.start(Files.createDirectories(directory.resolve("s3")));
    }

    @Test
    void anAttachmentBecomesALinkThatGivesTheSameOctets() throws Exception {
        PrintStream usual = System.err;
        var log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        URI link;
        String id;
        try {
            start(onTheVolume());
            id = submit(mail("mixed", ATTACHMENT));
            link = linkIn(delivered());
            gives(link, ATTACHMENT);
        } finally {
            System.setErr(usual);
        }
        String token = link.getPath().split("/", -1)[1];
        assertThat(token).matches("[A-Za-z0-9_-]{43}");
        assertThat(log.toString(StandardCharsets.UTF_8)).contains(id + " downloaded organization=shop/orders")
                .doesNotContain(token, Sha256.of(token));
        assertThat(directory.resolve("links/shop/orders/" + id + "-1")).hasBinaryContent(ATTACHMENT);
    }

    @Test
    @Tag("isolation")
    void anotherNamespaceHasNoLinksAtAHostThatIsSomebodys() throws Exception {
        String host = "localhost:" + start(onTheVolume()).linksPort().orElseThrow();
        submit(mail("mixed", ATTACHMENT));
        URI link = linkIn(delivered());
        OrganizationRoute victim = routes.organization(TestRoutes.key("orders")).orElseThrow();
        OrganizationRoute thief = new OrganizationRoute(new ResourceKey("evil", "thief"), victim.passwordSha256(),
                State.OPEN, victim.servers(), victim.from(), victim.envelopeFrom(), Optional.empty(),
                Optional.of(linksAt(host + "/any", true)));

        routes.put(thief);
        assertThat(get(link).statusCode()).as("the host is another's").isEqualTo(404);
        routes.put(new OrganizationRoute(victim.key(), victim.passwordSha256(), victim.state(), victim.servers(),
                victim.from(), victim.envelopeFrom(), victim.webhook(), Optional.of(linksAt(host, true))));
        assertThat(get(link).statusCode()).as("both have it for themselves").isEqualTo(404);
        routes.put(thief.withoutOwnLinkHost());
        gives(link, ATTACHMENT);
        routes.put(new OrganizationRoute(TestRoutes.key("news"), victim.passwordSha256(), State.OPEN,
                victim.servers(), victim.from(), victim.envelopeFrom(), Optional.empty(),
                Optional.of(linksAt(host, true))));
        gives(link, ATTACHMENT);
    }

    private static SizeLimit linksAt(String host, boolean exclusive) {
        return new SizeLimit(Optional.empty(), WhenTooLarge.LINK,
                Optional.of(new Linking(host, false, 30, exclusive)));
    }

    @Test
    @Tag("promises")
    void whatTheRelayAttachesForThoseWhoHelpIsInNoLink() throws Exception {
        Relay started = start(onTheVolume());
        OrganizationRoute plain = routes.organization(TestRoutes.key("orders")).orElseThrow();
        routes.put(new OrganizationRoute(plain.key(), plain.passwordSha256(), plain.state(), plain.servers(),
                plain.from(), plain.envelopeFrom(), plain.webhook(),
                Optional.of(new SizeLimit(Optional.empty(), WhenTooLarge.LINK, Optional
                        .of(new Linking("localhost:" + started.linksPort().orElseThrow(), true, 30)))))
                .helpedBy(Optional.of(new Support("help@example.com", Optional.empty(),
                        Optional.of(new SystemInformation(List.of(), List.of()))))));

        String id = submit(mail("mixed", ATTACHMENT), Support.RECIPIENT);

        assertThat(delivered().isMimeType("multipart/mixed")).isTrue();
        assertThat(mx.messages().getFirst().text()).contains("filename=\"system-information.txt\"",
                "filename=\"system-information.json\"");
        try (Stream<Path> kept = Files.list(directory.resolve("links/shop/orders"))) {
            assertThat(kept.map(file -> file.getFileName().toString())).hasSize(1).allMatch(f -> f.startsWith(id));
        }
    }

    /** The server may have to be built first. */
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    @Test
    void attachmentsInS3WithAQueueInPostgres() throws Exception {
        try (S3Server server = s3().orElse(null)) {
            assumeTrue(server != null, "no S3 server here");
            var database = new PostgresLocation(PostgresServer.shared().url(PostgresServer.shared().newDatabase()),
                    Optional.of(PostgresServer.credentials(directory.resolve("login"))));
            PrintStream usual = System.err;
            var log = new ByteArrayOutputStream();
            System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
            try {
                start(settings(0, Optional.of(bucket(server)), Optional.empty()),
                        new QueueSettings(Optional.of(database), QueueLimits.DEFAULT, QueueSettings.LEASE));
                server.stop();
                String id = submit(mail("mixed", ATTACHMENT));
                await().atMost(Duration.ofSeconds(60))
                        .untilAsserted(() -> assertThat(log.toString(StandardCharsets.UTF_8))
                                .contains(id + " deferred", "cannot be written"));
                assertThat(mx.messages()).isEmpty();
                server.startAgain();
                gives(linkIn(delivered()), ATTACHMENT);
                assertThat(server.keys()).containsExactly("shop/orders/" + id + "-1");
            } finally {
                System.setErr(usual);
            }
            assertThat(log.toString(StandardCharsets.UTF_8)).doesNotContain(S3Server.SECRET_KEY);
        }
    }

    @Test
    void aRestartBetweenTheStoringAndTheDeliveryChangesNoLink() throws Exception {
        mx.on("MESSAGE", "451 4.3.0 later");
        int port = start(onTheVolume()).linksPort().orElseThrow();
        String id = submit(mail("mixed", ATTACHMENT));
        Path file = directory.resolve("links/shop/orders/" + id + "-1");
        await().untilAsserted(() -> assertThat(mx.commands().stream().filter(line -> line.startsWith("DATA")))
                .hasSizeGreaterThan(1));
        var written = Files.getLastModifiedTime(file);
        relay.orElseThrow().close();
        String token = token(id);

        mx.on("MESSAGE", "250 2.0.0 Ok");
        start(settings(port, Optional.empty(), Optional.empty()));
        URI link = linkIn(delivered());
        assertThat(link.getPath()).startsWith("/" + token + "/");
        gives(link, ATTACHMENT);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);
    }

    private String token(String id) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
                var query = connection.prepareStatement("SELECT token FROM link WHERE message = ?")) {
            query.setString(1, id);
            try (var rows = query.executeQuery()) {
                assertThat(rows.next()).isTrue();
                return rows.getString(1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a volume that cannot be written", "too much is kept already"})
    void mailWaitsWhileItsAttachmentsCannotBeKept(String why) throws Exception {
        boolean quota = why.startsWith("too much");
        Path inTheWay = Files.createDirectories(directory.resolve("links")).resolve("shop");
        if (!quota) {
            Files.writeString(inTheWay, "a file where a directory should be");
        }
        int port = start(new LinkSettings(0, true, Optional.empty(), quota ? 100_000 : 1 << 20, 10, Optional.empty()))
                .linksPort()
                .orElseThrow();
        submit(mail("mixed", ATTACHMENT));
        await().untilAsserted(() -> assertThat(replies()).anyMatch(reply -> reply.contains(quota
                ? "would be more than 100000 octets (relay.links.organizationSize of the chart)"
                : "the relay's volume cannot be written")));
        assertThat(mx.messages()).isEmpty();
        if (quota) {
            relay.orElseThrow().close();
            start(settings(port, Optional.empty(), Optional.empty()));
        } else {
            Files.delete(inTheWay);
        }
        gives(linkIn(delivered()), ATTACHMENT);
    }

    private List<String> replies() throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
                var rows = connection.createStatement().executeQuery("SELECT last_reply FROM recipient")) {
            return rows.next() ? Optional.ofNullable(rows.getString(1)).stream().toList() : List.of();
        }
    }

    @Test
    void anInfectedAttachmentIsReturnedAndNothingIsKept() throws Exception {
        byte[] infected = Arrays.copyOf(ATTACHMENT, ATTACHMENT.length);
        byte[] virus = ClamdServer.VIRUS.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(virus, 0, infected, 150_000, virus.length);
        try (var clamd = ClamdServer.start(Files.createDirectories(directory.resolve("clamd")))) {
            start(settings(0, Optional.empty(), Optional.of(new Clamd(clamd.address()))));
            submit(mail("mixed", infected));
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(mx.messages()).isNotEmpty());
            assertThat(mx.messages().getFirst().sender()).startsWith("<>");
            assertThat(mx.messages().getFirst().text()).contains("Action: failed\r\nStatus: 5.7.1\r\n",
                    "holds Postrider.Test.UNOFFICIAL").doesNotContain("https://");
            assertThat(directory.resolve("links")).isEmptyDirectory();
        }
    }

    @Test
    @Tag("isolation")
    void hostileAttachmentsAreRefusedOrKeptWhileThoseOfOthersArrive() throws Exception {
        try (var clamd = ClamdServer.start(Files.createDirectories(directory.resolve("clamd")),
                "AlertExceedsMax yes", "MaxScanTime 1000")) {
            assumeTrue(clamd.isReal(), "clamd is not installed, and a stand-in opens no archives");
            start(new LinkSettings(0, true, Optional.empty(), 8L << 20, 10,
                    Optional.of(new Clamd(clamd.address(), Duration.ofSeconds(20)))));
            OrganizationRoute orders = TestRoutes.organization("orders", State.OPEN);
            link(new OrganizationRoute(new ResourceKey("evil", "bombs"), orders.passwordSha256(), State.OPEN,
                    orders.servers(), orders.from(), orders.envelopeFrom(), Optional.empty(), Optional.empty()));
            String random = HexFormat.of().formatHex(octets(200_000));
            for (byte[] hostile : List.of(HostileArchive.empty(9_000),
                    HostileArchive.nested(30, random), new byte[2 << 20])) {
                submit("bombs.evil", mail("mixed", hostile), "bomb@y.example");
            }
            submit(mail("mixed", ATTACHMENT));

            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(mx.messages().stream().map(m -> m.text())).hasSize(3)
                            .anyMatch(text -> text.contains("https://"))
                            .anyMatch(text -> text.contains("Status: 5.7.1\r\n")
                                    && text.contains("(Heuristics.Limits.Exceeded.MaxScanTime)"))
                            .anyMatch(text -> text.contains("Status: 5.7.1\r\n")
                                    && text.contains("(Heuristics.Limits.Exceeded.MaxRecursion)")));
            assertThat(replies()).anyMatch(reply -> reply.contains("raise StreamMaxLength"));
            assertThat(directory.resolve("links/evil")).doesNotExist();
        }
    }

    @Test
    void mailWaitsForTheVirusScanner() throws Exception {
        int port = start(settings(0, Optional.empty(), Optional.of(new Clamd("127.0.0.1:" + FreePort.find()))))
                .linksPort()
                .orElseThrow();
        submit(mail("mixed", ATTACHMENT));
        await().untilAsserted(
                () -> assertThat(replies()).anyMatch(reply -> reply.contains("the virus scanner at 127.0.0.1")));
        relay.orElseThrow().close();
        try (var clamd = ClamdServer.start(Files.createDirectories(directory.resolve("clamd")))) {
            start(settings(port, Optional.empty(), Optional.of(new Clamd(clamd.address()))));
            gives(linkIn(delivered()), ATTACHMENT);
        }
    }

    @Test
    void aSignedMessageThatIsTooLargeIsReturned() throws Exception {
        start(onTheVolume());
        submit(mail("signed", ATTACHMENT));
        await().untilAsserted(() -> assertThat(mx.messages()).isNotEmpty());
        assertThat(mx.messages().getFirst().sender()).startsWith("<>");
        assertThat(mx.messages().getFirst().text()).contains("Status: 5.3.4\r\n", "it is signed or encrypted");
        assertThat(directory.resolve("links")).isEmptyDirectory();
    }

    @Test
    void linksNeedS3WhereTheQueueIsShared() throws Exception {
        var shared = new QueueSettings(Optional.of(new PostgresLocation("postgresql://db/queue", Optional.empty())),
                QueueLimits.DEFAULT, QueueSettings.LEASE);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> start(onTheVolume(), shared))
                .hasMessageContaining("with a queue in PostgreSQL attachments must be kept in S3");
    }
}
