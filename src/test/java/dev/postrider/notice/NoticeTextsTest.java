package dev.postrider.notice;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.icu.text.MessageFormat;
import com.ibm.icu.text.MessagePattern;
import com.ibm.icu.text.PluralRules;
import com.ibm.icu.util.ULocale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The files that translators edit, and which of them is taken. */
@Tag("notices")
final class NoticeTextsTest {
    private static final Path FILES = Path.of("src/main/resources/dev/postrider/notice");
    private static final LocalDate EXPIRY = LocalDate.of(2027, 1, 31);

    static List<String> languages() {
        return NoticeTexts.LANGUAGES;
    }

    @Test
    void eachFileIsALanguageAndEachLanguageAFile() throws IOException {
        try (Stream<Path> files = Files.list(FILES)) {
            assertThat(files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString().replace(".properties", "")))
                    .containsExactlyInAnyOrderElementsOf(NoticeTexts.LANGUAGES);
        }
        try (Stream<Path> files = Files.list(FILES.resolve("usage"))) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".properties", "")))
                    .containsExactlyInAnyOrderElementsOf(NoticeTexts.LANGUAGES);
        }
    }

    @ParameterizedTest
    @MethodSource("languages")
    void noTextIsMissingAndNoneIsUnknown(String language) {
        assertThat(NoticeTexts.read(language).stringPropertyNames())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(TextKey.values()).map(TextKey::property).toList());
    }

    @ParameterizedTest
    @MethodSource("languages")
    void noTextIsThereTwice(String language) throws IOException {
        assertThat(Files.readAllLines(FILES.resolve(language + ".properties")))
                .filteredOn(line -> !line.startsWith("#"))
                .extracting(line -> line.split(" = ", 2)[0])
                .doesNotHaveDuplicates();
    }

    @Test
    void everyTextIsUsed() {
        Properties marked = new Properties();
        for (TextKey key : TextKey.values()) {
            marked.setProperty(key.property(), "<" + key.property() + ">{label}{value}{subject}");
        }
        NoticeTexts texts = new NoticeTexts("en", ULocale.ENGLISH, marked);

        String all = IntStream.of(20, 1, 0)
                .mapToObj(days -> NoticeWording.of(content("en", NoticeKind.BEFORE, days), Instant.EPOCH, texts))
                .map(NoticeWording::toString)
                .collect(Collectors.joining());

        assertThat(Arrays.stream(TextKey.values()).map(key -> "<" + key.property() + ">")).allMatch(all::contains);
    }

    @ParameterizedTest
    @MethodSource("languages")
    void eachTranslationTellsTheSameFactsAsTheEnglishText(String language) {
        Properties english = NoticeTexts.read("en");
        Properties texts = NoticeTexts.read(language);

        assertThat(TextKey.values()).allSatisfy(key -> assertThat(arguments(texts, key)).as(key.property())
                .isEqualTo(arguments(english, key)));
    }

    @ParameterizedTest
    @MethodSource("languages")
    void eachPluralHasTheFormsOfItsLanguage(String language) {
        Properties texts = NoticeTexts.read(language);
        PluralRules rules = PluralRules.forLocale(ULocale.forLanguageTag(language));
        Set<String> forms = IntStream.rangeClosed(0, 400).mapToObj(rules::select).collect(Collectors.toSet());

        assertThat(TextKey.values()).allSatisfy(key -> {
            String text = texts.getProperty(key.property());
            Set<String> written = selectors(text);
            if (text.contains("plural")) {
                assertThat(written).as(key.property()).containsAll(forms);
            }
        });
    }

    /** A straight apostrophe quotes a brace after it. */
    @ParameterizedTest
    @MethodSource("languages")
    void noTextHasAStraightApostrophe(String language) {
        assertThat(NoticeTexts.read(language).values()).noneMatch(text -> text.toString().contains("'"));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            en, en
            de-AT, de
            de-CH-1996, de
            gsw, de
            pt, pt-BR
            pt-PT, pt-BR
            zh, zh-Hans
            zh-CN, zh-Hans
            zh-SG, zh-Hans
            zh-TW, zh-Hant
            zh-HK, zh-Hant
            zh-Hant-MO, zh-Hant
            es-419, es
            ar-EG, ar
            ja-JP-u-ca-japanese, ja
            sv, en
            und, en
            xx, en
            """)
    void theNearestLanguageIsTaken(String tag, String language) {
        assertThat(NoticeTexts.of(tag).language()).isEqualTo(language);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            en                  | January 8, 2027
            en-GB               | 8 January 2027
            de                  | 8. Januar 2027
            de-AT               | 8. Jänner 2027
            fr                  | 8 janvier 2027
            pl                  | 8 stycznia 2027
            ja-JP-u-ca-japanese | 2027年1月8日
            ko                  | 2027년 1월 8일
            ar                  | 8 يناير 2027
            ar-SA               | ٨ يناير ٢٠٢٧
            sv                  | January 8, 2027
            """)
    void datesAreWrittenAsTheRegionDoes(String tag, String date) {
        assertThat(NoticeTexts.of(tag).date(LocalDate.of(2027, 1, 8))).isEqualTo(date);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            en    | 2  | Console: 2 days left
            en    | 90 | Console: 90 days left
            de    | 2  | Console: noch 2 Tage
            pl    | 2  | Console: pozostały 2 dni
            pl    | 5  | Console: pozostało 5 dni
            pl    | 22 | Console: pozostały 22 dni
            pl    | 25 | Console: pozostało 25 dni
            ar    | 2  | Console: يتبقى يومان
            ar    | 5  | Console: تتبقى 5 أيام
            ar    | 20 | Console: يتبقى 20 يومًا
            ja    | 20 | Console：有効期限まで残り20日
            """)
    void daysAreCountedAsTheLanguageDoes(String tag, int days, String subject) {
        NoticeWording wording = NoticeWording.of(content(tag, NoticeKind.BEFORE, days), Instant.EPOCH);

        assertThat(wording.heading().replaceAll("[\u2068\u2069]", "")).isEqualTo(subject);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2027-01-31T23:00:00Z | 1 day ago
            2027-02-01T09:00:00Z | 1 day ago
            2027-02-07T09:00:00Z | 7 days ago
            """)
    void aLateNoticeTellsHowLongAgo(Instant now, String said) {
        NoticeWording wording = NoticeWording.of(content("en", NoticeKind.ON_EXPIRY, 0), now);

        assertThat(wording.paragraphs().get(1)).contains(said);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            before, 20, SOON
            before, 1, TODAY
            onExpiry, 1, TODAY
            onExpiry, 0, EXPIRED
            onExpiry, -6, EXPIRED
            onExpiry, 20, TODAY
            """)
    void whatIsSaidGoesByTheDaysLeftAndTheKind(String kind, int daysLeft, Stage stage) {
        NoticeKind which = Arrays.stream(NoticeKind.values())
                .filter(value -> value.toString().equals(kind))
                .findFirst()
                .orElseThrow();

        assertThat(Stage.of(content("en", which, daysLeft))).isEqualTo(stage);
    }

    @Test
    void eachVariableThatIsAllowedHasAValue() {
        assertThat(Arrays.stream(NoticeVariable.values()).map(variable -> variable.id))
                .containsExactlyElementsOf(dev.postrider.plan.Variables.NOTICE.names());
    }

    private static Set<String> arguments(Properties texts, TextKey key) {
        return new TreeSet<>(new MessageFormat(texts.getProperty(key.property()), ULocale.ENGLISH).getArgumentNames());
    }

    private static Set<String> selectors(String text) {
        MessagePattern pattern = new MessagePattern(text);
        Set<String> selectors = new HashSet<>();
        for (int i = 0; i < pattern.countParts(); i++) {
            if (pattern.getPartType(i) == MessagePattern.Part.Type.ARG_SELECTOR) {
                selectors.add(pattern.getSubstring(pattern.getPart(i)));
            }
        }
        return selectors;
    }

    private static NoticeContent content(String language, NoticeKind kind, int daysLeft) {
        return new NoticeContent(kind, "Console", EXPIRY, daysLeft, "Acme", Optional.of("mail.acme.example"), language,
                Optional.empty(), Optional.empty(), true, ZoneOffset.UTC, true);
    }
}
