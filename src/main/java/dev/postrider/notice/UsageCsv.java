package dev.postrider.notice;

import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import java.time.LocalDate;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What was counted, as CSV (RFC 4180): a row for each day, class and server. Columns are only ever added at the end.
 */
public final class UsageCsv {
    private static final List<String> COLUMNS = List.of("organization", "period", "day", "class", "server", "accepted",
            "recipients", "delivered", "deferred", "bounced", "removed", "refused", "octets", "bounces");

    private UsageCsv() {}

    /**
     * With a heading, its lines ended by CR LF.
     *
     * @param now the first day of the period; earlier ones are of the period before
     */
    public static String of(ResourceKey organization, LocalDate now, List<DailyCounts> days) {
        return Stream.concat(Stream.of(COLUMNS), days.stream().map(day -> row(organization, now, day)))
                .map(cells -> cells.stream().map(UsageCsv::cell).collect(Collectors.joining(",")) + "\r\n")
                .collect(Collectors.joining());
    }

    private static List<String> row(ResourceKey organization, LocalDate now, DailyCounts day) {
        MailCounts counts = day.counts();
        return List.of(organization.toString(), day.day().isBefore(now) ? "before" : "now",
                day.day().toString(), day.mailClass().orElse(""), day.server().map(Object::toString).orElse(""),
                "" + counts.accepted(), "" + counts.recipients(), "" + counts.delivered(), "" + counts.deferred(),
                "" + counts.bounced(), "" + counts.removed(), "" + counts.refused(), "" + counts.octets(),
                bounces(counts));
    }

    /** As {@code InvalidRecipient=2 SpamBlocked=1}. */
    private static String bounces(MailCounts counts) {
        return counts.bounces()
                .entrySet()
                .stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
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
