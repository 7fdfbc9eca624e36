package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.RecipientDsnRequest.Notify;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.reply.Reply;
import dev.postrider.route.Endpoint.EightBitMime;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "PIPELINING offered: {0}")
@ValueSource(booleans = {false, true})
@Tag("upstreams")
final class SmtpDeliveryTest {
    private final boolean pipelining;
    private final ScriptedSmtpServer server;
    private final Upstream upstream;

    SmtpDeliveryTest(boolean pipelining) {
        this.pipelining = pipelining;
        server = ScriptedSmtpServer.start().pipelining(pipelining);
        upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.plain(server.port())));
    }

    @AfterEach
    void close() {
        upstream.close();
        server.close();
    }

    static Stream<byte[]> messages() {
        Stream<String> edges = Stream.of("", "\r\n", ".\r\n", "..\r\n", "...\r\n.\r\n", "\r\n.\r\n\r\n",
                ".leading\r\n", "a\r\n.b\r\n..c\r\n", "no body: x\r\n\r\n", "x".repeat(998) + "\r\n",
                "." + "y".repeat(100_000) + "\r\n", "\u00e4\u00f6\u00ff\r\n\u0080.\r\n", "nul\0l\r\n",
                ("z".repeat(70) + "\r\n.").repeat(3000) + "\r\n");
        Random random = new Random(1);
        Stream<byte[]> any = IntStream.range(0, 60).mapToObj(_ -> lines(random));
        return Stream.concat(edges.map(text -> text.getBytes(StandardCharsets.ISO_8859_1)), any);
    }

    /** Lines of any octets, rich in dots and around the sizes of buffers. */
    private static byte[] lines(Random random) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        int size = random.nextInt(40_000);
        while (message.size() < size) {
            int length = random.nextBoolean() ? random.nextInt(4) : random.nextInt(17_000);
            for (int i = 0; i < length; i++) {
                int octet = random.nextInt(4) == 0 ? '.' : random.nextInt(256);
                message.write(octet == '\r' || octet == '\n' ? '.' : octet);
            }
            message.writeBytes(new byte[]{'\r', '\n'});
        }
        return message.toByteArray();
    }

    @ParameterizedTest
    @MethodSource("messages")
    void everyOctetArrivesUnchanged(byte[] message) {
        Envelope envelope = new Envelope("a@example.com", List.of("b@example.com"), true, false);
        assertThat(upstream.send(envelope, Mails.bytes(message)).verdicts().get("b@example.com"))
                .isInstanceOf(Verdict.Accepted.class);
        assertThat(server.messages()).singleElement()
                .satisfies(received -> assertThat(received.bytes()).isEqualTo(message));
    }

    @Test
    void aRefusedRecipientDoesNotStopTheOthers() {
        server.on("RCPT", line -> line.contains("gone@")
                ? "550 5.1.1 no such user"
                : line.contains("full@") ? "452-4.2.2 over\r\n452 4.2.2 quota" : "");
        Attempt attempt = upstream.send(Mails.envelope("a@x.test", "gone@x.test", "full@x.test", "b@x.test"),
                Mails.text(Mails.TEXT));

        Reply taken = new Reply(250, Optional.of("2.0.0"), "250 2.0.0 queued as T1");
        assertThat(attempt.verdicts()).containsEntry("a@x.test", new Verdict.Accepted(taken, false))
                .containsEntry("b@x.test", new Verdict.Accepted(taken, false));
        assertThat((Verdict.Refused) attempt.verdicts().get("gone@x.test"))
                .returns(Step.RecipientRejected, Verdict.Refused::step)
                .returns(true, Verdict.Refused::permanent);
        assertThat((Verdict.Refused) attempt.verdicts().get("full@x.test")).returns(false, Verdict.Refused::permanent)
                .returns("452 4.2.2 over quota", refused -> refused.reply().orElseThrow().text());
        assertThat(server.messages()).singleElement()
                .satisfies(received -> assertThat(received.recipients()).containsExactly("a@x.test", "b@x.test"));
    }

    @Test
    void theNullSenderOfABounceIsSent() {
        upstream.send(new Envelope("", List.of("a@x.test"), false, false), Mails.text(Mails.TEXT));
        assertThat(server.messages().getFirst().sender()).isEqualTo("<> SIZE=" + Mails.TEXT.length());
    }

    @Test
    void wishesForReportsGoToAServerThatOffersDsn() {
        Envelope envelope = new Envelope("a@x.test", List.of("b@x.test", "c@x.test"), false, false,
                new DsnRequest(Optional.of(DsnRequest.Return.HDRS), Optional.of("QQ+2B314159")),
                Map.of("b@x.test", new RecipientDsnRequest(Set.of(Notify.SUCCESS, Notify.FAILURE),
                        Optional.of("rfc822;b+2Bold@x.test"))));

        Attempt plain = upstream.send(envelope, Mails.text(Mails.TEXT));
        assertThat(server.commands()).contains("MAIL FROM:<a@x.test> SIZE=" + Mails.TEXT.length(),
                "RCPT TO:<b@x.test>", "RCPT TO:<c@x.test>");
        assertThat(plain.verdicts().get("b@x.test")).isInstanceOfSatisfying(Verdict.Accepted.class,
                accepted -> assertThat(accepted.reportsPassedOn()).isFalse());

        upstream.close();
        server.offer("DSN");
        Attempt passedOn = upstream.send(envelope, Mails.text(Mails.TEXT));
        assertThat(server.commands()).contains("MAIL FROM:<a@x.test> RET=HDRS ENVID=QQ+2B314159",
                "RCPT TO:<b@x.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bold@x.test");
        assertThat(server.commands().stream().filter("RCPT TO:<c@x.test>"::equals)).hasSize(2);
        assertThat(passedOn.verdicts().get("b@x.test")).isInstanceOfSatisfying(Verdict.Accepted.class,
                accepted -> assertThat(accepted.reportsPassedOn()).isTrue());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            550 5.1.1 no such user      ; true
            550 no such user            ; true
            450 4.2.1 busy              ; false
            450 5.2.1 busy              ; false
            550 4.2.1 contradiction     ; false
            552 too many recipients     ; false
            552 5.5.3 too many          ; false
            552 5.2.2 mailbox full      ; true
            500 5.5.2 what is RCPT?     ; false
            """)
    void whatIsPermanent(String reply, boolean permanent) {
        server.on("RCPT", reply);
        Attempt attempt = upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        assertThat((Verdict.Refused) attempt.verdicts().get("a@x.test")).returns(permanent,
                Verdict.Refused::permanent);
    }

    @Test
    void oneConnectionServesManyMessages() {
        for (int i = 0; i < 5; i++) {
            upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
            assertThat(upstream.isOpen()).isTrue();
        }
        assertThat(server.messages()).hasSize(5);
        assertThat(server.connections()).isEqualTo(1);
        assertThat(server.commands()).doesNotContain("RSET", "NOOP");
    }

    @Test
    void afterARefusalTheNextMessageBeginsWithRset() {
        server.on("MESSAGE", "554 5.7.1 spam");
        upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        server.on("MESSAGE", "");
        Attempt second = upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        assertThat(second.verdicts().get("a@x.test")).isInstanceOf(Verdict.Accepted.class);
        assertThat(server.commands()).containsSubsequence("DATA", "RSET", "DATA");
        assertThat(server.connections()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            MAIL ; 550 5.7.1 not you     ; SenderRejected    ; true
            MAIL ; 421 4.3.2 going down  ; Connection        ; false
            RCPT ; 550 5.1.1 no such user; RecipientRejected ; true
            RCPT ; 421 4.3.2 going down  ; Connection        ; false
            DATA ; 451 4.3.0 no room     ; MessageRejected   ; true
            """)
    void aRefusalBeforeTheMessageLeavesTheSessionInOrder(String step, String reply, Step failed, boolean open) {
        server.on(step, reply);
        Attempt first = upstream.send(Mails.envelope("a@x.test", "b@x.test"), Mails.text(Mails.TEXT));
        assertThat(first.verdicts().values()).hasSize(2)
                .allSatisfy(verdict -> assertThat((Verdict.Refused) verdict).returns(failed, Verdict.Refused::step)
                        .returns(reply, refused -> refused.reply().orElseThrow().text()));
        assertThat(upstream.isOpen()).isEqualTo(open);

        server.on(step, "");
        Attempt second = upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        assertThat(second.verdicts().get("a@x.test")).isInstanceOf(Verdict.Accepted.class);
        assertThat(server.messages()).singleElement()
                .satisfies(received -> assertThat(received.recipients()).containsExactly("a@x.test"));
        assertThat(server.connections()).isEqualTo(open ? 1 : 2);
    }

    @Test
    void noEmptyMailIsLeftWithAServerThatWantsAMessageForNobody() {
        server.on("RCPT", "550 5.1.1 no such user").on("DATA", "354 go ahead");
        upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        assertThat(upstream.isOpen()).isEqualTo(!pipelining);
        upstream.close();
        assertThat(server.messages()).isEmpty();
    }

    @Test
    void aConnectionThatTheServerClosedWhileIdleIsMadeAnew() {
        upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        server.dropSessions();
        Attempt second = upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        assertThat(second.verdicts().get("a@x.test")).isInstanceOf(Verdict.Accepted.class);
        assertThat(server.messages()).hasSize(2);
        assertThat(server.connections()).isEqualTo(2);
    }

    @Test
    void closingSaysQuit() {
        upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        upstream.close();
        await().until(() -> server.commands().getLast().equals("QUIT"));
        assertThat(upstream.isOpen()).isFalse();
    }

    @Test
    void internationalAddressesGoToServersThatTakeThem() {
        Envelope envelope = new Envelope("j\u00f6rg@ex\u00e4mple.test", List.of("\u7528\u6237@x.test"), true, true);
        assertThat(upstream.send(envelope, Mails.text(Mails.TEXT)).verdicts().values())
                .allMatch(Verdict.Accepted.class::isInstance);
        assertThat(server.messages().getFirst().sender())
                .isEqualTo("<j\u00f6rg@ex\u00e4mple.test> SIZE=25 BODY=8BITMIME SMTPUTF8");
        assertThat(server.messages().getFirst().recipients()).containsExactly("\u7528\u6237@x.test");
    }

    @Test
    void internationalAddressesAreRefusedWhereTheServerDoesNotTakeThem() {
        server.offer("8BITMIME");
        Envelope envelope = new Envelope("a@x.test", List.of("\u7528\u6237@x.test"), true, true);
        Verdict.Refused refused = (Verdict.Refused) upstream.send(envelope, Mails.text(Mails.TEXT))
                .verdicts()
                .values()
                .iterator()
                .next();
        assertThat(refused.permanent()).isTrue();
        assertThat(refused.message()).contains("does not take SMTPUTF8", "5.6.7");
        assertThat(upstream.isOpen()).isTrue();
    }

    /** What the server offers, what is declared of it, and what it gets of one octet beyond ASCII. */
    @ParameterizedTest
    @Tag("delivery-world")
    @CsvSource({"'',IF_OFFERED,quoted-printable", "8BITMIME,IF_OFFERED,8BITMIME", "8BITMIME,NEVER,quoted-printable",
            "'',ASSUME,8bit", "8BITMIME,ASSUME,8BITMIME", "'',NEVER,quoted-printable"})
    void eightBitContentGoesAsTheServerTakesIt(String offered, EightBitMime declared, String expected) {
        server.offer(offered.isEmpty() ? new String[]{"SIZE"} : new String[]{"SIZE", offered});
        Envelope envelope = new Envelope("a@x.test", List.of("b@x.test"), true, false);
        String header = "From: a@x.test\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n";
        try (Upstream to = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.taking(Mails.plain(server.port()), declared)))) {
            assertThat(to.send(envelope, Mails.text(header + "\r\nGr\u00fc\u00dfe, wie immer\r\n"))
                    .verdicts()
                    .get("b@x.test")).isInstanceOf(Verdict.Accepted.class);
        }
        boolean announced = expected.equals("8BITMIME");
        boolean encoded = expected.equals("quoted-printable");
        assertThat(server.messages().getLast().sender().contains("BODY=8BITMIME")).isEqualTo(announced);
        assertThat(server.messages().getLast().text()).isEqualTo(header
                + (encoded
                        ? "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe, wie immer\r\n"
                        : "\r\nGr\u00fc\u00dfe, wie immer\r\n"));
    }

    /** RFC 3463 section 3.7: conversion is required, and the server cannot do it. */
    @Test
    @Tag("delivery-world")
    @Tag("isolation")
    void whatIsRefusedForItsEncodingIsEncodedAnewAtOnceAndWhatFollowsGoesAsItIs() {
        server.offer("8BITMIME");
        AtomicInteger messages = new AtomicInteger();
        server.on("MESSAGE", _ -> messages.getAndIncrement() == 0 ? "554 5.6.3 no 8-bit data here" : "250 2.0.0 ok");
        Envelope envelope = new Envelope("a@x.test", List.of("b@x.test"), true, false);
        String body = "Subject: x\r\n\r\nGr\u00fc\u00dfe an alle, wie immer\r\n";
        assertThat(upstream.send(envelope, Mails.text(body)).verdicts().get("b@x.test"))
                .isInstanceOf(Verdict.Accepted.class);
        assertThat(server.messages().getLast().text()).endsWith("Gr=FC=DFe an alle, wie immer\r\n");
        assertThat(server.commands().stream().filter("DATA"::equals)).hasSize(2);

        // Of somebody else, over the same connection: nothing in it may change.
        String signed = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u00fc\r\n--b--\r\n";
        assertThat(upstream.send(envelope, Mails.text(signed)).verdicts().get("b@x.test"))
                .isInstanceOf(Verdict.Accepted.class);
        assertThat(server.messages().getLast().text()).isEqualTo(signed);
        assertThat(server.messages()).hasSize(2);
    }

    @Test
    @Tag("delivery-world")
    void whatCannotBeEncodedAnewKeepsTheServersWords() {
        server.offer("8BITMIME");
        server.on("MESSAGE", "554 5.6.3 no 8-bit data here");
        Envelope envelope = new Envelope("a@x.test", List.of("b@x.test"), true, false);
        Verdict refused = upstream
                .send(envelope,
                        Mails.text("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u00fc\r\n--b--\r\n"))
                .verdicts()
                .get("b@x.test");
        assertThat(refused).isInstanceOfSatisfying(Verdict.Refused.class,
                verdict -> assertThat(verdict.message()).contains("554 5.6.3 no 8-bit data here"));
        assertThat(server.commands().stream().filter("DATA"::equals)).hasSize(1);
    }

    /** One mail that had to be encoded keeps no other from a server that takes 8BITMIME. */
    @Test
    @Tag("delivery-world")
    void whatCannotBeEncodedGoesAsItIsAfterAMailThatHadToBe() {
        server.offer("8BITMIME");
        AtomicInteger messages = new AtomicInteger();
        server.on("MESSAGE", _ -> messages.getAndIncrement() == 0 ? "554 5.6.3 no 8-bit data here" : "250 2.0.0 ok");
        Envelope envelope = new Envelope("a@x.test", List.of("b@x.test"), true, false);
        String signed = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u00fc\r\n--b--\r\n";
        assertThat(List.of("Subject: x\r\n\r\nGr\u00fc\u00dfe\r\n", signed)).allSatisfy(
                text -> assertThat(upstream.send(envelope, Mails.text(text)).verdicts().get("b@x.test"))
                        .isInstanceOf(Verdict.Accepted.class));
        assertThat(server.messages().getLast().text()).isEqualTo(signed);
    }

    @Test
    void sevenBitContentNeedsNothingThoughEightWereAnnounced() {
        server.offer("SIZE");
        Envelope envelope = new Envelope("a@x.test", List.of("b@x.test"), true, false);
        assertThat(upstream.send(envelope, Mails.text("a\r\n")).verdicts().get("b@x.test"))
                .isInstanceOf(Verdict.Accepted.class);
        assertThat(server.messages().getLast().text()).isEqualTo("a\r\n");
    }

    @Test
    void anAddressCannotSmuggleACommand() {
        Attempt attempt = upstream.send(Mails.envelope("a@x.test", "b@x.test>\r\nRSET\r\nRCPT TO:<c@x.test"),
                Mails.text(Mails.TEXT));
        assertThat(attempt.verdicts().get("a@x.test")).isInstanceOf(Verdict.Accepted.class);
        assertThat(server.commands()).doesNotContain("RSET");
        assertThat(server.messages().getFirst().recipients()).containsExactly("a@x.test");
    }

    @Test
    void aMessageThatCannotBeReadIsNotSentInPart() {
        MessageContent broken = new MessageContent() {
            @Override
            public long size() {
                return 100;
            }

            @Override
            public InputStream open() {
                return new InputStream() {
                    private int left = 50_000;

                    @Override
                    public int read() throws IOException {
                        throw new IOException("read in blocks");
                    }

                    @Override
                    public int read(byte[] bytes, int offset, int length) throws IOException {
                        if (left == 0) {
                            throw new IOException("disk on fire");
                        }
                        int count = Math.min(left, length);
                        left -= count;
                        return count;
                    }
                };
            }
        };
        Attempt attempt = upstream.send(Mails.envelope("rcpt@example.com"), broken);
        assertThat(Mails.refusal(attempt)).returns(false, Verdict.Refused::permanent);
        assertThat(Mails.refusal(attempt).message()).contains("could not be read: disk on fire");
        assertThat(upstream.isOpen()).isFalse();
        assertThat(server.messages()).isEmpty();
    }

    @Test
    void theDialogueReadsAsOneWouldTellIt() {
        server.offer("SIZE 1000");
        Attempt attempt = upstream.send(Mails.envelope("a@x.test"), Mails.text(Mails.TEXT));
        assertThat(attempt.dialogue()).isEqualTo((pipelining ? """
                -- connected to 127.0.0.1 port %d
                S: 220 scripted.test ESMTP
                C: EHLO client.test
                S: 250-scripted.test
                S: 250-SIZE 1000
                S: 250 PIPELINING
                C: MAIL FROM:<sender@example.com> SIZE=25
                C: RCPT TO:<a@x.test>
                C: DATA
                S: 250 2.1.0 ok
                S: 250 2.1.5 ok
                S: 354 go ahead
                C: (the message, 25 octets)
                S: 250 2.0.0 queued as T1
                """ : """
                -- connected to 127.0.0.1 port %d
                S: 220 scripted.test ESMTP
                C: EHLO client.test
                S: 250-scripted.test
                S: 250 SIZE 1000
                C: MAIL FROM:<sender@example.com> SIZE=25
                S: 250 2.1.0 ok
                C: RCPT TO:<a@x.test>
                S: 250 2.1.5 ok
                C: DATA
                S: 354 go ahead
                C: (the message, 25 octets)
                S: 250 2.0.0 queued as T1
                """).formatted(server.port()));
    }

    @Test
    void aLongDialogueKeepsItsEnd() {
        server.on("RCPT", "550 " + "no ".repeat(100));
        Attempt attempt = upstream.send(Mails.envelope(IntStream.range(0, 100)
                .mapToObj(i -> "user" + i + "@x.test")
                .toArray(String[]::new)), Mails.text(Mails.TEXT));
        assertThat(attempt.dialogue().length()).isLessThanOrEqualTo(4100);
        assertThat(attempt.dialogue()).startsWith("...\n")
                .contains(pipelining ? "S: 554 5.5.1 no valid recipients" : "C: RCPT TO:<user99@x.test>");
    }
}
