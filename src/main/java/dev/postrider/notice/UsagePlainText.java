package dev.postrider.notice;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A usage report for programs that show plain text. */
final class UsagePlainText {
    private UsagePlainText() {}

    static String of(UsageWording wording) {
        List<String> blocks = new ArrayList<>(wording.paragraphs());
        blocks.add(lines(wording.totals().stream(), ""));
        for (UsageWording.Section section : List.of(wording.classes(), wording.servers(), wording.bounces())) {
            if (!section.items().isEmpty()) {
                blocks.add(section.heading().toUpperCase(Locale.forLanguageTag(wording.language())));
            }
            section.items()
                    .forEach(item -> blocks.add(item.label() + "\n"
                            + lines(Stream.concat(Stream.of(item.main()), item.details().stream()), "  ")));
        }
        return String.join("\n\n", blocks) + "\n\n-- \n" + String.join("\n", wording.notes()) + "\n";
    }

    private static String lines(Stream<UsageWording.Line> lines, String indent) {
        return lines.map(line -> indent + line.plain()).collect(Collectors.joining("\n"));
    }
}
