package dev.postrider.cli.terminal;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import picocli.CommandLine;

/**
 * Says what is waited for: on a terminal one line that moves, elsewhere a line for each thing that is new. It goes to
 * stderr, so that the output is what comes of it.
 */
public final class Progress implements AutoCloseable {
    private static final String[] FRAMES = {"|", "/", "-", "\\"};
    private static final String ERASE_LINE = "\r\u001b[K";
    /** Shorter than most terminals are wide: a line that wraps could not be erased. */
    private static final int WIDTH = 76;

    private final PrintWriter err;
    private final boolean interactive;
    private final Instant start = Instant.now();
    private String said = "";
    private int frame;

    private Progress(PrintWriter err, boolean interactive) {
        this.err = err;
        this.interactive = interactive;
    }

    public static Progress of(CommandLine command) {
        return new Progress(command.getErr(), Terminal.isInteractive());
    }

    /** To be called again and again while it lasts. */
    public void show(String what) {
        String line = Terminal.printable(what);
        if (interactive) {
            String took = " (" + Age.of(Duration.between(start, Instant.now())) + ")";
            int room = WIDTH - took.length();
            err.print(ERASE_LINE + FRAMES[frame++ % FRAMES.length] + " "
                    + (line.length() > room ? line.substring(0, room - 1) + "…" : line) + took);
        } else if (!line.equals(said)) {
            err.println(line);
        }
        said = line;
        err.flush();
    }

    /** Takes the line away, so that what comes of it stands in its place. */
    @Override
    public void close() {
        if (interactive && !said.isEmpty()) {
            err.print(ERASE_LINE);
            err.flush();
        }
    }
}
