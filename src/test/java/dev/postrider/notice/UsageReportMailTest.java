package dev.postrider.notice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.MessageContent;
import dev.postrider.reply.ReplyClass;
import dev.postrider.route.Address;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.GoldenFiles;
import jakarta.mail.BodyPart;
import jakarta.mail.Multipart;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.InputStream;
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
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Usage reports as they go out. */
@Tag("organizations")
final class UsageReportMailTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/postrider/notice/usage");
    private static final LocalDate BEFORE = LocalDate.of(2026, 9, 1);
    private static final LocalDate FROM = LocalDate.of(2026, 10, 1);
    private static final LocalDate TO = LocalDate.of(2026, 11, 1);
    private static final ResourceKey MX = new ResourceKey("mail", "company");
    private static final ResourceKey SECOND = new ResourceKey("shop", "second-data-centre");

    static List<String> languages() {
        return NoticeTexts.LANGUAGES;
    }

    private static List<DailyCounts> days() {
        List<DailyCounts> days = new ArrayList<>();
        for (LocalDate day = BEFORE; day.isBefore(TO); day = day.plusDays(1)) {
            long some = day.getDayOfMonth() * 7L % 50 * (day.isBefore(FROM) ? 9 : 11);
            if (day.getDayOfWeek().getValue() < 6) {
                days.add(new DailyCounts(day, Optional.empty(), Optional.empty(),
                        new MailCounts(some, some + 3, 0, 0, 0, 1, some / 90, some * 45_000)));
                days.add(new DailyCounts(day, Optional.of("alerts"), Optional.empty(),
                        new MailCounts(some / 9, some / 9, 0, 0, 0, 0, 0, some * 800)));
                days.add(new DailyCounts(day, Optional.of("alerts"), Optional.of(SECOND),
                        new MailCounts(0, 0, some / 9, 2, 0, 0, 0, 0)));
            }
            days.add(new DailyCounts(day, Optional.empty(), Optional.of(MX),
                    bounced(some, day)));
        }
        days.add(new DailyCounts(FROM, Optional.of("password-recovery"), Optional.empty(),
                new MailCounts(412, 412, 0, 0, 0, 0, 0, 900_000)));
        return days;
    }

    /** What bounced until the middle of the period before was counted by a version that knew no classes. */
    private static MailCounts bounced(long some, LocalDate day) {
        MailCounts counts = new MailCounts(0, 0, some, some / 20, 0, 0, 0, 0);
        long bounced = some / 100;
        if (bounced == 0) {
            return counts;
        }
        return counts.plus(day.isBefore(BEFORE.plusDays(15))
                ? MailCounts.bounced(bounced)
                : MailCounts.bounced(bounced, "InvalidRecipient").plus(MailCounts.bounced(1, "SpamBlocked")));
    }

    private static UsageReportContent content(String language, List<DailyCounts> days) {
        return new UsageReportContent(new ResourceKey("shop", "acme"), "Acme & Söhne", language,
                ZoneId.of("Europe/Berlin"), BEFORE, FROM, TO, days);
    }

    private static MimeMessage mail(UsageReportContent content) throws Exception {
        MessageContent mail = UsageReportMail.compose(content, new NoticeEnvelope(
                new Address("no-reply@acme.example", Optional.of("Acme & Söhne")), Optional.empty(),
                List.of("ann@acme.example"), "<1.usage@acme.example>", Optional.of("key-1"),
                Instant.parse("2026-11-01T07:00:00Z")));
        try (InputStream in = mail.open()) {
            return new MimeMessage(Session.getInstance(new Properties()), in);
        }
    }

    private static String part(MimeMessage mail, String type) throws Exception {
        return find((Multipart) mail.getContent(), type).orElseThrow().replace("\r\n", "\n");
    }

    private static Optional<String> find(Multipart parts, String type) throws Exception {
        for (int i = 0; i < parts.getCount(); i++) {
            BodyPart part = parts.getBodyPart(i);
            Optional<String> found = part.getContent() instanceof Multipart inner
                    ? find(inner, type)
                    : part.isMimeType(type)
                            ? Optional.of(text(part))
                            : Optional.empty();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static String text(BodyPart part) throws Exception {
        try (InputStream in = part.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("languages")
    void eachLanguageReadsAsItsFilesSay(String language) throws Exception {
        MimeMessage mail = mail(content(language, days()));
        GoldenFiles.check(GOLDEN.resolve(language + ".txt"),
                "Subject: " + mail.getSubject() + "\n\n" + part(mail, "text/plain"), getClass());
        if (List.of("en", "de", "ar", "ja").contains(language)) {
            GoldenFiles.check(GOLDEN.resolve(language + ".html"), part(mail, "text/html"), getClass());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            en | 2026-10-01 | 2026-11-01 | Mail of Acme & Söhne: October 1 – 31, 2026
            en | 2026-10-31 | 2026-11-01 | Mail of Acme & Söhne: October 31, 2026
            en | 2026-12-07 | 2027-01-04 | Mail of Acme & Söhne: December 7, 2026 – January 3, 2027
            de | 2026-10-26 | 2026-11-02 | E-Mails von Acme & Söhne: 26. Oktober – 1. November 2026
            """)
    void itsPeriodIsWrittenAsPeopleWriteIt(String language, LocalDate from, LocalDate to, String subject)
            throws Exception {
        MimeMessage mail = mail(new UsageReportContent(new ResourceKey("shop", "acme"), "Acme & Söhne", language,
                ZoneId.of("UTC"), from.minusDays(1), from, to, List.of()));
        assertThat(mail.getSubject().replace('\u2009', ' ')).isEqualTo(subject);
        assertThat(part(mail, "text/html").contains(language.equals("en") ? "Mails per day" : "E-Mails pro Tag"))
                .isEqualTo(!from.plusDays(1).equals(to));
    }

    @Test
    void aPeriodWithoutMailHasAReportToo() throws Exception {
        MimeMessage mail = mail(content("en", List.of()));
        assertThat(part(mail, "text/plain")).contains("Mails accepted: 0 (before: 0; change: 0)",
                "Size: 0 byte (before: 0 byte; change: 0 byte)").doesNotContain("NaN", "BY KIND");
        assertThat(part(mail, "text/html")).doesNotContain("NaN");
    }

    @Test
    void itIsMarkedForTheRelayAndForMachines() throws Exception {
        MimeMessage mail = mail(content("en", days()));
        assertThat(mail.getHeader("Postrider-Class")).containsExactly("usage-report");
        assertThat(mail.getHeader("Postrider-Idempotency-Key")).containsExactly("key-1");
        assertThat(mail.getHeader("Auto-Submitted")).containsExactly("auto-generated");
        assertThat(mail.getMessageID()).isEqualTo("<1.usage@acme.example>");
    }

    @Test
    void theNumbersAreAttached() throws Exception {
        MimeMessage mail = mail(content("ar", days().subList(0, 4)));
        assertThat(part(mail, "text/csv")).isEqualTo(
                """
                        organization,period,day,class,server,accepted,recipients,delivered,deferred,bounced,removed,refused,octets,bounces
                        shop/acme,before,2026-09-01,,,63,66,0,0,0,1,0,2835000,
                        shop/acme,before,2026-09-01,alerts,,7,7,0,0,0,0,0,50400,
                        shop/acme,before,2026-09-01,alerts,shop/second-data-centre,0,0,7,2,0,0,0,0,
                        shop/acme,before,2026-09-01,,mail/company,0,0,63,3,0,0,0,0,
                        """);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            plain   | plain
            a,b     | "a,b"
            a"b     | "a""b"
            =1+1    | '=1+1
            +1      | '+1
            -1      | '-1
            @A1     | '@A1
            =a,"b"  | "'=a,""b"\""
            """)
    void noCellIsAFormula(String text, String cell) {
        assertThat(UsageCsv.cell(text)).isEqualTo(cell);
    }

    @ParameterizedTest
    @MethodSource("languages")
    void eachTranslationHasAllTextsAndTheirArguments(String language) {
        Properties english = NoticeTexts.read("usage/en");
        Properties texts = NoticeTexts.read("usage/" + language);
        assertThat(texts.stringPropertyNames()).hasSameSizeAs(UsageTextKey.values());
        assertThat(Arrays.asList(UsageTextKey.values())).allSatisfy(key -> {
            assertThat(texts.getProperty(key.property())).as(key.property()).isNotBlank().doesNotContain("'");
            assertThat(arguments(texts, key)).as(key.property()).isEqualTo(arguments(english, key));
        });
    }

    @Test
    void eachClassOfRepliesHasATextForPeople() {
        assertThat(ReplyClass.values()).allSatisfy(replyClass -> assertThat(UsageTextKey.ofReply(replyClass.text()))
                .as(replyClass.text())
                .satisfies(key -> assertThat(key.isPresent()).isEqualTo(replyClass != ReplyClass.OTHER)));
        assertThat(UsageTextKey.ofReply("OfALaterVersion")).isEmpty();
    }

    @Test
    void bouncesAreShownWhereSomethingIsKnownOfThem() throws Exception {
        DailyCounts known = new DailyCounts(FROM, Optional.empty(), Optional.of(MX),
                MailCounts.bounced(3, "SpamBlocked")
                        .plus(MailCounts.bounced(2, "Other"))
                        .plus(MailCounts.bounced(4, "OfALaterVersion"))
                        .plus(MailCounts.bounced(1)));
        assertThat(part(mail(content("en", List.of(known))), "text/plain")).contains("""
                UNDELIVERABLE, BY THE REPLY OF THE SERVER

                Other
                  Undeliverable: 3 (before: 0; change: +3)

                OfALaterVersion
                  Undeliverable: 4 (before: 0; change: +4)

                Taken for spam
                  Undeliverable: 3 (before: 0; change: +3)
                """);
        DailyCounts unknown = new DailyCounts(FROM, Optional.empty(), Optional.of(MX), MailCounts.bounced(3));
        assertThat(part(mail(content("en", List.of(unknown))), "text/plain")).doesNotContain("BY THE REPLY");
    }

    private static Set<String> arguments(Properties texts, UsageTextKey key) {
        Set<String> found = new TreeSet<>();
        Pattern.compile("\\{(\\w+)}")
                .matcher(texts.getProperty(key.property()))
                .results()
                .forEach(
                        match -> found.add(match.group(1)));
        return found;
    }
}
