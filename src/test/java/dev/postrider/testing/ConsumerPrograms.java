package dev.postrider.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What reads bindings, as its makers publish it. Packages are fetched once for a machine; where that does not work, or
 * the interpreter is missing, there is none, and that is said.
 */
public enum ConsumerPrograms {
    MSMTP(InstalledProgram.MSMTP), NODEMAILER(InstalledProgram.NODE), DJANGO(InstalledProgram.PYTHON), PYTHON(
            InstalledProgram.PYTHON), RUBY_MAIL(InstalledProgram.RUBY), PHP(InstalledProgram.PHP), POSTFIX(
                    InstalledProgram.POSTCONF), ALERTMANAGER(InstalledProgram.GO), GITEA(InstalledProgram.GO);

    private static final Path CACHE = KubernetesBinaries.userCache().resolve("consumers");

    private final InstalledProgram interpreter;

    ConsumerPrograms(InstalledProgram interpreter) {
        this.interpreter = interpreter;
    }

    /** The command to run it with, if it can be had here. */
    public Optional<List<String>> command() {
        Optional<List<String>> command = switch (this) {
            case MSMTP, PHP, PYTHON, POSTFIX, RUBY_MAIL -> onPath();
            case NODEMAILER -> onPath().filter(_ -> made("nodemailer-7", "npm", "install", "--silent", "--prefix",
                    folder("nodemailer-7"), "nodemailer@7"));
            case DJANGO -> inVenv("django-5.2", "django-admin", "django==5.2.*");
            case ALERTMANAGER -> built("alert");
            case GITEA -> built("gitea");
        };
        System.out.println(name() + " for tests: "
                + command.map(c -> String.join(" ", c)).orElse("none, what it reads is not tried"));
        return command;
    }

    /** The command to run it with; leaves the test out where it cannot be had here. */
    public List<String> require() {
        return command().orElseGet(() -> abort(interpreter.isUsable()
                ? "what makes " + this + " could not be fetched or built (the output above says why)"
                : interpreter.lack()));
    }

    /** Where packages of Node are. */
    public static String nodePath() {
        return folder("nodemailer-7/node_modules");
    }

    /** Where Django and what it needs are, when {@link #DJANGO} has been found. */
    public static Path djangoPackages() {
        try (Stream<Path> versions = Files.list(CACHE.resolve("django-5.2/lib"))) {
            return versions.findFirst().orElseThrow().resolve("site-packages");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A Python that has a package of PyPI, in a virtual environment that is made once for a machine.
     *
     * @param name    of its folder
     * @param program that the package brings
     */
    static Optional<List<String>> inVenv(String name, String program, String requirement) {
        return InstalledProgram.PYTHON.path()
                .filter(_ -> made(name + "/bin", "python3", "-m", "venv", folder(name))
                        && made(name + "/bin/" + program, folder(name) + "/bin/pip", "install", "-q", requirement))
                .map(_ -> List.of(folder(name) + "/bin/python"));
    }

    private static Optional<List<String>> built(String program) {
        return GoPrograms.cached(program, program).map(file -> List.of(file.toString()));
    }

    private Optional<List<String>> onPath() {
        return interpreter.path().map(program -> List.of(program.toString()));
    }

    private static String folder(String name) {
        return CACHE.resolve(name).toString();
    }

    private static boolean made(String file, String... command) {
        return Files.exists(CACHE.resolve(file)) || runs(command) && Files.exists(CACHE.resolve(file));
    }

    private static boolean runs(String... command) {
        CommandResult result = CommandResult.run(Path.of("."), Map.of(), "", Arrays.asList(command));
        if (result.exitCode() != 0) {
            System.out.println(String.join(" ", command) + ": " + result.err());
        }
        return result.exitCode() == 0;
    }
}
