package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.Envelope;
import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Endpoint.Graph.Cloud;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TokenSource;
import dev.postrider.testing.GraphStandIn.Attached;
import dev.postrider.testing.GraphStandIn.Fault;
import dev.postrider.testing.GraphStandIn.Request;
import dev.postrider.testing.GraphStandIn.Sent;
import dev.postrider.testing.GraphStandIn;
import dev.postrider.testing.TestCertificates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a stand-in that answers as Microsoft documents Graph and its token endpoint. */
@Tag("upstreams")
final class GraphUpstreamTest {
    private static final String MAIL = String.join("\r\n", "From: shop@contoso.com", "To: Ann <ann@example.com>",
            "Cc: bob@example.com", "Subject: hi", "", "hello", "");
    private static final Envelope BOTH = Mails.envelope("ann@example.com", "bob@example.com");

    private GraphStandIn graph;
    private GraphUpstream upstream;

    @BeforeEach
    void start() throws IOException {
        graph = new GraphStandIn();
        upstream = upstream(endpoint(GraphStandIn.MAILBOX, GraphStandIn.CLIENT_SECRET, true));
    }

    @AfterEach
    void stop() {
        graph.close();
    }

    private static Endpoint.Graph endpoint(String mailbox, String secret, boolean saveToSentItems) {
        return new Endpoint.Graph(Cloud.GLOBAL, GraphStandIn.TENANT, mailbox,
                new TokenSource.ClientSecret(GraphStandIn.CLIENT_ID, secret), saveToSentItems);
    }

    private GraphUpstream upstream(Endpoint.Graph endpoint) {
        return new GraphUpstream(endpoint, new GraphEndpoints(Optional.of(graph.uri()), Optional.of(graph.uri())),
                true, new AccessTokens(InstantSource.system(), Duration.ofSeconds(5), true),
                List.of(Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMillis(1)), ReplyRules.shipped());
    }

    private static Verdict.Refused refusal(Attempt attempt) {
        assertThat(attempt.verdicts().values()).hasSize(2);
        return attempt.verdicts().get("ann@example.com") instanceof Verdict.Refused refused
                ? refused
                : fail("accepted: " + attempt);
    }

