package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Lists at the end of a run what was left out on this machine and why, so that a green run does not pass for more than
 * it is. A build has several runs (units, fuzz tests, integration tests): the last one lists what all of them left out,
 * from a file that Maven names after the build.
 */
public final class LeftOut implements TestExecutionListener {
    private static final Set<String> LINES = new ConcurrentSkipListSet<>();

    /**
     * Notes a part of a test that this machine cannot do; the test goes on without it.
     *
     * @param part what is not tried, or what takes its place
     * @param why  what is missing
     */
    public static void note(String part, String why) {
        LINES.add(part + ": " + why);
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        note(name(test), reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            note(name(test), result.getThrowable()
                    .map(Throwable::getMessage)
                    .map(message -> message.replaceFirst("^Assumption failed: ", ""))
                    .orElse("it gave no reason"));
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        List<String> all = all();
        if (!all.isEmpty()) {
            System.err.println("[postrider] left out on this machine (" + all.size() + "):");
            all.forEach(line -> System.err.println("[postrider]   " + line));
        }
    }

    /** What this run left out, and what those before it in the same build did. */
    private static List<String> all() {
        Optional<Path> file = Optional.ofNullable(System.getProperty("postrider.left-out"))
                .map(name -> Path.of(name.replace(':', '-')).toAbsolutePath());
        if (file.isEmpty()) {
            return List.copyOf(LINES);
        }
        try {
            Files.createDirectories(file.get().getParent());
            Files.write(file.get(), LINES, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            try (Stream<String> lines = Files.lines(file.get())) {
                return lines.distinct().sorted().toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(TestIdentifier test) {
        return test.getSource()
                .map(source -> switch (source) {
                    case MethodSource method -> simple(method.getClassName()) + "." + method.getMethodName();
                    case ClassSource type -> simple(type.getClassName());
                    default -> null;
                })
                .map(place -> place + (test.getUniqueIdObject().getLastSegment().getType().contains("invocation")
                        ? " " + test.getDisplayName()
                        : ""))
                .orElseGet(() -> UniqueId.parse(test.getUniqueId()).getLastSegment().getValue());
    }

    private static String simple(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }
}
