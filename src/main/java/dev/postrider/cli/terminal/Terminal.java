package dev.postrider.cli.terminal;

import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Where commands print for people: lines that are not torn apart by threads, colours where a terminal shows them. */
@SuppressWarnings("SystemConsoleNull") // It is with -Djdk.console=java.base.
public final class Terminal {
    private final PrintWriter out;
    private final Ansi ansi;

    private Terminal(PrintWriter out, Ansi ansi) {
        this.out = out;
        this.ansi = ansi;
    }

    /** That of a command; with colours on a terminal, unless NO_COLOR is set (no-color.org). */
    public static Terminal of(CommandLine command) {
        return new Terminal(command.getOut(), isInteractive() ? command.getColorScheme().ansi() : Ansi.OFF);
    }

    /** One without colours. */
    public static Terminal plain(PrintWriter out) {
        return new Terminal(out, Ansi.OFF);
    }

    /** Whether a person sits at the other end. */
    public static boolean isInteractive() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** What a person types, nothing at the end of the input; empty if nobody is there. */
    public static Optional<String> ask(String prompt) {
        Console console = System.console();
        return console == null || !console.isTerminal()
                ? Optional.empty()
                : Optional.of(Objects.requireNonNullElse(console.readLine("%s", prompt), ""));
    }

    /** Without control characters, which a terminal would obey: what others wrote must not steer it. */
    public static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}\\x80-\\x9f]", "?");
    }

    /**
     * Breaks a text between words.
     *
     * @param width of the longest line, in characters; a longer word has a line of its own
     */
    public static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.strip().split("\\s+", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }

    public synchronized void print(String text) {
        out.println(text);
        out.flush();
    }

    public String good(String text) {
        return paint("fg(green)", text);
    }

    public String bad(String text) {
        return paint("fg(red)", text);
    }

    public String waiting(String text) {
        return paint("fg(yellow)", text);
    }

    public String strong(String text) {
        return paint("bold", text);
    }

    public String faint(String text) {
        return paint("faint", text);
    }

    private String paint(String style, String text) {
        return ansi.enabled()
                ? Ansi.Style.on(Ansi.Style.parse(style)) + text + Ansi.Style.off(Ansi.Style.parse(style))
                : text;
    }
}
