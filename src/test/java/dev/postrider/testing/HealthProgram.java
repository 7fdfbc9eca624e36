package dev.postrider.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What kstatus and Argo CD's Lua interpreter say of objects: the tools' own libraries, in a program of Go. */
public final class HealthProgram {
    private final Path program;

    private HealthProgram(Path program) {
        this.program = program;
    }

    /** The program, if it was built before or Go is here to build it; what it is, is said. */
    public static Optional<HealthProgram> find() {
        Optional<Path> found = GoPrograms.cached("health", "health");
        System.out.println(found.isPresent()
                ? "kstatus and Lua for tests: those of Flux and Argo CD, in a program of Go"
                : "kstatus for tests: none, for there is no Go to build it with; Lua: luaj");
        return found.map(HealthProgram::new);
    }

    /**
     * The verdict on an object, as the status, a tab and the message.
     *
     * @param arguments {@code kstatus}, or {@code argocd} and a file
     * @throws IllegalStateException if it has none; the message is the program's
     */
    public String verdict(String json, String... arguments) {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(Arrays.asList(arguments));
        var result = CommandResult.run(Path.of("."), Map.of(), json, command);
        if (result.exitCode() != 0) {
            throw new IllegalStateException(result.err());
        }
        return result.out().strip();
    }
}