    @Test
    void sendsTheMessageAsItIs() {
        Attempt attempt = upstream.send(Mails.envelope("ann@example.com", "Bob@example.com"), Mails.text(MAIL));

        assertThat(attempt.verdicts().values()).hasSize(2)
                .allSatisfy(verdict -> assertThat(verdict).isInstanceOfSatisfying(Verdict.Accepted.class,
                        accepted -> assertThat(accepted.reply().text()).startsWith("202 Accepted, request-id 0000")));
        assertThat(graph.requests()).containsExactly("token", "POST /sendMail");
        assertThat(graph.sent()).extracting(Sent::mime).containsExactly(MAIL);
        assertThat(attempt.dialogue()).startsWith("POST /sendMail -> 202");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            400 | ErrorMimeContentInvalidBase64String| MessageRejected   | true  | 5.6.0 | could not read the message
            400 | ErrorMessageSizeExceeded           | MessageRejected   | true  | 5.3.4 | MaxSendSize
            400 | ErrorWhateverElse                  | MessageRejected   | true  | 5.6.0 | change what it objects to
            400 | MailboxInfoStale                   | Connection        | false |       | is not at hand now
            403 | ErrorAccessDenied                  | Authentication    | false |       | permission Mail.Send with an administrator's consent, and check that the application access policy
            403 | ErrorSendAsDenied                  | SenderRejected    | false |       | spec.identity.from
            403 | ErrorQuotaExceeded                 | MessageRejected   | false |       | is full
            403 | ErrorExceededMessageLimit          | MessageRejected   | false |       | sending limits of Exchange Online
            404 | ErrorInvalidUser                   | SenderRejected    | false |       | spec.microsoftGraph
            404 | MailboxNotEnabledForRESTAPI        | SenderRejected    | false |       | give it a license
            413 | ErrorRequestTooLarge               | MessageRejected   | true  | 5.3.4 | MaxSendSize
            429 | ApplicationThrottled               | Connection        | false |       | wants fewer requests
            500 | InternalServerError                | Connection        | false |       | cannot take the message now
            503 | ErrorServerBusy                    | Connection        | false |       | cannot take the message now
            504 | GatewayTimeout                     | Connection        | false |       | cannot take the message now
            507 | ErrorQuotaExceeded                 | MessageRejected   | false |       | is full
            """)
    void tellsWhatAnErrorMeansAndWhatToDoNext(int status, String code, Step step, boolean permanent,
            String enhanced, String message) {
        graph.fail(new Fault("/sendMail", status, code));

        Verdict.Refused refused = refusal(upstream.send(BOTH, Mails.text(MAIL)));

        assertThat(refused.step()).isEqualTo(step);
        assertThat(refused.permanent()).isEqualTo(permanent);
        assertThat(refused.reply().flatMap(Reply::enhanced)).isEqualTo(Optional.ofNullable(enhanced));
        assertThat(refused.message()).startsWith(step + ": ")
                .contains(message, status + " " + code, "request-id")
                .doesNotContain(GraphStandIn.CLIENT_SECRET, "token-");
        assertThat(graph.sent()).isEmpty();
    }

    @Test
    void tellsOfAnAnswerThatIsNoJson() {
        graph.fail(new Fault("/sendMail", false, 503, Map.of("Retry-After", "17"), "<html>busy"));

        Verdict.Refused refused = refusal(upstream.send(BOTH, Mails.text(MAIL)));

        assertThat(refused.message()).contains("503", "not before the 17 s asked for");
        assertThat(refused.retryAfter()).contains(Duration.ofSeconds(17));
    }

    @Test
    void keepsTheTimeThatAThrottledRequestMustWait() {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(90));
        List<Optional<Duration>> waits = new ArrayList<>();
        for (String header : List.of("10", date, "soon", "999999999")) {
            graph.fail(new Fault("/sendMail", false, 429, Map.of("Retry-After", header),
                    GraphStandIn.error("ApplicationThrottled", "slow down")));
            waits.add(refusal(upstream.send(BOTH, Mails.text(MAIL))).retryAfter());
        }
        assertThat(waits.getFirst()).contains(Duration.ofSeconds(10));
        assertThat(waits.get(1).orElseThrow()).isBetween(Duration.ofSeconds(85), Duration.ofSeconds(91));
        assertThat(waits.get(2)).isEmpty();
        assertThat(waits.getLast()).contains(Duration.ofDays(1));
    }

    @Test
    void namesARequestTheSameHoweverOftenItIsMadeAndNoOther() {
        for (int i = 0; i < 2; i++) {
            graph.fail(new Fault("/sendMail", 503, "ErrorServerBusy"));
            upstream.send(BOTH, Mails.text(MAIL));
        }
        upstream.send(Mails.envelope("ann@example.com"), Mails.text(MAIL));
        upstream.send(BOTH, Mails.text(MAIL + "more\r\n"));

        List<String> ids = graph.requestsInFull()
                .stream()
                .map(Request::clientRequestId)
                .filter(id -> !id.isEmpty())
                .toList();
        assertThat(ids).hasSize(4).allMatch(id -> id.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
        assertThat(ids.get(0)).isEqualTo(ids.get(1));
        assertThat(ids.subList(1, 4)).doesNotHaveDuplicates();
    }

    @Test
    void fetchesAnotherTokenOnceWhenOneIsRefused() {
        upstream.send(BOTH, Mails.text(MAIL));
        graph.revokeTokens();

        Attempt attempt = upstream.send(BOTH, Mails.text(MAIL));

        assertThat(attempt.verdicts().get("bob@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(graph.requests()).containsExactly("token", "POST /sendMail", "POST /sendMail", "token",
                "POST /sendMail");
    }

    @Test
    void tellsOfAWrongSecretAndAWrongMailbox() {
        Verdict.Refused secret = refusal(
                upstream(endpoint(GraphStandIn.MAILBOX, "wrong-secret", true)).send(BOTH, Mails.text(MAIL)));
        Verdict.Refused mailbox = refusal(
                upstream(endpoint("nobody@contoso.com", GraphStandIn.CLIENT_SECRET, true)).send(BOTH,
                        Mails.text(MAIL)));

        assertThat(secret.step()).isEqualTo(Step.Authentication);
        assertThat(secret.message()).contains("AADSTS7000215").doesNotContain("wrong-secret");
        assertThat(mailbox.message()).contains("there is no mailbox \"nobody@contoso.com\"");
    }

    @Test
    void provesWhoTheApplicationIsByItsCertificate() {
        TestCertificates authority = new TestCertificates("an authority");
        TestCertificates.Server registered = authority.server("postrider.test");
        TestCertificates.Server other = authority.server("other.test");
        graph.register(registered.x509());

        Verdict.Refused refused = refusal(
                upstream(certificate(other.certificate(), other.privateKey())).send(BOTH, Mails.text(MAIL)));
        Attempt attempt = upstream(certificate(registered.certificate(), registered.privateKey())).send(BOTH,
                Mails.text(MAIL));

        assertThat(refused.step()).isEqualTo(Step.Authentication);
        assertThat(attempt.verdicts().values()).allMatch(Verdict.Accepted.class::isInstance);
    }

    private static Endpoint.Graph certificate(String certificate, String key) {
        return new Endpoint.Graph(Cloud.GLOBAL, GraphStandIn.TENANT, GraphStandIn.MAILBOX,
                new TokenSource.ClientCertificate(GraphStandIn.CLIENT_ID, certificate, key), true);
    }

    // Large messages.

    private static byte[] octets(int count, int seed) {
        byte[] octets = new byte[count];
        new Random(seed).nextBytes(octets);
        return octets;
    }

    private static String part(String header, byte[] octets) {
        return "--b\r\n" + header + "\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                + Base64.getMimeEncoder().encodeToString(octets) + "\r\n";
    }

    private static String large(String... parts) {
        return "From: shop@contoso.com\r\nTo: Ann <ann@example.com>\r\nCc: bob@example.com\r\nSubject: =?UTF-8?Q?K=C3=A4se?=\r\n"
                + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                + "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n" + String.join("", parts)
                + "--b--\r\n";
    }

    private static String sevenMebibytes() {
        return large(part("Content-Type: application/pdf; name=\"=?UTF-8?Q?K=C3=A4se.pdf?=\"\r\n"
                + "Content-Disposition: attachment", octets(7 << 20, 1)),
                part("Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline",
                        octets(2 << 20, 2)),
                part("Content-Type: text/csv\r\nContent-Disposition: attachment; filename=small.csv", octets(900, 3)));
    }

    @Test
    void takesALargeMessageApartAndUploadsItsLargestAttachments() {
        Attempt attempt = upstream.send(BOTH, Mails.text(sevenMebibytes()));

        assertThat(attempt.verdicts().values()).allMatch(Verdict.Accepted.class::isInstance);
        assertThat(graph.requests()).containsExactly("token", "POST /messages",
                "POST /messages/AAkALg3/attachments/createUploadSession", "PUT upload bytes 0-3145727/7340032",
                "PUT upload bytes 3145728-6291455/7340032", "PUT upload bytes 6291456-7340031/7340032",
                "POST /messages/AAkALg3/send");
        assertThat(graph.requestsInFull()).filteredOn(r -> r.what().startsWith("PUT"))
                .allMatch(r -> r.authorization().isEmpty());
        Sent sent = graph.sent().getFirst();
        assertThat(sent.recipients()).containsExactly("ann@example.com", "bob@example.com");
        assertThat(sent.attachments()).singleElement().satisfies(pdf -> {
            assertThat(pdf.name()).isEqualTo("Käse.pdf");
            assertThat(pdf.contentType()).isEqualTo("application/pdf");
            assertThat(pdf.octets()).isEqualTo(octets(7 << 20, 1));
        });
        assertThat(sent.mime()).isEqualTo(large(
                part("Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline",
                        octets(2 << 20, 2)),
                part("Content-Type: text/csv\r\nContent-Disposition: attachment; filename=small.csv",
                        octets(900, 3))));
        assertThat(attempt.dialogue()).doesNotContain("upload-secret", "token-");
    }

    @Test
    void addsThoseBelowThreeMebibytesInOneRequest() {
        byte[] image = octets(2_900_000, 4);
        upstream.send(BOTH, Mails.text(large(
                part("Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline", image),
                part("Content-Type: application/zip\r\nContent-Disposition: attachment; filename=a.zip", image))));

        assertThat(graph.sent().getFirst().attachments()).hasSize(2)
                .allSatisfy(file -> assertThat(file.octets()).isEqualTo(image))
                .extracting(Attached::name, Attached::inline, Attached::contentId)
                .containsExactlyInAnyOrder(
                        tuple("attachment", true, Optional.of("logo@x")),
                        tuple("a.zip", false, Optional.empty()));
    }

    @Test
    void sendsADocumentThatIsTheWholeMessageAsItsAttachment() {
        byte[] scan = octets(5 << 20, 5);
        upstream.send(BOTH, Mails.text("From: shop@contoso.com\r\nTo: ann@example.com, bob@example.com\r\n"
                + "MIME-Version: 1.0\r\nContent-Type: application/pdf; name=scan.pdf\r\n"
                + "Content-Transfer-Encoding: base64\r\n\r\n" + Base64.getMimeEncoder().encodeToString(scan)));

        Sent sent = graph.sent().getFirst();
        assertThat(sent.attachments()).singleElement()
                .satisfies(pdf -> assertThat(pdf.name()).isEqualTo("scan.pdf"))
                .satisfies(pdf -> assertThat(pdf.octets()).isEqualTo(scan));
        assertThat(sent.mime()).isEqualTo(
                "From: shop@contoso.com\r\nTo: ann@example.com, bob@example.com\r\nMIME-Version: 1.0\r\n\r\n");
    }

    @Test
    void sendsAMessageOfPartsWithinPartsWithoutEnd() {
        StringBuilder nested = new StringBuilder("From: shop@contoso.com\r\nTo: ann@example.com, bob@example.com\r\n");
        for (int i = 0; i < 3000; i++) {
            nested.append("Content-Type: multipart/mixed; boundary=b")
                    .append(i)
                    .append("\r\n\r\n--b")
                    .append(i)
                    .append("\r\n");
        }
        String mail = nested + part("Content-Type: application/pdf", octets(4 << 20, 6));

        assertThat(refusal(upstream.send(BOTH, Mails.text(mail))).message()).contains("cannot be taken apart");
    }

    @Test
    void refusesALargeMessageThatCannotBeTakenApart() {
        String signed = sevenMebibytes().replace("multipart/mixed", "multipart/signed");
        String text = MAIL + "a line of text\r\n".repeat(300_000);

        for (String mail : List.of(signed, text)) {
            Verdict.Refused refused = refusal(upstream.send(BOTH, Mails.text(mail)));
            assertThat(refused.permanent()).isTrue();
            assertThat(refused.reply()).isEmpty();
            assertThat(refused.enhancedStatus(true)).isEqualTo("5.3.4");
            assertThat(refused.message()).contains("send it through an SMTP server");
        }
        assertThat(graph.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /messages            | 403 | ErrorAccessDenied    | permission Mail.ReadWrite
            /createUploadSession | 503 | ErrorServerBusy      | cannot take the message now
            upload               | 500 | ErrorInternal        | cannot take the message now
            /send                | 429 | ApplicationThrottled | wants fewer requests
            /send                | 403 | ErrorAccessDenied    | permission Mail.Send
            /send                | 503 | ErrorServerBusy      | cannot take the message now
            """)
    void leavesNoDraftBehindWhereAStepFails(String path, int status, String code, String message) {
        graph.fail(new Fault(path, status, code));

        Verdict.Refused refused = refusal(upstream.send(BOTH, Mails.text(sevenMebibytes())));

        assertThat(refused.permanent()).isFalse();
        assertThat(refused.message()).contains(message).doesNotContain("upload-secret");
        assertThat(graph.drafts()).isZero();
        assertThat(graph.sent()).isEmpty();
    }

