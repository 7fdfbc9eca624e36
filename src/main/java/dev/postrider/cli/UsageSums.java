package dev.postrider.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.cli.terminal.Size;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.cli.terminal.TextTable;
import dev.postrider.route.CountedMail;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailCounts;
import dev.postrider.route.UsageJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What was counted, put together by one of its properties.
 *
 * @param names each with its sum; no name for mail that has none
 */
record UsageSums(By by, Map<Optional<String>, MailCounts> names, MailCounts total) {
    private static final String NONE = "<none>";

    /** What mail is put together by. */
    enum By {
        DAY, CLASS, SERVER, TOTAL;

        Optional<String> name(DailyCounts counts) {
            return switch (this) {
                case DAY -> Optional.of(counts.day().toString());
                case CLASS -> counts.mailClass();
                case SERVER -> counts.server().map(Object::toString);
                case TOTAL -> Optional.empty();
            };
        }
    }

    static UsageSums of(CountedMail counted, By by) {
        Map<Optional<String>, MailCounts> sums = new TreeMap<>((a, b) -> a.orElse("").compareTo(b.orElse("")));
        MailCounts total = MailCounts.NONE;
        for (DailyCounts day : counted.days()) {
            sums.merge(by.name(day), day.counts(), MailCounts::plus);
            total = total.plus(day.counts());
        }
        return new UsageSums(by, sums, total);
    }

    /** For people. */
    String table(Terminal terminal) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(by == By.SERVER
                ? List.of("SERVER", "DELIVERED", "DEFERRED", "BOUNCED")
                : List.of(by == By.TOTAL ? "" : by.name(), "ACCEPTED", "RECIPIENTS", "DELIVERED", "DEFERRED", "BOUNCED",
                        "REMOVED", "REFUSED", "SIZE"));
        if (by != By.TOTAL) {
            names.forEach((name, counts) -> {
                if (by != By.SERVER || counts.delivered() + counts.deferred() + counts.bounced() > 0) {
                    rows.add(row(name.map(Terminal::printable).orElse(NONE), counts));
                }
            });
        }
        rows.add(row("TOTAL", total));
        return TextTable.numbers(rows, terminal);
    }

    /** What bounced by what the reply of the server was about; empty where that is not known of anything. */
    String bounces(Terminal terminal) {
        if (total.bounces().isEmpty()) {
            return "";
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("REPLY", "BOUNCED"));
        total.bounces().forEach((name, recipients) -> rows.add(List.of(Terminal.printable(name), "" + recipients)));
        long others = total.bounced() - total.bounces().values().stream().mapToLong(Long::longValue).sum();
        if (others > 0) {
            rows.add(List.of(NONE, "" + others));
        }
        rows.add(List.of("TOTAL", "" + total.bounced()));
        return "\n" + TextTable.numbers(rows, terminal);
    }

    /** Where no server has a part in, its columns would be empty. */
    private List<String> row(String name, MailCounts counts) {
        return by == By.SERVER
                ? List.of(name, "" + counts.delivered(), "" + counts.deferred(), "" + counts.bounced())
                : List.of(name, "" + counts.accepted(), "" + counts.recipients(), "" + counts.delivered(),
                        "" + counts.deferred(), "" + counts.bounced(), "" + counts.removed(), "" + counts.refused(),
                        Size.of(counts.octets()));
    }

    /** For programs: as what was counted, with a sum for each name in place of the days. */
    ObjectNode json(CountedMail counted) {
        ObjectNode usage = UsageJson.write(new CountedMail(counted.organization(), counted.from(), counted.to(),
                List.of()));
        names.forEach((name, counts) -> {
            ObjectNode item = JsonNodeFactory.instance.objectNode();
            name.ifPresent(some -> item.put(by.name().toLowerCase(Locale.ROOT), some));
            UsageJson.put(item, counts);
            usage.withArray("items").add(item);
        });
        return usage;
    }
}
