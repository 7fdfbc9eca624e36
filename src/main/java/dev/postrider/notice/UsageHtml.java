package dev.postrider.notice;

import static dev.postrider.notice.NoticeHtml.escaped;

import dev.postrider.notice.UsageWording.Item;
import dev.postrider.notice.UsageWording.Line;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A usage report for programs that show HTML. Its bars are cells of tables with a background, which all programs show,
 * also those that load no pictures.
 */
final class UsageHtml {
    private static final String NOW = "#1558b0";
    private static final String BEFORE = "#b7c3d0";
    private static final int HIGHEST = 72;

    private UsageHtml() {}

    static String of(UsageWording wording) {
        String inner = "<h1 style=\"margin: 0 0 20px; font-size: 22px; line-height: 1.35\">"
                + escaped(wording.subject()) + "</h1>\n"
                + wording.paragraphs()
                        .stream()
                        .map(text -> "<p style=\"margin: 0 0 14px\">" + escaped(text) + "</p>\n")
                        .collect(Collectors.joining())
                + totals(wording) + days(wording.days()) + section(wording.classes()) + section(wording.servers())
                + section(wording.bounces());
        return NoticeHtml.page(wording.language(), wording.rightToLeft(), wording.subject(), NOW, inner,
                wording.notes());
    }

    private static String totals(UsageWording wording) {
        return wording.totals()
                .stream()
                .map(line -> "<tr>" + cell("th scope=\"row\"", line.label(), "start", "color: #5b6875")
                        + cell("td", line.now(), "end", "font-weight: 600") + cell("td", line.before(), "end", "")
                        + cell("td", line.change(), "end", "color: #5b6875") + "</tr>\n")
                .collect(Collectors.joining("",
                        "<table style=\"width: 100%; margin-top: 20px; border-collapse: collapse; font-size: 14px\">\n<tr>"
                                + cell("td", "", "start", "") + wording.columns()
                                        .stream()
                                        .map(column -> cell("th scope=\"col\"", column, "end", "color: #5b6875"))
                                        .collect(Collectors.joining())
                                + "</tr>\n",
                        "</table>\n"));
    }

    private static String cell(String tag, String text, String align, String style) {
        return "<%s style=\"padding: 4px 0; padding-inline-start: %s; border-bottom: 1px solid #eef1f5; text-align: %s; "
                .formatted(tag, align.equals("end") ? "10px" : "0", align)
                + "font-weight: normal; vertical-align: top; " + style + "\">" + escaped(text) + "</"
                + tag.substring(0, 2) + ">";
    }

    /** Of one day the totals say it all. */
    private static String days(UsageWording.Days days) {
        if (days.bars().size() == 1) {
            return "";
        }
        String bars = days.bars()
                .stream()
                .map(bar -> ("<td title=\"%s\" style=\"padding: 0 1px; vertical-align: bottom\">"
                        + "<div style=\"height: %dpx; background: %s; font-size: 0; line-height: 0\">&nbsp;</div></td>\n")
                        .formatted(escaped(bar.label()),
                                bar.share() == 0 ? 1 : Math.max(2, Math.round(bar.share() * HIGHEST)),
                                bar.share() == 0 ? BEFORE : NOW))
                .collect(Collectors.joining());
        return heading(days.heading()) + """
                <table role="presentation" style="width: 100%%; border-collapse: collapse; table-layout: fixed; \
                border-bottom: 1px solid %s">
                <tr>
                %s</tr>
                </table>
                <table role="presentation" style="width: 100%%; font-size: 12px; color: #5b6875"><tr>\
                <td style="text-align: start">%s</td><td style="text-align: end">%s</td></tr></table>
                """.formatted(BEFORE, bars, escaped(days.bars().getFirst().label()),
                escaped(days.bars().getLast().label()));
    }

    private static String heading(String text) {
        return "<h2 style=\"margin: 28px 0 10px; font-size: 17px; line-height: 1.35\">" + escaped(text) + "</h2>\n";
    }

    private static String section(UsageWording.Section section) {
        return section.items().isEmpty()
                ? ""
                : heading(section.heading())
                        + section.items().stream().map(UsageHtml::item).collect(Collectors.joining());
    }

    private static String item(Item item) {
        return """
                <table role="presentation" style="width: 100%%; margin-top: 12px; border-collapse: collapse; font-size: 14px">
                <tr><td style="padding: 0 0 3px; font-weight: 600; overflow-wrap: anywhere">%s</td>\
                <td style="padding: 0 0 3px; padding-inline-start: 10px; text-align: end; white-space: nowrap">%s: \
                <b>%s</b></td></tr>
                </table>
                %s%s%s"""
                .formatted(escaped(item.label()), escaped(item.main().label()), escaped(item.main().now()),
                        bar(item.now(), NOW, 10), bar(item.before(), BEFORE, 4), details(item.details()));
    }

    private static String details(List<Line> lines) {
        return lines.isEmpty()
                ? ""
                : "<div style=\"margin-top: 3px; font-size: 13px; color: #5b6875\">" + listed(lines) + "</div>\n";
    }

    private static String listed(List<Line> lines) {
        return lines.stream()
                .map(line -> "<span style=\"white-space: nowrap\">" + escaped(line.label()) + ": " + escaped(line.now())
                        + "</span>")
                .collect(Collectors.joining(" &middot; "));
    }

    private static String bar(double share, String colour, int height) {
        String width = String.format(Locale.ROOT, "%.1f", Math.max(share == 0 ? 0 : 0.5, share * 100));
        String filled = share == 0
                ? ""
                : "<td style=\"width: %s%%; height: %dpx; background: %s; font-size: 0; line-height: 0\">&nbsp;</td>"
                        .formatted(width, height, colour);
        return ("<table role=\"presentation\" style=\"width: 100%%; border-collapse: collapse\"><tr>%s"
                + "<td style=\"height: %dpx; padding: 0; background: %s; font-size: 0; line-height: 0\">%s</td></tr></table>\n")
                .formatted(filled, height, "#eef1f5", share >= 1 ? "" : "&nbsp;");
    }
}