    @Test
    void asksWhetherADraftWasSentBeforeItIsSentAgain() {
        graph.fail(new Fault("/send", true, 504, Map.of(), ""));

        Attempt attempt = upstream.send(BOTH, Mails.text(sevenMebibytes()));

        assertThat(attempt.verdicts().values()).allMatch(Verdict.Accepted.class::isInstance);
        assertThat(graph.sent()).hasSize(1);
        assertThat(graph.requests()).endsWith("POST /messages/AAkALg3/send", "GET /messages/AAkALg3");
    }

    @Test
    void uploadsNowhereButByHttps() {
        graph.fail(new Fault("/createUploadSession", false, 201, Map.of(),
                "{\"uploadUrl\":\"http://example.com/?authtoken=upload-secret\"}"));

        Verdict.Refused refused = refusal(upstream.send(BOTH, Mails.text(sevenMebibytes())));

        assertThat(refused.message()).contains("no https URL").doesNotContain("upload-secret");
    }

    // Sent items.

    @Test
    void keepsNoCopyWhereNoneIsWanted() {
        GraphUpstream discreet = upstream(endpoint(GraphStandIn.MAILBOX, GraphStandIn.CLIENT_SECRET, false));
        discreet.send(BOTH, Mails.text(MAIL));

        assertThat(graph.sent()).extracting(Sent::mime).containsExactly(MAIL);
        await().untilAsserted(() -> assertThat(graph.sentItems()).isZero());
        upstream.send(BOTH, Mails.text(MAIL));
        assertThat(graph.sentItems()).isEqualTo(1);
    }

