package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.CommandResult;
import dev.postrider.testing.InstalledProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What the build leaves in {@code target/share}. */
final class ManualIT {
    private static final Path SHARE = Path.of("target/share");

    static Stream<CommandLine> commands() {
        return all(Postrider.commandLine());
    }

    private static Stream<CommandLine> all(CommandLine command) {
        return Stream.concat(Stream.of(command),
                command.getSubcommands().values().stream().distinct().flatMap(ManualIT::all));
    }

    private static Path page(CommandLine command) {
        return SHARE.resolve("man/man1").resolve(command.getCommandSpec().qualifiedName("-") + ".1");
    }

    @Test
    void thereIsAPageForEachCommandAndNoOther() throws IOException {
        try (Stream<Path> pages = Files.list(SHARE.resolve("man/man1"))) {
            assertThat(pages).containsExactlyInAnyOrderElementsOf(commands().map(ManualIT::page).toList());
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aPageIsRenderedWithoutAWarningAndTellsEveryOption(CommandLine command) {
        InstalledProgram.GROFF.require();

        CommandResult page = CommandResult.run(Path.of("."), Map.of("GROFF_NO_SGR", "1"), "",
                List.of("groff", "-man", "-ww", "-Tutf8", "-P-c", "-rLL=100n", page(command).toString()));

        assertThat(page.err()).isEmpty();
        String text = page.out().replaceAll(".\b", "");
        assertThat(text).startsWith(command.getCommandSpec().qualifiedName("-").toUpperCase(Locale.ROOT))
                .contains("Postrider")
                .doesNotContain("(not packaged)");
        command.getCommandSpec()
                .options()
                .stream()
                .filter(option -> !option.hidden())
                .forEach(option -> assertThat(text.replace('\u2010', '-').replace('\u2212', '-'))
                        .contains(option.longestName()));
    }

    @Test
    void theCompletionKnowsTheCommands() throws IOException {
        assertThat(Files.readString(SHARE.resolve("postrider.bash"))).contains("function _complete_postrider()")
                .contains("function _picocli_postrider_queue_list()");
    }
}
