package dev.postrider.notice;

import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * All that a notice says, in its language, before it becomes plain text and HTML.
 *
 * @param language   of the texts, a BCP 47 tag
 * @param testNote   that this is a test, if it is
 * @param paragraphs what it has to say
 * @param facts      what people look up; none beside an own body
 * @param notes      on the mail itself
 * @param own        which of it is not translated, and may be in another language
 */
record NoticeWording(String language, boolean rightToLeft, Stage stage, String subject, String heading,
        Optional<String> testNote, List<String> paragraphs, List<Fact> facts, List<String> notes, Event event,
        Own own) {
    private static final char FIRST_STRONG_ISOLATE = '\u2068';
    private static final char POP_DIRECTIONAL_ISOLATE = '\u2069';

    /**
     * @param line what plain text has
     * @param link where it leads, if it does
     */
    record Fact(String label, String value, String line, Optional<String> link) {}

    /** What stands in the calendar; it says nothing that is not true for long. */
    record Event(String summary, String description) {}

    /** Whether subject and body are the resource's own. */
    record Own(boolean heading, boolean paragraphs) {}

    /** @param now when the mail is written */
    static NoticeWording of(NoticeContent content, Instant now) {
        return of(content, now, NoticeTexts.of(content.language()));
    }

    static NoticeWording of(NoticeContent content, Instant now, NoticeTexts texts) {
        return new Writer(content, now, texts).write();
    }

    private static final class Writer {
        private final NoticeContent content;
        private final NoticeTexts texts;
        private final Map<String, Object> values = new HashMap<>();

        Writer(NoticeContent content, Instant now, NoticeTexts texts) {
            this.content = content;
            this.texts = texts;
            LocalDate today = now.atZone(content.timeZone()).toLocalDate();
            values.put("license", name(content.license()));
            values.put("organization", name(content.organization()));
            values.put("date", texts.date(content.expiryDate()));
            values.put("days", content.daysLeft());
            values.put("ago", Math.max(1, ChronoUnit.DAYS.between(content.expiryDate(), today)));
        }

        NoticeWording write() {
            Stage stage = Stage.of(content);
            String heading = content.subject().map(own -> oneLine(expand(own))).orElseGet(() -> text(stage.subject));
            String subject = heading;
            if (content.test()) {
                values.put("subject", heading);
                subject = text(TextKey.TEST_SUBJECT);
            }
            return new NoticeWording(texts.language(), texts.isRightToLeft(), stage, subject, heading,
                    content.test() ? Optional.of(text(TextKey.TEST_TEXT)) : Optional.empty(),
                    content.body()
                            .map(own -> paragraphs(expand(own)))
                            .orElseGet(() -> List.of(text(TextKey.GREETING), text(stage.text), text(stage.action))),
                    content.body().isPresent() ? List.of() : facts(stage), notes(),
                    new Event(text(TextKey.CALENDAR_SUMMARY),
                            facts(Stage.TODAY).stream().map(Fact::line).collect(Collectors.joining("\n"))),
                    new Own(content.subject().isPresent(), content.body().isPresent()));
        }

        private List<Fact> facts(Stage stage) {
            List<Fact> facts = new ArrayList<>();
            facts.add(fact(TextKey.LABEL_LICENSE, name(content.license())));
            facts.add(fact(TextKey.LABEL_ORGANIZATION, name(content.organization())));
            facts.add(fact(TextKey.LABEL_EXPIRY_DATE, texts.dateWithWeekday(content.expiryDate())));
            if (stage == Stage.SOON) {
                facts.add(fact(TextKey.LABEL_DAYS_LEFT, texts.number(content.daysLeft())));
            }
            content.linkHost().map(NoticeWording::oneLine).ifPresent(host -> {
                Fact fact = fact(TextKey.LABEL_LINK, isolated("https://" + host));
                facts.add(new Fact(fact.label, isolated(host), fact.line, Optional.of("https://" + host)));
            });
            return List.copyOf(facts);
        }

        private Fact fact(TextKey key, String value) {
            String label = text(key);
            return new Fact(label, value, texts.text(TextKey.FACT, Map.of("label", label, "value", value)),
                    Optional.empty());
        }

        private List<String> notes() {
            List<String> notes = new ArrayList<>();
            if (NoticeCalendar.isAttached(content)) {
                notes.add(text(TextKey.CALENDAR_NOTE));
            }
            notes.add(text(TextKey.FOOTER));
            return List.copyOf(notes);
        }

        private String text(TextKey key) {
            return texts.text(key, values);
        }

        private String expand(String own) {
            return NoticeVariable.expand(own, variable -> switch (variable) {
                case DAYS -> texts.number(Math.max(0, content.daysLeft()));
                case EXPIRY_DATE -> texts.date(content.expiryDate());
                case LICENSE -> name(content.license());
                case ORGANIZATION -> name(content.organization());
                case LINK_HOST -> content.linkHost().map(NoticeWording::oneLine).orElse("");
            });
        }

        private String name(String name) {
            return isolated(oneLine(name).replaceAll("[\u2066-\u2069]", ""));
        }

        private String isolated(String name) {
            return NoticeWording.isolated(name, texts.isRightToLeft());
        }
    }

    /** A name in other letters would turn the order of the words about it (UAX #9 section 2.7). */
    static String isolated(String name, boolean rightToLeft) {
        return rightToLeft ? FIRST_STRONG_ISOLATE + name + POP_DIRECTIONAL_ISOLATE : name;
    }

    private static List<String> paragraphs(String text) {
        String lines = text.replaceAll("\\R", "\n")
                .replaceAll("[\\p{Cc}&&[^\n\t]]|[\u202A-\u202E]", " ")
                .strip();
        return List.of(lines.split("\n\\s*\n", -1));
    }

    /** Without control characters, line breaks, and characters that would turn the text after them around. */
    static String oneLine(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}\u202A-\u202E\u2066\u2067]+", " ").strip();
    }
}