    // More recipients than one message takes.

    @Test
    void sendsToMoreRecipientsThanOneMessageTakesInSeveral() {
        List<String> recipients = IntStream.range(0, 1100).mapToObj(i -> "r" + i + "@example.com").toList();
        String mail = "From: shop@contoso.com\r\nTo: r3@example.com,\r\n r900@example.com\r\n\r\nhello\r\n";
        graph.fail(new Fault("/sendMail", false, 202, Map.of(), ""));

        Attempt attempt = upstream.send(Mails.envelope(recipients.toArray(String[]::new)), Mails.text(mail));

        assertThat(attempt.verdicts()).hasSize(1100);
        assertThat(graph.requests()).containsExactly("token", "POST /sendMail", "POST /sendMail", "POST /sendMail");
        assertThat(graph.sent()).extracting(sent -> sent.recipients().size()).containsExactly(500, 100);
        assertThat(graph.sent()).extracting(Sent::mime)
                .allSatisfy(mime -> assertThat(mime).doesNotContain("\r\nTo:", "r7@")
                        .contains("Postrider-Original-To: r3@example.com,\r\n r900@example.com\r\n"));
    }

    @Test
    void tellsOfEachGroupOnItsOwn() {
        List<String> recipients = IntStream.range(0, 600).mapToObj(i -> "r" + i + "@example.com").toList();
        graph.fail(new Fault("/sendMail", 400, "ErrorMimeContentInvalid"));

        Attempt attempt = upstream.send(Mails.envelope(recipients.toArray(String[]::new)),
                Mails.bytes("From: shop@contoso.com\r\n\r\nhello\r\n".getBytes(StandardCharsets.US_ASCII)));

        assertThat(attempt.verdicts().get("r0@example.com")).isInstanceOf(Verdict.Refused.class);
        assertThat(attempt.verdicts().get("r599@example.com")).isInstanceOf(Verdict.Accepted.class);
    }

