package dev.postrider.cli.cluster;

import dev.postrider.cli.terminal.Age;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.cli.terminal.TextTable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;

/** A report on one screen: what needs somebody first, then everything there is. */
final class StatusScreen {
    private static final int WIDTH = 100;
    private static final String INDENT = "    ";

    private final StatusReport report;
    private final Instant now;
    private final Terminal terminal;

    private StatusScreen(StatusReport report, Instant now, Terminal terminal) {
        this.report = report;
        this.now = now;
        this.terminal = terminal;
    }

    static String of(StatusReport report, Instant now, Terminal terminal) {
        var screen = new StatusScreen(report, now, terminal);
        StringJoiner parts = new StringJoiner("\n\n");
        parts.add(screen.heading());
        report.attentions().forEach(attention -> parts.add(screen.describe(attention)));
        String tables = new StatusTable(report.namespace().isPresent()
                ? Set.of(StatusTable.NAMESPACE, StatusTable.MESSAGE)
                : Set.of(StatusTable.MESSAGE), now).of(report.snapshot(), terminal).stripTrailing();
        if (!tables.isEmpty()) {
            parts.add(tables);
        }
        parts.add(screen.queue());
        return parts.toString();
    }

    private String heading() {
        String where = report.namespace().map(name -> "Namespace " + name).orElse("All namespaces");
        int all = report.resources().size();
        long wrong = report.notReady();
        if (all == 0) {
            return where + ": there is nothing of Postrider's.";
        }
        String text = wrong == 0
                ? where + ": " + (all == 1 ? "the one resource is Ready." : "all " + all + " resources are Ready.")
                : where + ": " + wrong + " of " + all + (all == 1 ? " resource" : " resources")
                        + (wrong == 1 ? " is" : " are") + " not Ready.";
        return wrong == 0 ? terminal.good(text) : terminal.bad(text);
    }

    private String describe(Attention attention) {
        String title = attention.about() + attention.level().words() + ": " + attention.reason();
        List<String> lines = new ArrayList<>();
        lines.add(switch (attention.level()) {
            case NOT_READY -> terminal.bad(title);
            case WAITING, NOTE -> terminal.waiting(title);
        });
        Terminal.wrap(attention.message(), WIDTH - INDENT.length())
                .forEach(line -> lines.add(INDENT + Terminal.printable(line)));
        Terminal.wrap("Next: " + attention.next(), WIDTH - INDENT.length())
                .forEach(line -> lines.add(INDENT + terminal.strong(Terminal.printable(line))));
        return String.join("\n", lines);
    }

    private String queue() {
        return switch (report.queue()) {
            case QueueCounts.Untold untold -> "Queue: not shown. " + Terminal.printable(untold.why());
            case QueueCounts.Counted counted when counted.rows().isEmpty() -> "Queue: empty.";
            case QueueCounts.Counted counted -> {
                List<List<String>> rows = new ArrayList<>();
                List<String> heading = new ArrayList<>(List.of("QUEUE OF"));
                for (QueueCounts.State state : QueueCounts.State.values()) {
                    heading.add(state.text().toUpperCase(Locale.ROOT));
                }
                heading.add("OLDEST");
                rows.add(heading);
                for (QueueCounts.Row row : counted.rows()) {
                    List<String> cells = new ArrayList<>(List.of(row.organization()));
                    for (QueueCounts.State state : QueueCounts.State.values()) {
                        cells.add(Integer.toString(row.of(state)));
                    }
                    cells.add(Age.since(row.oldest(), now));
                    rows.add(cells);
                }
                yield TextTable.format(rows, terminal).stripTrailing()
                        + (counted.complete() ? "" : "\nThere are more; these are the first of each.");
            }
        };
    }
}
