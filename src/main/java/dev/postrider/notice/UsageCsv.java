package dev.postrider.notice;

import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailCounts;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What was counted, as CSV (RFC 4180) in UTF-8: a row for each day, class and server of both periods. Columns are only
 * ever added at the end.
 */
final class UsageCsv {
    private static final List<String> COLUMNS = List.of("organization", "period", "day", "class", "server", "accepted",
            "recipients", "delivered", "deferred", "bounced", "removed", "refused", "octets");

    private UsageCsv() {}

    static byte[] of(UsageReportContent content) {
        return Stream.concat(Stream.of(COLUMNS), content.days().stream().map(day -> row(content, day)))
                .map(cells -> cells.stream().map(UsageCsv::cell).collect(Collectors.joining(",")) + "\r\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> row(UsageReportContent content, DailyCounts day) {
        MailCounts counts = day.counts();
        return List.of(content.organization().toString(), day.day().isBefore(content.from()) ? "before" : "now",
                day.day().toString(), day.mailClass().orElse(""), day.server().map(Object::toString).orElse(""),
                "" + counts.accepted(), "" + counts.recipients(), "" + counts.delivered(), "" + counts.deferred(),
                "" + counts.bounced(), "" + counts.removed(), "" + counts.refused(), "" + counts.octets());
    }

    /** What a spreadsheet would take for a formula gets an apostrophe before it, which keeps it a text. */
    static String cell(String text) {
        boolean formula = !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0;
        String safe = formula ? "'" + text : text;
        return safe.chars().anyMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n')
                ? "\"" + safe.replace("\"", "\"\"") + "\""
                : safe;
    }
}
