package dev.postrider.message.dkim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.Splitting;
import dev.postrider.message.change.PatchedMessage;
import dev.postrider.reply.Reply;
import dev.postrider.route.DkimKey;
import dev.postrider.testing.DkimVerifier;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.Mails;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What servers got is checked by dkimpy, which is not tried where it is not installed. */
@Tag("organizations")
final class DkimSignersTest {
    private static final DkimKey RSA = DkimVerifier.key("r1", "acme.example", "RSA", 2048);
    private static final DkimKey ED25519 = DkimVerifier.key("e1", "acme.example", "Ed25519", 0);
    private static final List<DkimKey> KEYS = List.of(RSA, ED25519);
    private static final String BOTH = "rsa-sha256 pass, ed25519-sha256 pass";
    private static final String NONE = "rsa-sha256 fail, ed25519-sha256 fail";
    private static final String HEADER = "From: Shop <no-reply@acme.example>\r\nTo: b@x.example\r\nSubject: it\r\n";

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();

    @AfterEach
    void close() {
        server.close();
    }

    private static Map<String, String> mails() {
        Map<String, String> mails = new LinkedHashMap<>();
        mails.put("plain", HEADER + "\r\nWorld\r\n");
        mails.put("8 bit", HEADER + "\r\nW\u00c3\u00b6rld \u00ff\r\n");
        mails.put("raw UTF-8 in the header", HEADER + "X: \u00c3\u00b6\r\nComments: \u00c3\u00b6\r\n\r\nx\r\n");
        mails.put("lines with dots", HEADER + "\r\n.\r\n..\r\n.a\r\na.\r\n\r\n.\r\n");
        mails.put("an empty body", HEADER + "\r\n");
        mails.put("no body", HEADER);
        mails.put("nothing but empty lines", HEADER + "\r\n\r\n\r\n\r\n");
        mails.put("empty lines at the end", HEADER + "\r\nx\r\n\r\n \t\r\n\r\n");
        mails.put("no line end at the end", HEADER + "\r\nx");
        mails.put("spaces", HEADER + "\r\n  a  \t b \t\r\n \r\n\tc\r\n");
        mails.put("lone CR and LF", HEADER + "\r\na\rb\nc\n\rd\r\r\n\r");
        mails.put("folded fields", """
                From:
                  Shop
                \t<no-reply@acme.example>\s
                Subject: a \t b
                  c
                To: a@x.example,
                 b@x.example

                x
                """.replace("\n", "\r\n"));
        mails.put("fields that are there twice",
                HEADER + "To: c@x.example\r\nReceived: a\r\nSubject: two\r\nTo: d@x.example"
                        + "\r\nReceived: b\r\n\r\nx\r\n");
        mails.put("a header of LF alone", HEADER.replace("\r\n", "\n") + "\nx\n");
        mails.put("a From of a subdomain", HEADER.replace("@acme", "@shop.acme") + "\r\nx\r\n");
        mails.put("many fields", HEADER + "Date: x\r\nMessage-ID: <1@x>\r\nIn-Reply-To: <1@x>\r\nReferences: <1@x>\r\n"
                + "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\nCc: a@x\r\n"
                + "Reply-To: a@x\r\nSender: a@acme.example\r\nList-Unsubscribe: <https://x.example>\r\n\r\nx\r\n");
        mails.put("a signature of somebody else", "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=from;\r\n"
                + "\tbh=AAAA; b=AAAA\r\n" + HEADER + "\r\nx\r\n");
        mails.put("a large body", HEADER + "\r\n" + ("0123456789 \u00e4 ".repeat(6) + "\r\n").repeat(60_000));
        return mails;
    }

