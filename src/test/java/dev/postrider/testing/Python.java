package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A Python of this machine, for a second opinion on what its modules understand. */
public final class Python {
    private final String program;

    private Python(String program) {
        this.program = program;
    }

    /** One that has these modules: that on the PATH, or the system's. */
    public static Optional<Python> with(String... modules) {
        return Stream
                .concat(KubernetesBinaries.onPath("python3").map(Object::toString).stream(),
                        Stream.of("/usr/bin/python3"))
                .filter(program -> Files.isExecutable(Path.of(program)))
                .map(Python::new)
                .filter(python -> python.run("import " + String.join(", ", modules), "").exitCode() == 0)
                .findFirst()
                .or(() -> {
                    LeftOut.note("what is tried with Python's " + String.join(", ", modules),
                            "no Python here has them");
                    return Optional.empty();
                });
    }

    /** Runs a program to its end. */
    public CommandResult run(String source, String input, String... arguments) {
        try {
            Path file = Files.createTempFile("postrider-", ".py");
            try {
                Files.writeString(file, source);
                return CommandResult.run(Path.of("."), Map.of("PYTHONIOENCODING", "utf-8"), input, Stream
                        .concat(Stream.of(program, file.toString()), Stream.of(arguments))
                        .toList());
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

}
