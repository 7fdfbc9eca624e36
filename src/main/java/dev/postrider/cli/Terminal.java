package dev.postrider.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Where commands print for people: lines that are not torn apart by threads, colours where a terminal shows them. */
final class Terminal {
    private final PrintWriter out;
    private final Ansi ansi;

    private Terminal(PrintWriter out, Ansi ansi) {
        this.out = out;
        this.ansi = ansi;
    }

    static Terminal of(CommandLine command) {
        return new Terminal(command.getOut(), isInteractive() ? command.getColorScheme().ansi() : Ansi.OFF);
    }

    /** Whether a person sits at the other end. */
    @SuppressWarnings("SystemConsoleNull") // It does with -Djdk.console=java.base.
    static boolean isInteractive() {
        return System.console() != null && System.console().isTerminal();
    }

    synchronized void print(String text) {
        out.println(text);
        out.flush();
    }

    String good(String text) {
        return paint("fg(green)", text);
    }

    String bad(String text) {
        return paint("fg(red)", text);
    }

    String waiting(String text) {
        return paint("fg(yellow)", text);
    }

    String strong(String text) {
        return paint("bold", text);
    }

    String faint(String text) {
        return paint("faint", text);
    }

    private String paint(String style, String text) {
        return ansi.enabled()
                ? Ansi.Style.on(Ansi.Style.parse(style)) + text + Ansi.Style.off(Ansi.Style.parse(style))
                : text;
    }
}