    private Attempt send(int port, List<DkimKey> keys, String text) {
        Envelope envelope = new Envelope("a@acme.example", List.of("all@postfix.test"), true, false)
                .signedBy(new DkimSigners(keys, InstantSource.system()));
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.plain(port)))) {
            return upstream.send(envelope, Mails.text(text));
        }
    }

    private byte[] received(List<DkimKey> keys, String text) {
        Attempt attempt = send(server.port(), keys, text);
        assertThat(attempt.verdicts().values()).allMatch(Verdict.Accepted.class::isInstance);
        return server.messages().getLast().bytes();
    }

    private static DkimVerifier verifier(List<DkimKey> keys) {
        Optional<DkimVerifier> verifier = DkimVerifier.of(keys);
        assumeTrue(verifier.isPresent(), "no dkimpy here: not tried");
        return verifier.orElseThrow();
    }

    @Test
    void everySignatureIsGoodAndNoneIsWhereSomethingChanged() {
        DkimVerifier verifier = verifier(KEYS);
        Map<String, byte[]> good = new LinkedHashMap<>();
        Map<String, byte[]> bad = new LinkedHashMap<>();
        mails().forEach((what, text) -> {
            byte[] mail = received(KEYS, text);
            good.put(what, mail);
            String octets = new String(mail, StandardCharsets.ISO_8859_1);
            if (text.contains("\r\n\r\n") && !text.endsWith("\r\n\r\n")) {
                bad.put(what + ", its body changed", latin1(octets.replaceFirst("\r\n\r\n", "\r\n\r\n!")));
            }
            bad.put(what + ", its From changed", latin1(octets.replaceFirst("no-reply@", "no-repli@")));
            bad.put(what + ", a From added", latin1("From: x@evil.example\r\n" + octets));
            bad.put(what + ", a Subject added", latin1(octets.replaceFirst("\r\nTo: ", "\r\nSubject: x\r\nTo: ")));
        });
        List<String> passed = verifier.verify(List.copyOf(good.values()));
        List<String> failed = verifier.verify(List.copyOf(bad.values()));
        Map<String, String> results = new LinkedHashMap<>();
        good.keySet().forEach(what -> results.put(what, passed.get(results.size())));
        assertThat(results).allSatisfy((what, result) -> assertThat(result).as(what).startsWith(BOTH));
        assertThat(failed).hasSize(bad.size()).allMatch(result -> result.startsWith(NONE));
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void whatPostfixStoresIsGood() {
        DkimVerifier verifier = verifier(KEYS);
        Optional<PostfixServer> started = PostfixServer.startIfInstalled(
                new TestCertificates("Test CA").server("localhost"),
                List.of("message_size_limit = 0", "virtual_mailbox_limit = 0"));
        assumeTrue(started.isPresent(), "no Postfix here, or not root: not tried");
        try (PostfixServer postfix = started.orElseThrow()) {
            List<String> texts = new ArrayList<>(mails().values());
            // Postfix takes CR alone as text.
            texts.removeIf(text -> text.replace("\r\n", "").contains("\r") || text.startsWith("DKIM"));
            texts.forEach(text -> assertThat(send(postfix.port(), KEYS, text).verdicts().values())
                    .allMatch(Verdict.Accepted.class::isInstance));
            await().untilAsserted(() -> assertThat(postfix.mails().size()).as(postfix::log).isEqualTo(texts.size()));
            assertThat(
                    verifier.verify(postfix.mails().stream().map(mail -> latin1(mail.replace("\n", "\r\n"))).toList()))
                    .allMatch(BOTH::equals);
        }
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            acme.example      | a@acme.example                     | true
            acme.example      | "A" <a@ACME.example>               | true
            acme.example      | a@shop.acme.example                | true
            acme.example      | a@notacme.example                  | false
            acme.example      | a@acme.example.org                 | false
            shop.acme.example | a@acme.example                     | false
            acme.example      | a@acme.example, b@acme.example     | true
            acme.example      | a@acme.example, b@evil.example     | false
            xn--bcher-kva.example | a@b\u00fccher.example          | true
            acme.example      | nobody                             | false
            """)
    // @formatter:on
    void onlyMailOfTheDomainIsSigned(String domain, String from, boolean signed) {
        DkimKey key = new DkimKey("e1", domain, ED25519.privateKey());
        String text = new String(("From: " + from + "\r\n\r\nx\r\n").getBytes(StandardCharsets.UTF_8),
                StandardCharsets.ISO_8859_1);
        String mail = new String(received(List.of(key), text), StandardCharsets.ISO_8859_1);
        assertThat(mail).endsWith(text);
        assertThat(mail.startsWith("DKIM-Signature: ")).isEqualTo(signed);
    }

    @ParameterizedTest
    @CsvSource({"Subject: no From", "no field", "'From: a@acme.example\rX: y'", "''"})
    void whatHasNoReadableHeaderIsSentAsItIs(String header) {
        assertThat(new String(received(KEYS, header + "\r\n\r\nx\r\n"), StandardCharsets.ISO_8859_1))
                .startsWith(header.replace("\r", "\r\n"))
                .doesNotContain("DKIM-Signature");
    }

    @Test
    void theFieldIsFoldedAndSaysWhatItShould() {
        String mail = new String(received(KEYS, mails().getOrDefault("many fields", "")), StandardCharsets.ISO_8859_1);
        assertThat(mail.lines().takeWhile(line -> !line.startsWith("From:")))
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(78));
        assertThat(mail).startsWith("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
                + "\td=acme.example; s=r1;\r\n\tt=")
                .contains("\th=from:from:to:to:subject:subject:", "d=acme.example; s=e1;");
        assertThat(server.commands()).contains("MAIL FROM:<a@acme.example> SIZE=" + mail.length() + " BODY=8BITMIME");
    }

    @Test
    void partsOfALargeMessageAreSignedEach() {
        DkimVerifier verifier = verifier(KEYS);
        server.offer("SIZE 20000");
        String text = HEADER + "Message-ID: <1@x>\r\n\r\n" + ("x".repeat(70) + "\r\n").repeat(800);
        Envelope envelope = new Envelope("a@acme.example", List.of("b@x.example"), false, false, DsnRequest.NONE,
                Map.of(), Optional.of(new Splitting(Optional.empty(), "id@relay.test")))
                .signedBy(new DkimSigners(KEYS, InstantSource.system()));
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.plain(server.port())))) {
            upstream.send(envelope, Mails.text(text));
        }
        assertThat(server.messages()).hasSizeGreaterThan(3)
                .allSatisfy(part -> assertThat(part.bytes().length).isLessThanOrEqualTo(20_000));
        assertThat(verifier.verify(server.messages().stream().map(ScriptedSmtpServer.Received::bytes).toList()))
                .hasSameSizeAs(server.messages())
                .allMatch(BOTH::equals);
    }

    @Test
    void whatIsSignedIsDowngradedBefore() {
        DkimVerifier verifier = verifier(KEYS);
        server.offer("8BITMIME");
        Envelope envelope = new Envelope("a@acme.example", List.of("b@x.example"), true, true)
                .signedBy(new DkimSigners(KEYS, InstantSource.system()));
        String text = HEADER.replace("Shop", "B\u00fccher").replace("it\r", "Gr\u00f6\u00dfe\r") + "\r\n\u00fc\r\n";
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.plain(server.port())))) {
            upstream.send(envelope, MessageContent.of(text.getBytes(StandardCharsets.UTF_8)));
        }
        assertThat(server.messages().getFirst().text()).contains("From: =?UTF-8?Q?B=C3=BCcher?=");
        assertThat(verifier.verify(List.of(server.messages().getFirst().bytes()))).containsExactly(BOTH);
    }

    /** Read a few octets at a time, as a queue may hand it out. */
    @Test
    void theBodyHashIsTheSameWhateverBlocksItComesIn() throws IOException {
        for (String text : mails().values()) {
            byte[] body = latin1(text.substring(0, Math.min(text.length(), 5000)));
            BodyHash whole = new BodyHash();
            whole.add(body, 0, body.length);
            BodyHash pieces = new BodyHash();
            for (int i = 0; i < body.length; i += 3) {
                pieces.add(body, i, Math.min(3, body.length - i));
            }
            assertThat(pieces.end()).isEqualTo(whole.end());
            try (InputStream patched = new PatchedMessage(Mails.bytes(body),
                    List.of(new PatchedMessage.Patch(0, 0, "ab"), new PatchedMessage.Patch(3, 5, ""))).open()) {
                byte[] read = patched.readAllBytes();
                assertThat(read).hasSize(body.length).startsWith('a', 'b', body[0]);
                assertThat(Arrays.copyOfRange(read, 5, read.length))
                        .isEqualTo(Arrays.copyOfRange(body, 5, body.length));
            }
        }
    }
}
