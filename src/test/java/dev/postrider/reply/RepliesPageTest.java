package dev.postrider.reply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Durations;
import dev.postrider.route.ReplyRule;
import dev.postrider.testing.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The table of rules in {@code docs/replies.md} is what is shipped. */
@Tag("delivery-world")
final class RepliesPageTest {
    private static final Path PAGE = Path.of("docs/replies.md");
    private static final String HEADING = "## Rules that Postrider brings\n";

    @Test
    void theTableIsWhatIsShipped() throws IOException {
        String page = Files.readString(PAGE);
        int end = page.indexOf(HEADING) + HEADING.length();
        assertThat(end).isGreaterThan(HEADING.length());
        assertThat(page.substring(0, end)).contains(
                Stream.of(ReplyClass.values()).map(each -> "| `" + each.text() + "` |").toList());

        GoldenFiles.check(PAGE, page.substring(0, end) + ShippedRules.groups()
                .stream()
                .map(RepliesPageTest::section)
                .collect(Collectors.joining()), getClass());
    }

    private static String section(ShippedRules.Group group) {
        return """

                ### %s

                Source: <%s>

                | rule | reply | class | action |
                |---|---|---|---|
                """.formatted(group.provider(), group.source())
                + group.rules()
                        .entrySet()
                        .stream()
                        .map(RepliesPageTest::row)
                        .collect(Collectors.joining());
    }

    private static String row(Map.Entry<String, ReplyRule> named) {
        ReplyRule rule = named.getValue();
        String reply = Stream.of(rule.protocol(), list(rule.codes()), list(rule.enhanced()),
                rule.text().map(text -> "`" + text.replace("|", "\\|") + "`"),
                list(rule.steps()).map(steps -> "at " + steps), list(rule.hosts()).map(hosts -> "of " + hosts))
                .flatMap(Optional::stream)
                .collect(Collectors.joining(" "));
        return "| %s | %s | `%s` | %s |\n".formatted(named.getKey(), reply,
                rule.replyClass().orElseThrow(),
                action(Objects.requireNonNull(NamedRules.all().get(named.getKey())).meaning().action()));
    }

    private static Optional<String> list(List<?> entries) {
        return entries.isEmpty()
                ? Optional.empty()
                : Optional.of(entries.stream().map(entry -> "`" + entry + "`").collect(Collectors.joining(", ")));
    }

    private static String action(ReplyAction action) {
        return switch (action) {
            case ReplyAction.RestServer(Duration time) -> "`RestServer` " + Durations.write(time);
            case ReplyAction.RestUntilMidnight(ZoneId zone) -> "`RestUntilMidnight` " + zone;
            default -> "`" + action.getClass().getSimpleName() + "`";
        };
    }
}
