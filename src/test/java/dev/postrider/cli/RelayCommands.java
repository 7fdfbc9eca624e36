package dev.postrider.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Commands about a relay of a test, as a person types them who has its token, and what the last of them printed. */
final class RelayCommands {
    private final int adminPort;
    private final Path token;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    RelayCommands(int adminPort, Path token) {
        this.adminPort = adminPort;
        this.token = token;
    }

    /** Runs one, at another relay or with another token if the arguments say so; its exit code. */
    int run(String name, String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> all = new ArrayList<>(List.of(name));
        all.addAll(Arrays.asList(arguments));
        if (!all.contains("--url")) {
            all.addAll(List.of("--url", "http://127.0.0.1:" + adminPort));
        }
        if (!all.contains("--token-file")) {
            all.addAll(List.of("--token-file", token.toString()));
        }
        return Postrider.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
    }

    String out() {
        return out.toString();
    }

    String err() {
        return err.toString();
    }
}
