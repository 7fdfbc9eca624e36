package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.reply.Reply;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.Python;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import jakarta.mail.BodyPart;
import jakarta.mail.Message.RecipientType;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mail of RFC 6531 and 6532 at servers that do not take it. */
@Tag("organizations")
final class WithoutSmtpUtf8Test {
    private static final String MAIL = """
            Received: from a (a [192.0.2.1]) by relay.test with UTF8SMTPS for <büro@postfix.test>; now
            From: "Bücher & \\"Söhne\\", GmbH" <laden@bücher.example>
            To: =?UTF-8?Q?J=C3=B6rg?= Müller <j@postfix.test>, all@postfix.test (für alle)
            Cc: Größen: a@x.example;, k@straße.example
            Subject: Größe und Preis von zweihundertfünfzig Büchern, die längst hätten geliefert sein müssen, für
             Jörg =?UTF-8?Q?M=C3=BCller?=
            Message-ID: <1@bücher.example>
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="b1"

            --b1
            Content-Type: text/plain; charset=UTF-8
            Content-Transfer-Encoding: 8bit

            Größe: 8 Bit, wie es war.
            .
            Subject: kein Feld, sondern Text
            --b1
            Content-Type: application/pdf; name="Übersicht.pdf"
            Content-Disposition: attachment; filename="Übersicht der Größen.pdf"
            Content-Description: Übersicht
            Content-Transfer-Encoding: base64

            JVBERi0=
            --b1--
            nach dem Ende: ü
            """;

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start()
            .offer("8BITMIME", "SIZE 10240000", "ENHANCEDSTATUSCODES");

    @AfterEach
    void close() {
        server.close();
    }

    private static MessageContent utf8(String text) {
        return MessageContent.of(text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private static Envelope envelope(String sender, String... recipients) {
        return new Envelope(sender, List.of(recipients), true, true);
    }

    private static Attempt send(Endpoint.Smtp endpoint, Envelope envelope, MessageContent message) {
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(endpoint))) {
            return upstream.send(envelope, message);
        }
    }

    private Attempt send(Envelope envelope, String message) {
        return send(Mails.plain(server.port()), envelope, utf8(message));
    }

