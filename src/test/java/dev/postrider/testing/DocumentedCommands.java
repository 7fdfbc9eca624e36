package dev.postrider.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A block of commands in the documentation: a fence of {@code sh}, or one of {@code console} with its output.
 *
 * @param file   that it is in, as {@code docs/local.md}
 * @param line   of the fence, from 1
 * @param script what a person would paste
 * @param output what the documentation shows of what it prints: the rest of a console, or the fence without a language
 *               that follows; empty if there is none
 */
public record DocumentedCommands(String file, int line, String script, String output) {
    private static final Pattern BLOCK = Pattern.compile(
            "(?ms)^(?<indent> *)```(?<kind>sh|console)\\n(?<text>.*?)^ *```\\n(\\n```\\n(?<output>.*?)^```\\n)?");
    private static final String PROMPT = "$ ";

    /** All of the README and of {@code docs}, in their order. */
    public static List<DocumentedCommands> ofThisProject() throws IOException {
        List<Path> files = new ArrayList<>(List.of(Path.of("README.md")));
        try (var docs = Files.list(Path.of("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
        }
        List<DocumentedCommands> all = new ArrayList<>();
        for (var file : files) {
            var text = Files.readString(file);
            BLOCK.matcher(text).results().map(found -> of(file, text, found)).forEach(all::add);
        }
        return all;
    }

    private static DocumentedCommands of(Path file, String text, MatchResult found) {
        int line = 1 + (int) text.substring(0, found.start()).chars().filter(c -> c == '\n').count();
        var block = found.group("text").replaceAll("(?m)^" + found.group("indent"), "");
        if (found.group("kind").equals("sh")) {
            var output = found.group("output");
            return new DocumentedCommands(file.toString(), line, block, output == null ? "" : output);
        }
        return new DocumentedCommands(file.toString(), line,
                block.lines()
                        .filter(l -> l.startsWith(PROMPT))
                        .map(l -> l.substring(PROMPT.length()) + "\n")
                        .collect(Collectors.joining()),
                block.lines().filter(l -> !l.startsWith(PROMPT)).map(l -> l + "\n").collect(Collectors.joining()));
    }
}
