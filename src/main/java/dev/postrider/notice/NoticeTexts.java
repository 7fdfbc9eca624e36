package dev.postrider.notice;

import com.ibm.icu.text.DateFormat;
import com.ibm.icu.text.DateIntervalFormat;
import com.ibm.icu.text.MessageFormat;
import com.ibm.icu.number.NumberFormatter;
import com.ibm.icu.number.NumberFormatter.SignDisplay;
import com.ibm.icu.number.NumberFormatter.UnitWidth;
import com.ibm.icu.number.Precision;
import com.ibm.icu.number.Scale;
import com.ibm.icu.text.NumberFormat;
import com.ibm.icu.util.DateInterval;
import com.ibm.icu.util.MeasureUnit;
import com.ibm.icu.util.LocaleMatcher;
import com.ibm.icu.util.TimeZone;
import com.ibm.icu.util.ULocale;
import dev.postrider.plan.LanguageTags;
import dev.postrider.plan.Variables;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;

/** The texts of one language, with dates and numbers as its region writes them. */
public final class NoticeTexts {
    static final List<String> LANGUAGES = List.of("en", "ar", "de", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt-BR",
            "tr", "zh-Hans", "zh-Hant");

    private static final LocaleMatcher MATCHER = LocaleMatcher.builder()
            .setSupportedULocales(LANGUAGES.stream().map(ULocale::forLanguageTag).toList())
            .setDefaultULocale(ULocale.ENGLISH)
            .build();
    private static final List<MeasureUnit> SIZES = List.of(MeasureUnit.BYTE, MeasureUnit.KILOBYTE,
            MeasureUnit.MEGABYTE, MeasureUnit.GIGABYTE, MeasureUnit.TERABYTE);
    private static final Map<String, Properties> FILES = new ConcurrentHashMap<>();

    private final String language;
    private final ULocale locale;
    private final Properties texts;

    NoticeTexts(String language, ULocale locale, Properties texts) {
        this.language = language;
        this.locale = locale;
        this.texts = texts;
    }

    /** What is wrong with the variables of an own subject or body, each problem with what is allowed. */
    public static List<String> problems(String text) {
        return Variables.NOTICE.problems(text);
    }

    /** Whether a BCP 47 tag names a language; it need not be one of the translated ones. */
    public static boolean isLanguage(String tag) {
        return LanguageTags.isLanguage(tag);
    }

    /** The best of the languages for a BCP 47 tag: that of {@code de-AT} is German; English if nothing comes near. */
    static NoticeTexts of(String tag) {
        return of(tag, "");
    }

    /** The texts of usage reports, by the same choice. */
    static NoticeTexts ofUsage(String tag) {
        return of(tag, "usage/");
    }

    private static NoticeTexts of(String tag, String kind) {
        LocaleMatcher.Result match = MATCHER.getBestMatchResult(ULocale.forLanguageTag(tag));
        String language = match.getSupportedULocale().toLanguageTag();
        // A license is dated by the calendar of the resource also where people have another one.
        ULocale locale = match.makeResolvedULocale().setKeywordValue("calendar", "gregorian");
        return new NoticeTexts(language, locale, FILES.computeIfAbsent(kind + language, NoticeTexts::read));
    }

    static Properties read(String language) {
        Properties texts = new Properties();
        try (InputStream file = NoticeTexts.class.getResourceAsStream(language + ".properties")) {
            if (file == null) {
                throw new IllegalStateException("no texts of the language " + language);
            }
            texts.load(new InputStreamReader(file, StandardCharsets.UTF_8));
            return texts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The language of the texts, a BCP 47 tag. */
    String language() {
        return language;
    }

    boolean isRightToLeft() {
        return locale.isRightToLeft();
    }

    String text(TextKey key, Map<String, Object> values) {
        return text(key.property(), values);
    }

    String text(UsageTextKey key, Map<String, Object> values) {
        return text(key.property(), values);
    }

    private String text(String property, Map<String, Object> values) {
        String pattern = texts.getProperty(property);
        if (pattern == null) {
            throw new IllegalStateException(language + ".properties has no " + property);
        }
        return new MessageFormat(pattern, locale).format(values);
    }

    String date(LocalDate date) {
        return format(date, DateFormat.LONG);
    }

    String dateWithWeekday(LocalDate date) {
        return format(date, DateFormat.FULL);
    }

    /** Both days, with what they have in common said once; one day where they are the same. */
    String period(LocalDate first, LocalDate last) {
        // The long form of CLDR writes the month of simplified Chinese in other numerals than the days.
        DateIntervalFormat format = DateIntervalFormat.getInstance(locale.getLanguage().equals("zh")
                ? DateFormat.YEAR_ABBR_MONTH_DAY
                : DateFormat.YEAR_MONTH_DAY, locale);
        format.setTimeZone(TimeZone.GMT_ZONE);
        return format.format(new DateInterval(milliseconds(first), milliseconds(last)));
    }

    private String format(LocalDate date, int style) {
        DateFormat format = DateFormat.getDateInstance(style, locale);
        format.setTimeZone(TimeZone.GMT_ZONE);
        return format.format(milliseconds(date));
    }

    private static long milliseconds(LocalDate date) {
        return date.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    }

    /** A number with its sign, as +12; nothing has none. */
    String signed(long number) {
        return NumberFormatter.withLocale(locale).sign(SignDisplay.EXCEPT_ZERO).format(number).toString();
    }

    /** A part of one, as +8% for 0.08. */
    String percent(double part) {
        return NumberFormatter.withLocale(locale)
                .unit(MeasureUnit.PERCENT)
                .scale(Scale.powerOfTen(2))
                .precision(Precision.maxFraction(1))
                .sign(SignDisplay.EXCEPT_ZERO)
                .format(part)
                .toString();
    }

    /** Octets in a unit that fits them, as 1.2 MB; {@code signed} puts a plus before what is more than nothing. */
    String size(long octets, boolean signed) {
        double size = octets;
        int unit = 0;
        while (Math.abs(size) >= 1000 && unit < SIZES.size() - 1) {
            size /= 1000;
            unit++;
        }
        return NumberFormatter.withLocale(locale)
                .unit(SIZES.get(unit))
                .unitWidth(UnitWidth.SHORT)
                .precision(unit == 0 ? Precision.integer() : Precision.maxFraction(1))
                .sign(signed ? SignDisplay.EXCEPT_ZERO : SignDisplay.AUTO)
                .format(size)
                .toString();
    }

    String number(long number) {
        return NumberFormat.getIntegerInstance(locale).format(number);
    }
}