    private String sent(String message) {
        Attempt attempt = send(envelope("a@x.example", "b@x.example"), message);
        assertThat(attempt.verdicts().get("b@x.example")).isInstanceOf(Verdict.Accepted.class);
        return new String(server.messages().getLast().bytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    private static Verdict.Refused refused(Attempt attempt, String recipient) {
        return switch (attempt.verdicts().get(recipient)) {
            case Verdict.Refused refused -> refused;
            case Verdict.Accepted accepted -> throw new AssertionError("accepted: " + accepted);
            case null -> throw new AssertionError("no verdict");
        };
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            Subject: Grüße                       | Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=
            Subject: plain                       | Subject: plain
            subject : Grüße                      | subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=
            Subject: =?UTF-8?Q?=C3=BC?= ü        | Subject: =?UTF-8?B?w7wgw7w=?=
            X-Note: 日本語                       | X-Note: =?UTF-8?B?5pel5pys6Kqe?=
            From: Jörg <j@x.example>             | From: =?UTF-8?Q?J=C3=B6rg?= <j@x.example>
            From: "Jörg, M." <j@x.example>       | From: =?UTF-8?Q?J=C3=B6rg=2C_M=2E?= <j@x.example>
            From: j@bücher.example               | From: j@xn--bcher-kva.example
            From: Jim <j@straße.example>         | From: Jim <j@xn--strae-oqa.example>
            To: a@x.example, Jörg <b@x.example>  | To: a@x.example, =?UTF-8?Q?J=C3=B6rg?= <b@x.example>
            To: Größe: a@x.example, b@x.example; | To: =?UTF-8?Q?Gr=C3=B6=C3=9Fe?=: a@x.example, b@x.example;
            Message-ID: <1.a@bücher.example>     | Message-ID: <1.a@xn--bcher-kva.example>
            References: <1@ü.example> <2@x>      | References: <1@xn--tda.example> <2@x>
            Date: Mon, 4 Jan 2027 9:00 (früh)    | Date: Mon, 4 Jan 2027 9:00 (=?UTF-8?Q?fr=C3=BCh?=)
            Keywords: Öl, oil                    | Keywords: =?UTF-8?B?w5Zs?=, oil
            List-Id: Öl <öl.x.example>           | List-Id: =?UTF-8?B?w5Zs?= <xn--l-0ga.x.example>
            List-Unsubscribe: <https://x.de/ö>   | List-Unsubscribe: <https://x.de/%C3%B6>
            Received: by x for <ü@x.example>; x  | Received: by x for <?@x.example>; x
            Content-Disposition: attachment; filename="ü.txt" | Content-Disposition: attachment; filename*=UTF-8''%C3%BC.txt
            Content-Type: text/plain; name="ü"   | Content-Type: text/plain; name*=UTF-8''%C3%BC
            `Content-Type: text/plain　`          | Content-Type: text/plain
            """)
    // @formatter:on
    void aFieldInAscii(String field, String expected) {
        assertThat(sent(field + "\nX-Other: as it is \n\nbody ü\n"))
                .isEqualTo(expected + "\nX-Other: as it is \n\nbody ü\n");
        assertThat(server.commands()).filteredOn(line -> line.startsWith("MAIL"))
                .singleElement()
                .asString()
                .contains(" SIZE=" + server.messages().getFirst().bytes().length)
                .doesNotContain("SMTPUTF8");
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            From: jörg@x.example              | field From cannot be written in ASCII: what stands before the at-sign of <jörg@x.example> has no form in ASCII
            To: Jörg <jörg@x.example>         | field To
            Cc: a@x.example, ü@x.example      | field Cc
            Sender: ü@x.example               | field Sender
            Reply-To: ü@x.example             | field Reply-To
            Cc: Größe: ü@x.example;           | field Cc
            Message-ID: <ü@x.example>         | field Message-ID
            From: a@ｂｕ.example              | "ｂｕ.example" is no domain of IDNA
            Date: März                        | field Date
            Content-Type: text/plain; name=ü  | field Content-Type
            Content-Type: message/global      | it holds a message of the type message/global
            """)
    // @formatter:on
    void whatHasNoFormInAsciiIsRefused(String field, String why) {
        Verdict.Refused refused = refused(send(envelope("a@x.example", "b@x.example"), field + "\n\nbody\n"),
                "b@x.example");
        assertThat(refused.permanent()).isTrue();
        assertThat(refused.enhancedStatus(true)).isEqualTo("5.6.7");
        assertThat(refused.message()).contains("SMTPUTF8", why);
        assertThat(server.commands()).noneMatch(line -> line.startsWith("MAIL"));
    }

    @Test
    void octetsThatAreNoUtf8AreRefused() {
        Attempt attempt = send(Mails.plain(server.port()), envelope("a@x.example", "b@x.example"),
                Mails.text("Subject: \u00fc\r\n\r\n"));
        assertThat(refused(attempt, "b@x.example").message()).contains("field Subject", "no UTF-8");
    }

    @Test
    void onlyTheRecipientConcernedIsRefused() {
        Attempt attempt = send(envelope("a@bücher.example", "b@bücher.example", "ü@x.example", "c@x.example"),
                "Subject: x\n\nbody\n");
        assertThat(server.commands()).contains("RCPT TO:<b@xn--bcher-kva.example>", "RCPT TO:<c@x.example>")
                .anyMatch(line -> line.startsWith("MAIL FROM:<a@xn--bcher-kva.example>"));
        assertThat(attempt.verdicts().get("b@bücher.example")).isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.verdicts().get("c@x.example")).isInstanceOf(Verdict.Accepted.class);
        assertThat(refused(attempt, "ü@x.example")).returns(Step.RecipientRejected, Verdict.Refused::step)
                .returns("5.6.7", refused -> refused.enhancedStatus(true));
    }

    @Test
    void aSenderWithoutAFormInAsciiIsRefusedForAll() {
        Attempt attempt = send(envelope("ü@x.example", "b@x.example", "c@x.example"), "Subject: x\n\nbody\n");
        assertThat(List.of(refused(attempt, "b@x.example"), refused(attempt, "c@x.example")))
                .allMatch(refused -> refused.enhancedStatus(true).equals("5.6.7"));
    }

    @Test
    void aServerThatTakesSmtpUtf8GetsItUnlessToldNotTo() {
        server.offer("8BITMIME", "SMTPUTF8");
        String mail = "Subject: Grüße\n\nbody\n";
        send(envelope("ü@x.example", "ü@bücher.example"), mail);
        assertThat(server.messages().getLast().bytes())
                .isEqualTo(mail.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
        Endpoint.Smtp e = Mails.plain(server.port());
        send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), false, e.proxy(), e.ehloName(),
                e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1, e.login(), true,
                Optional.empty(), e.eightBitMime()),
                envelope("a@x.example", "b@bücher.example"), utf8(mail));
        assertThat(server.messages().getLast().text()).startsWith("Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n");
        assertThat(server.messages().getLast().recipients()).containsExactly("b@xn--bcher-kva.example");
    }

    @ParameterizedTest
    @ValueSource(strings = {"multipart/signed; protocol=x; micalg=y; boundary=b", "multipart/mixed; boundary=b"})
    void aSignedPartIsNotChanged(String type) {
        String mail = "Subject: ü\nContent-Type: " + type
                + "\n\n--b\nContent-Type: text/plain; name=\"ü\"\n\nx\n--b--\n";
        Attempt attempt = send(envelope("a@x.example", "b@x.example"), mail);
        if (type.startsWith("multipart/signed")) {
            assertThat(refused(attempt, "b@x.example").message()).contains("signed part");
            assertThat(sent(mail.replace("name=\"ü\"", "charset=UTF-8"))).contains("=?UTF-8?");
        } else {
            assertThat(attempt.verdicts().get("b@x.example")).isInstanceOf(Verdict.Accepted.class);
        }
    }

    @Test
    void aServerWithout8BitMimeGetsBodiesInSevenBitsToo() {
        server.offer("ENHANCEDSTATUSCODES");
        assertThat(sent("Subject: ü\n\nall ASCII\n")).startsWith("Subject: =?UTF-8?");
        assertThat(sent("Subject: ü\n\nGrüße an alle, wie immer\n")).startsWith("Subject: =?UTF-8?")
                .endsWith("""
                        charset=utf-8
                        Content-Transfer-Encoding: quoted-printable

                        Gr=C3=BC=C3=9Fe an alle, wie immer
                        """);
    }

    @Test
    void anAttachedMessageAndALargeBodyStayAsTheyAre() {
        String rest = "\n--b\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed; boundary=c\n\n"
                + "--c\nX: ü\n\n--c--\n\n--b\nContent-Type: text/plain\n\n" + "ü--b\n-- b\n--bb\n".repeat(50_000)
                + "y".repeat(100_000) + "\n--b--\nX: ü\n";
        assertThat(sent("Subject: ü\nContent-Type: multipart/mixed; boundary=b\n" + rest)).endsWith(rest)
                .startsWith("Subject: =?UTF-8?");
    }

    @Test
    void whatPostfixStoresIsReadAsItWasMeant() throws Exception {
        Optional<PostfixServer> started = PostfixServer.startIfInstalled(
                new TestCertificates("Test CA").server("localhost"), List.of("smtputf8_enable = no"));
        assumeTrue(started.isPresent(), "no Postfix here, or not root: not tried");
        try (PostfixServer postfix = started.orElseThrow()) {
            Attempt attempt = send(Mails.plain(postfix.port()),
                    envelope("laden@bücher.example", "all@postfix.test", "büro@postfix.test"), utf8(MAIL));
            assertThat(attempt.verdicts().get("all@postfix.test")).as(postfix::log)
                    .isInstanceOf(Verdict.Accepted.class);
            assertThat(refused(attempt, "büro@postfix.test").enhancedStatus(true)).isEqualTo("5.6.7");
            await().untilAsserted(() -> assertThat(postfix.mails()).hasSize(1));
            byte[] stored = postfix.mails().getFirst().getBytes(StandardCharsets.ISO_8859_1);
            assertThat(readByAngus(stored)).isEqualTo(EXPECTED);
            Optional<Python> python = Python.with("email");
            if (python.isPresent()) {
                assertThat(readByPython(python.get(), stored)).isEqualTo(EXPECTED);
            }
        }
    }

    private static final String EXPECTED = """
            from: Bücher & "Söhne", GmbH laden@xn--bcher-kva.example
            to: Jörg Müller j@postfix.test
            subject: Größe und Preis von zweihundertfünfzig Büchern, die längst hätten geliefert sein müssen, für \
            Jörg Müller
            file: Übersicht der Größen.pdf
            text: Größe: 8 Bit, wie es war.
            """;

    private static String readByAngus(byte[] stored) throws Exception {
        MimeMessage mail = new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(stored));
        InternetAddress from = (InternetAddress) mail.getFrom()[0];
        InternetAddress to = (InternetAddress) mail.getRecipients(RecipientType.TO)[0];
        MimeMultipart parts = (MimeMultipart) mail.getContent();
        BodyPart file = parts.getBodyPart(1);
        return described(from.getPersonal() + " " + from.getAddress(), to.getPersonal() + " " + to.getAddress(),
                mail.getSubject(), file.getFileName(), parts.getBodyPart(0).getContent().toString());
    }

    private static String described(String from, String to, String subject, String file, String text) {
        return "from: " + from + "\nto: " + to + "\nsubject: " + subject + "\nfile: " + file + "\ntext: "
                + text.lines().findFirst().orElse("") + "\n";
    }

    private static String readByPython(Python python, byte[] stored) {
        var result = python.run("""
                import email, email.policy, sys
                mail = email.message_from_bytes(sys.stdin.buffer.read().decode('utf-8').encode('latin-1'),
                        policy=email.policy.default)
                for name in ('from', 'to'):
                    who = mail[name].addresses[0]
                    print(name + ':', who.display_name, who.addr_spec)
                print('subject:', mail['subject'])
                text, file = mail.iter_parts()
                print('file:', file.get_filename())
                print('text:', text.get_content().splitlines()[0])
                """, new String(stored, StandardCharsets.ISO_8859_1));
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result.out();
    }
}
