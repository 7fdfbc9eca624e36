package dev.postrider.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.route.Address;
import dev.postrider.testing.GoldenFiles;
import jakarta.mail.Message;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Notices as they go out. */
@Tag("notices")
final class NoticeMailTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/postrider/notice");
    private static final LocalDate EXPIRY = LocalDate.of(2027, 1, 31);
    private static final NoticeContent CONTENT = new NoticeContent(NoticeKind.BEFORE, "Example Console 5", EXPIRY, 20,
            "Acme GmbH", Optional.of("console.acme.example"), "en", Optional.empty(), Optional.empty(), false,
            ZoneId.of("Europe/Berlin"), false);
    private static final NoticeEnvelope ENVELOPE = new NoticeEnvelope(
            new Address("no-reply@acme.example", Optional.of("Acme GmbH")), Optional.empty(),
            List.of("ann@acme.example", "bob@acme.example"), "1.before@acme.example", Optional.empty(),
            Instant.parse("2027-01-12T08:00:00Z"));

    static List<String> languages() {
        return NoticeTexts.LANGUAGES;
    }

    @ParameterizedTest
    @MethodSource("languages")
    void eachLanguageReadsAsItsFilesSay(String language) throws Exception {
        StringBuilder text = new StringBuilder();
        for (int days : new int[]{20, 2, 1, -2}) {
            NoticeKind kind = days > 1 ? NoticeKind.BEFORE : NoticeKind.ON_EXPIRY;
            MimeMessage mail = mail(new Change(CONTENT).language(language).days(kind, days).content(),
                    new NoticeEnvelope(ENVELOPE.from(), ENVELOPE.replyTo(), ENVELOPE.recipients(), ENVELOPE.messageId(),
                            ENVELOPE.idempotencyKey(),
                            EXPIRY.minusDays(days - 1L).atTime(9, 0).atZone(CONTENT.timeZone()).toInstant()));
            text.append("Subject: ").append(mail.getSubject()).append("\n\n").append(body(mail, "text/plain"));
            text.append("=".repeat(72)).append('\n');
            if (days == 20 || days == 1) {
                GoldenFiles.check(GOLDEN.resolve(language + "." + kind + ".html"), body(mail, "text/html"),
                        getClass());
            }
        }
        GoldenFiles.check(GOLDEN.resolve(language + ".txt"), text.toString(), getClass());
    }

    @Test
    void aWholeMailIsThatOfTheFile() throws Exception {
        NoticeContent content = new NoticeContent(NoticeKind.BEFORE, "表計算プロ", EXPIRY, 20, "株式会社アクメ",
                Optional.empty(), "ja", Optional.empty(), Optional.empty(), true, ZoneId.of("Asia/Tokyo"), true);
        NoticeEnvelope envelope = new NoticeEnvelope(new Address("no-reply@acme.example", Optional.of("株式会社アクメ")),
                Optional.of(new Address("help@acme.example", Optional.empty())), ENVELOPE.recipients(),
                ENVELOPE.messageId(), Optional.of("acme/console/2027-01-31/before"),
                Instant.parse("2027-01-12T00:00:00Z"));

        GoldenFiles.check(GOLDEN.resolve("whole.eml"), text(content, envelope).replace("\r\n", "\n"), getClass());
    }

    @Test
    void theCalendarEventIsThatOfTheFile() throws Exception {
        MimeMessage mail = mail(new Change(CONTENT).calendar().content(), ENVELOPE);

        String event = body(mail, "text/calendar");
        GoldenFiles.check(GOLDEN.resolve("expiry.ics"), event, getClass());
        assertThat(body(mail, "text/plain")).contains("The expiry date is attached as a calendar event.");
    }

    @Test
    void theEventOfALicenseAndADayIsTheSameInEachMail() throws Exception {
        String first = body(mail(new Change(CONTENT).calendar().content(), ENVELOPE), "text/calendar");
        String onTheDay = body(
                mail(new Change(CONTENT).calendar().days(NoticeKind.ON_EXPIRY, 1).content(), ENVELOPE),
                "text/calendar");
        String renewed = body(mail(new Change(CONTENT).calendar().expiry(EXPIRY.plusYears(1)).content(), ENVELOPE),
                "text/calendar");

        assertThat(uid(onTheDay)).isEqualTo(uid(first));
        assertThat(uid(renewed)).isNotEqualTo(uid(first));
    }

    @Test
    void linesOfTheEventHaveAtMost75OctetsAndNoCharacterIsTornApart() throws Exception {
        for (int length = 20; length < 30; length++) {
            String license = "x".repeat(length) + "🚀許".repeat(40);
            NoticeContent content = new NoticeContent(NoticeKind.BEFORE, license, EXPIRY, 20, "Acme", Optional.empty(),
                    "en", Optional.empty(), Optional.empty(), true, CONTENT.timeZone(), false);

            String event = body(mail(content, ENVELOPE), "text/calendar");

            assertThat(event.lines()).allMatch(line -> line.getBytes(StandardCharsets.UTF_8).length <= 75);
            assertThat(event.replace("\n ", "")).contains("SUMMARY:License " + license + " expires\n");
        }
    }

    @Test
    void aLicenseThatHasExpiredHasNoEvent() throws Exception {
        MimeMessage mail = mail(new Change(CONTENT).calendar().days(NoticeKind.ON_EXPIRY, 0).content(), ENVELOPE);

        assertThat(mail.getContentType()).startsWith("multipart/alternative");
        assertThat(body(mail, "text/plain")).doesNotContain("calendar");
    }

    @Test
    void theHeaderTellsWhoSentItToWhomAndThatAMachineDid() throws Exception {
        NoticeEnvelope envelope = new NoticeEnvelope(ENVELOPE.from(),
                Optional.of(new Address("help@acme.example", Optional.empty())), ENVELOPE.recipients(),
                "<1@acme.example>", Optional.of("key-1"), ENVELOPE.date());

        assertThat(header(text(CONTENT, envelope))).isEqualTo("""
                Date: Tue, 12 Jan 2027 09:00:00 +0100 (CET)
                From: Acme GmbH <no-reply@acme.example>
                Reply-To: help@acme.example
                To: ann@acme.example, bob@acme.example
                Message-ID: <1@acme.example>
                Subject: Example Console 5: 20 days left
                MIME-Version: 1.0
                Content-Type: multipart/alternative; boundary="=_postrider_alternative"
                Content-Language: en
                Auto-Submitted: auto-generated
                Postrider-Idempotency-Key: key-1
                """);
    }

    @Test
    void theSameNoticeMakesTheSameOctets() throws Exception {
        NoticeContent content = new Change(CONTENT).calendar().content();

        assertThat(text(content, ENVELOPE)).isEqualTo(text(content, ENVELOPE));
    }

    @ParameterizedTest
    @MethodSource("languages")
    void theMailIsAsciiInShortLinesThatEndInCrLf(String language) throws Exception {
        String mail = text(new Change(CONTENT).language(language)
                .own("x".repeat(3000), "--=_postrider_alternative\n.\n"
                        + "y".repeat(3000))
                .calendar()
                .content(), ENVELOPE);

        assertThat(mail).matches("(?s)\\p{ASCII}*");
        assertThat(mail.replace("\r\n", "")).doesNotContain("\r", "\n");
        assertThat(mail.substring(mail.indexOf("\r\n\r\n")).lines()).allMatch(line -> line.length() <= 76);
        assertThat(body(parsed(mail), "text/html")).contains("--=_postrider_alternative<br>\n.<br>\ny");
    }

    @Test
    void ownTextsTakeThePlaceOfTheTranslatedOnes() throws Exception {
        MimeMessage mail = mail(new Change(CONTENT).own("$[license]: $[days]",
                "$[organization], $[expiry_date]\nhttps://$[link_host]/renew\n\n\n$[nothing] $[license").content(),
                ENVELOPE);

        assertThat(mail.getSubject()).isEqualTo("Example Console 5: 20");
        assertThat(body(mail, "text/plain")).startsWith("""
                Acme GmbH, January 31, 2027
                https://console.acme.example/renew

                $[nothing] $[license

                --\s
                """);
    }

    @Test
    void aValueIsNotReadAsAVariableAgain() throws Exception {
        NoticeContent content = new NoticeContent(NoticeKind.BEFORE, "$[organization] {days} $1 \\", EXPIRY, 20, "Acme",
                Optional.empty(), "en", Optional.of("$[license]"), Optional.empty(), false, CONTENT.timeZone(), false);

        MimeMessage mail = mail(content, ENVELOPE);

        assertThat(mail.getSubject()).isEqualTo("$[organization] {days} $1 \\");
        assertThat(body(mail, "text/plain")).contains("The license “$[organization] {days} $1 \\” of Acme");
    }

    @Test
    void whatComesFromAResourceIsEscapedInHtml() throws Exception {
        String evil = "<script>alert('\"&amp;\"')</script>";
        NoticeContent translated = new NoticeContent(NoticeKind.BEFORE, evil, EXPIRY, 20, evil, Optional.of(evil), "en",
                Optional.empty(), Optional.empty(), false, CONTENT.timeZone(), true);

        for (NoticeContent content : List.of(translated,
                new Change(translated).own(evil + "$[license]", evil + "$[link_host]").content())) {
            assertThat(body(mail(content, ENVELOPE), "text/html"))
                    .contains("&lt;script&gt;alert(&#39;&quot;&amp;amp;&quot;&#39;)&lt;/script&gt;")
                    .doesNotContain("<script", "alert('", "\"&amp;");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\nBcc: eve@evil.example", "\nBcc: eve@evil.example", "\rBcc: eve@evil.example",
            "\r\n\r\nBcc: eve@evil.example", "\u2028Bcc: eve@evil.example", "\u0085Bcc: eve@evil.example"})
    void noHeaderFieldCanBeSmuggledIn(String evil) throws Exception {
        NoticeContent content = new NoticeContent(NoticeKind.BEFORE, "A" + evil, EXPIRY, 20, "B" + evil,
                Optional.of("C" + evil), "en", Optional.empty(), Optional.empty(), true, CONTENT.timeZone(), true);
        NoticeEnvelope named = new NoticeEnvelope(new Address("a@acme.example", Optional.of("D" + evil)),
                Optional.of(new Address("b@acme.example", Optional.of("E" + evil))), ENVELOPE.recipients(),
                ENVELOPE.messageId(), ENVELOPE.idempotencyKey(), ENVELOPE.date());

        for (NoticeContent each : List.of(content, new Change(content).own("F" + evil + "$[license]", "x").content())) {
            MimeMessage mail = mail(each, named);
            assertThat(mail.getHeader("Bcc")).isNull();
            assertThat(mail.getSubject()).contains(" Bcc: eve@evil.example");
            assertThat(body(mail, "text/calendar")).doesNotContain("\nBcc");
        }
        List<NoticeEnvelope> refused = List.of(envelope("a@acme.example" + evil, "b@acme.example", "1@x", "k"),
                envelope("\"a" + evil + "\"@acme.example", "b@acme.example", "1@x", "k"),
                envelope("a@acme.example", "b@acme.example" + evil, "1@x", "k"),
                envelope("a@acme.example", "b@acme.example", "1@x" + evil, "k"),
                envelope("a@acme.example", "b@acme.example", "1@x", "k" + evil));
        assertThat(refused).allSatisfy(envelope -> assertThatThrownBy(() -> NoticeMail.compose(CONTENT, envelope))
                .isInstanceOf(IllegalArgumentException.class));
    }

    @Test
    void aTestIsMarkedInSubjectAndText() throws Exception {
        MimeMessage mail = mail(new Change(CONTENT).test().content(), ENVELOPE);

        assertThat(mail.getSubject()).isEqualTo("[Test] Example Console 5: 20 days left");
        assertThat(body(mail, "text/plain")).startsWith("*** This is a test mail.");
        assertThat(body(mail, "text/html")).contains("This is a test mail.");
    }

    @Test
    void ownTextsOfATestAreMarkedToo() throws Exception {
        MimeMessage mail = mail(new Change(CONTENT).own("Renew", "Now").test().content(), ENVELOPE);

        assertThat(mail.getSubject()).isEqualTo("[Test] Renew");
        assertThat(body(mail, "text/plain")).startsWith("*** This is a test mail.");
    }

    @Test
    void arabicRunsFromRightToLeft() throws Exception {
        String html = body(mail(new Change(CONTENT).language("ar-EG").content(), ENVELOPE), "text/html");

        assertThat(html).contains("<html lang=\"ar\" dir=\"rtl\">", "<div lang=\"ar\" dir=\"rtl\"",
                "\u2068Example Console 5\u2069");
    }

    /** U+202E turns around what follows, U+2069 would end the isolation. */
    @Test
    void aNameCannotTurnTheTextAround() throws Exception {
        NoticeContent content = new NoticeContent(NoticeKind.BEFORE, "A\u202Eb\u2069c", EXPIRY, 20, "Acme",
                Optional.empty(), "ar", Optional.empty(), Optional.empty(), false, CONTENT.timeZone(), false);

        assertThat(mail(content, ENVELOPE).getSubject()).startsWith("\u2068A bc\u2069:");
    }

    @Test
    void addressesBeyondAsciiAreWrittenInUtf8() throws Exception {
        String mail = text(CONTENT, new NoticeEnvelope(new Address("büro@acme.example", Optional.of("Büro")),
                Optional.empty(), List.of("用户@例子.example"), "1@acme.example", Optional.empty(), ENVELOPE.date()));

        assertThat(header(mail)).contains("<büro@acme.example>", "To: 用户@例子.example");
    }

    @Test
    void fiftyRecipientsStandInTo() throws Exception {
        List<String> recipients = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            recipients.add("person" + i + "@acme.example");
        }
        MimeMessage mail = mail(CONTENT, new NoticeEnvelope(ENVELOPE.from(), Optional.empty(), recipients,
                ENVELOPE.messageId(), Optional.empty(), ENVELOPE.date()));

        assertThat(Arrays.stream(mail.getRecipients(Message.RecipientType.TO)).map(Object::toString))
                .containsExactlyElementsOf(recipients);
    }

    private static NoticeEnvelope envelope(String from, String to, String messageId, String key) {
        return new NoticeEnvelope(new Address(from, Optional.empty()), Optional.empty(), List.of(to), messageId,
                Optional.of(key), ENVELOPE.date());
    }

    private static String header(String mail) {
        return mail.substring(0, mail.indexOf("\r\n\r\n") + 2).replace("\r\n", "\n");
    }

    private static String uid(String event) {
        return event.lines().filter(line -> line.startsWith("UID:")).findFirst().orElseThrow();
    }

    private static String text(NoticeContent content, NoticeEnvelope envelope) throws Exception {
        var composed = NoticeMail.compose(content, envelope);
        byte[] octets = composed.open().readAllBytes();
        assertThat(octets).hasSize((int) composed.size());
        return new String(octets, StandardCharsets.UTF_8);
    }

    private static MimeMessage mail(NoticeContent content, NoticeEnvelope envelope) throws Exception {
        return parsed(text(content, envelope));
    }

    private static MimeMessage parsed(String mail) throws Exception {
        return new MimeMessage(Session.getInstance(new Properties()),
                new ByteArrayInputStream(mail.getBytes(StandardCharsets.UTF_8)));
    }

    private static String body(Part part, String type) throws Exception {
        if (part.getContent() instanceof Multipart parts) {
            StringBuilder found = new StringBuilder();
            for (int i = 0; i < parts.getCount(); i++) {
                found.append(body(parts.getBodyPart(i), type));
            }
            return found.toString();
        }
        return part.isMimeType(type)
                ? new String(part.getInputStream().readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n")
                : "";
    }

    /** The same content but for something. */
    private record Change(NoticeContent content) {
        Change language(String language) {
            return new Change(new NoticeContent(content.kind(), content.license(), content.expiryDate(),
                    content.daysLeft(), content.organization(), content.linkHost(), language, content.subject(),
                    content.body(), content.calendar(), content.timeZone(), content.test()));
        }

        Change days(NoticeKind kind, int daysLeft) {
            return new Change(new NoticeContent(kind, content.license(), content.expiryDate(), daysLeft,
                    content.organization(), content.linkHost(), content.language(), content.subject(), content.body(),
                    content.calendar(), content.timeZone(), content.test()));
        }

        Change expiry(LocalDate date) {
            return new Change(new NoticeContent(content.kind(), content.license(), date, content.daysLeft(),
                    content.organization(), content.linkHost(), content.language(), content.subject(), content.body(),
                    content.calendar(), content.timeZone(), content.test()));
        }

        Change own(String subject, String body) {
            return new Change(new NoticeContent(content.kind(), content.license(), content.expiryDate(),
                    content.daysLeft(), content.organization(), content.linkHost(), content.language(),
                    Optional.of(subject), Optional.of(body), content.calendar(), content.timeZone(), content.test()));
        }

        Change calendar() {
            return new Change(new NoticeContent(content.kind(), content.license(), content.expiryDate(),
                    content.daysLeft(), content.organization(), content.linkHost(), content.language(),
                    content.subject(), content.body(), true, content.timeZone(), content.test()));
        }

        Change test() {
            return new Change(new NoticeContent(content.kind(), content.license(), content.expiryDate(),
                    content.daysLeft(), content.organization(), content.linkHost(), content.language(),
                    content.subject(), content.body(), content.calendar(), content.timeZone(), true));
        }
    }
}