    @ParameterizedTest
    @Tag("delivery-world")
    @CsvSource(delimiter = '|', textBlock = """
            # recipients | refused     | how often | named | saved | refused in the end | deferred | requests at most
            20           | r7          | 99        | false | true  | r7                 | 0        | 11
            20           | r7          | 99        | true  | true  | r7                 | 0        | 3
            20           | r7          | 1         | false | true  |                    | 0        | 3
            20           | r7          | 1         | true  | true  |                    | 0        | 3
            20           | r0 r7 r19   | 99        | true  | true  | r0 r19 r7          | 0        | 8
            20           | r0 r7 r19   | 99        | false | true  | r0 r19 r7          | 0        | 27
            100          | r7          | 99        | false | true  | r7                 | 0        | 17
            1            | r0          | 99        | false | true  | r0                 | 0        | 2
            1            | r0          | 1         | false | true  |                    | 0        | 2
            3            | r0 r1 r2    | 99        | true  | true  | r0 r1 r2           | 0        | 7
            20           | r7          | 99        | true  | false | r7                 | 0        | 12
            """)
    void aMessageThatIsRefusedForOneOfItsRecipientsReachesTheOthers(int recipients, String refused, int times,
            boolean named, boolean saved, String inTheEnd, int deferred, int requests) {
        for (String local : refused.split(" ", -1)) {
            graph.refuseRecipient(local + "@example.com", times, named);
        }
        upstream = upstream(endpoint(GraphStandIn.MAILBOX, GraphStandIn.CLIENT_SECRET, saved));
        Attempt attempt = upstream.send(Mails.envelope(IntStream.range(0, recipients)
                .mapToObj(i -> "r" + i + "@example.com")
                .toArray(String[]::new)), Mails.text(MAIL));

        assertThat(attempt.verdicts()).hasSize(recipients);
        assertThat(attempt.verdicts()
                .entrySet()
                .stream()
                .filter(entry -> entry.getValue() instanceof Verdict.Refused some && some.permanent())
                .map(entry -> entry.getKey().replace("@example.com", ""))
                .sorted()
                .collect(Collectors.joining(" "))).isEqualTo(inTheEnd == null ? "" : inTheEnd);
        assertThat(attempt.verdicts().values()).filteredOn(verdict -> verdict instanceof Verdict.Refused some
                && !some.permanent()).hasSize(deferred);
        List<String> got = graph.sent().stream().flatMap(sent -> sent.recipients().stream()).toList();
        assertThat(got).doesNotHaveDuplicates()
                .hasSize(recipients - (inTheEnd == null ? 0 : inTheEnd.split(" ", -1).length));
        assertThat(graph.requests()).filteredOn(what -> what.startsWith("POST")).hasSizeLessThanOrEqualTo(requests);
        assertThat(graph.drafts()).isZero();
    }

