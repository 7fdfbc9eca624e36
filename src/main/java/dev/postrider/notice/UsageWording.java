package dev.postrider.notice;

import dev.postrider.notice.UsageFigures.Bar;
import dev.postrider.notice.UsageFigures.Pair;
import dev.postrider.route.MailClass;
import dev.postrider.route.MailCounts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/**
 * All that a usage report says, in its language, before it becomes plain text and HTML.
 *
 * @param language   of the texts, a BCP 47 tag
 * @param paragraphs what stands before the numbers
 * @param columns    headings of the columns of the totals
 * @param totals     each number with the one before
 * @param days       its heading, and mails by day
 * @param classes    its heading, and what became of mail by its class
 * @param servers    its heading, and what became of mail by server
 * @param bounces    its heading, and what bounced by what the server's reply was about
 * @param notes      on the mail itself
 */
record UsageWording(String language, boolean rightToLeft, String subject, List<String> paragraphs,
        List<String> columns, List<Line> totals, Days days, Section classes, Section servers, Section bounces,
        List<String> notes) {

    /** @param plain what plain text has */
    record Line(String label, String now, String before, String change, String plain) {}

    /** @param share of the longest, from 0 to 1 */
    record DayBar(String label, double share) {}

    record Days(String heading, String most, List<DayBar> bars) {}

    record Section(String heading, List<Item> items) {}

    /**
     * One class or server.
     *
     * @param main    what its bars show
     * @param now     length of its bar, from 0 to 1 of the longest
     * @param before  length of the bar of the period before
     * @param details the other numbers
     */
    record Item(String label, Line main, double now, double before, List<Line> details) {}

    private record Metric(UsageTextKey label, ToLongFunction<MailCounts> of, boolean octets) {}

    private static final Metric ACCEPTED = new Metric(UsageTextKey.ACCEPTED, MailCounts::accepted, false);
    private static final Metric RECIPIENTS = new Metric(UsageTextKey.RECIPIENTS, MailCounts::recipients, false);
    private static final Metric DELIVERED = new Metric(UsageTextKey.DELIVERED, MailCounts::delivered, false);
    private static final Metric DEFERRED = new Metric(UsageTextKey.DEFERRED, MailCounts::deferred, false);
    private static final Metric BOUNCED = new Metric(UsageTextKey.BOUNCED, MailCounts::bounced, false);
    private static final Metric REFUSED = new Metric(UsageTextKey.REFUSED, MailCounts::refused, false);
    private static final Metric SIZE = new Metric(UsageTextKey.SIZE, MailCounts::octets, true);

    static UsageWording of(UsageReportContent content) {
        return of(content, NoticeTexts.ofUsage(content.language()));
    }

    static UsageWording of(UsageReportContent content, NoticeTexts texts) {
        return new Writer(content, texts).write();
    }

    private static final class Writer {
        private final UsageReportContent content;
        private final NoticeTexts texts;
        private final UsageFigures figures;
        private final Map<String, Object> values = new HashMap<>();

        Writer(UsageReportContent content, NoticeTexts texts) {
            this.content = content;
            this.texts = texts;
            this.figures = UsageFigures.of(content);
            values.put("organization", name(content.name()));
            values.put("period", texts.period(content.from(), content.to().minusDays(1)));
            values.put("before", texts.period(content.before(), content.from().minusDays(1)));
        }

        UsageWording write() {
            return new UsageWording(texts.language(), texts.isRightToLeft(), text(UsageTextKey.SUBJECT),
                    List.of(NoticeTexts.of(content.language()).text(TextKey.GREETING, Map.of()),
                            text(UsageTextKey.INTRO)),
                    List.of(text(UsageTextKey.NOW), text(UsageTextKey.BEFORE), text(UsageTextKey.CHANGE)),
                    lines(figures.total(), List.of(ACCEPTED, RECIPIENTS, DELIVERED, DEFERRED, BOUNCED, REFUSED, SIZE)),
                    days(),
                    section(UsageTextKey.CLASSES, figures.classes(), this::className, ACCEPTED,
                            List.of(DELIVERED, DEFERRED, BOUNCED, REFUSED, SIZE)),
                    section(UsageTextKey.SERVERS, figures.servers(), this::name, DELIVERED,
                            List.of(DEFERRED, BOUNCED)),
                    section(UsageTextKey.BOUNCES, figures.bounces(), this::replyClass, BOUNCED, List.of()),
                    List.of(text(UsageTextKey.COUNTED), text(UsageTextKey.ATTACHED), text(UsageTextKey.FOOTER)));
        }

        private Days days() {
            long most = figures.bars().stream().mapToLong(Bar::accepted).max().orElse(0);
            return new Days(text(UsageTextKey.DAYS), texts.number(most), figures.bars()
                    .stream()
                    .map(bar -> new DayBar(texts.date(bar.first()) + ": " + texts.number(bar.accepted()),
                            share(bar.accepted(), most)))
                    .toList());
        }

        private Section section(UsageTextKey heading, Map<String, Pair> pairs,
                UnaryOperator<String> label, Metric main, List<Metric> details) {
            long most = pairs.values()
                    .stream()
                    .mapToLong(pair -> Math.max(main.of.applyAsLong(pair.now()), main.of.applyAsLong(pair.before())))
                    .max()
                    .orElse(0);
            List<Item> items = new ArrayList<>();
            pairs.forEach((key, pair) -> items.add(new Item(label.apply(key), line(pair, main),
                    share(main.of.applyAsLong(pair.now()), most), share(main.of.applyAsLong(pair.before()), most),
                    lines(pair, details))));
            return new Section(text(heading), List.copyOf(items));
        }

        private static double share(long value, long most) {
            return most == 0 ? 0 : (double) value / most;
        }

        private List<Line> lines(Pair pair, List<Metric> metrics) {
            return metrics.stream().map(metric -> line(pair, metric)).toList();
        }

        private Line line(Pair pair, Metric metric) {
            long now = metric.of.applyAsLong(pair.now());
            long before = metric.of.applyAsLong(pair.before());
            long more = now - before;
            String absolute = metric.octets ? texts.size(more, true) : texts.signed(more);
            String change = isolated(
                    before == 0 ? absolute : absolute + " (" + texts.percent((double) more / before) + ")");
            String label = text(metric.label);
            String value = isolated(metric.octets ? texts.size(now, false) : texts.number(now));
            String earlier = isolated(metric.octets ? texts.size(before, false) : texts.number(before));
            return new Line(label, value, earlier, change, texts.text(UsageTextKey.LINE,
                    Map.of("label", label, "value", value, "before", earlier, "change", change)));
        }

        private String className(String key) {
            Optional<MailClass> known = MailClass.parse(key);
            return known.map(mailClass -> text(switch (mailClass) {
                case PASSWORD_RECOVERY -> UsageTextKey.PASSWORD_RECOVERY;
                case ALERTS -> UsageTextKey.ALERTS;
                case NOTIFICATIONS -> UsageTextKey.NOTIFICATIONS;
                case USAGE_REPORT -> UsageTextKey.USAGE_REPORT;
            })).orElseGet(() -> key.isEmpty() ? text(UsageTextKey.OTHER) : name(key));
        }

        private String replyClass(String key) {
            return key.isEmpty()
                    ? text(UsageTextKey.OTHER)
                    : UsageTextKey.ofReply(key).map(this::text).orElseGet(() -> name(key));
        }

        private String text(UsageTextKey key) {
            return texts.text(key, values);
        }

        private String name(String name) {
            return isolated(NoticeWording.oneLine(name).replaceAll("[\u2066-\u2069]", ""));
        }

        private String isolated(String text) {
            return NoticeWording.isolated(text, texts.isRightToLeft());
        }
    }
}
