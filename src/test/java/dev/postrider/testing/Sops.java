package dev.postrider.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The real sops, with a key of age of its own. */
public final class Sops {
    private static final Pattern PUBLIC_KEY = Pattern.compile("public key: (age1\\w+)");

    private final Path program;
    private final Path key;

    private Sops(Path program, Path key) {
        this.program = program;
        this.key = key;
    }

    /** One with a new key in a directory, if it was built before or Go is here to build it; what it is, is said. */
    public static Optional<Sops> withKeyIn(Path directory) {
        var program = GoPrograms.cached("sops", "sops");
        var generator = GoPrograms.cached("sops", "age-keygen");
        System.out.println("SOPS for tests: "
                + (program.isPresent() ? "sops with age" : "none, for there is no Go to build it with"));
        if (program.isEmpty() || generator.isEmpty()) {
            return Optional.empty();
        }
        var key = directory.resolve("age.txt");
        run(directory, Map.of(), generator.get().toString(), "-o", key.toString());
        return Optional.of(new Sops(program.get(), key));
    }

    /** The recipient of what is encrypted. */
    public String publicKey() throws IOException {
        var found = PUBLIC_KEY.matcher(Files.readString(key));
        if (!found.find()) {
            throw new IllegalStateException("no public key in " + key);
        }
        return found.group(1);
    }

    /** Runs it, and fails where it does. */
    public String run(Path directory, String... arguments) {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(Arrays.asList(arguments));
        return run(directory, Map.of("SOPS_AGE_KEY_FILE", key.toString()), command.toArray(String[]::new));
    }

    private static String run(Path directory, Map<String, String> environment, String... command) {
        var result = CommandResult.run(directory, environment, "", List.of(command));
        if (result.exitCode() != 0) {
            throw new IllegalStateException(String.join(" ", command) + ": " + result.err());
        }
        return result.out();
    }
}