    @Test
    @Tag("delivery-world")
    void whoIsMeantAmongManyIsFoundInSeveralAttempts() {
        for (int i = 0; i < 100; i++) {
            graph.refuseRecipient("r" + i + "@example.com", 999, false);
        }
        List<String> left = IntStream.range(0, 100).mapToObj(i -> "r" + i + "@example.com").toList();
        int attempts = 0;
        while (!left.isEmpty()) {
            assertThat(++attempts).isLessThan(15);
            int before = graph.requests().size();
            Map<String, Verdict> verdicts = upstream
                    .send(Mails.envelope(left.toArray(String[]::new)), Mails.text(MAIL))
                    .verdicts();
            assertThat(verdicts.keySet()).containsExactlyInAnyOrderElementsOf(left);
            assertThat(graph.requests().size() - before).isLessThanOrEqualTo(45);
            left = left.stream()
                    .filter(r -> verdicts.get(r) instanceof Verdict.Refused some && !some.permanent())
                    .toList();
        }
    }

    @Test
    @Tag("delivery-world")
    void theSearchForWhoIsMeantEndsWhereGraphWantsToBeLeftAlone() {
        graph.refuseRecipient("r7@example.com", 99, false);
        graph.fail(new Fault("/sendMail", 400, "ErrorInvalidRecipients"));
        graph.fail(new Fault("/sendMail", false, 429, Map.of("Retry-After", "10"),
                GraphStandIn.error("ApplicationThrottled", "slow down")));
        Attempt attempt = upstream.send(Mails.envelope(IntStream.range(0, 20)
                .mapToObj(i -> "r" + i + "@example.com")
                .toArray(String[]::new)), Mails.text(MAIL));
        assertThat(graph.requests()).containsExactly("token", "POST /sendMail", "POST /sendMail");
        assertThat(attempt.verdicts().values()).hasSize(20)
                .allSatisfy(verdict -> assertThat(((Verdict.Refused) verdict).retryAfter())
                        .contains(Duration.ofSeconds(10)));
    }
}
