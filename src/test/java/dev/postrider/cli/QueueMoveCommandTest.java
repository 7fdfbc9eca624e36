package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** URLs with a login in them are refused, and the login is repeated nowhere. */
@Tag("relay")
final class QueueMoveCommandTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            FILE                                             | postgresql://me:sesame@db.example/queue             | --to: the queue's URL must not hold a login
            FILE                                             | postgresql://db.example/queue?user=me&password=sesame | --to: the queue's URL must not hold a login
            FILE                                             | postgresql://db.example/queue?p%61ssword=sesame     | --to: the queue's URL must not hold a login
            FILE                                             | postgresql://db.example/queue?x=%0A&password=sesame | --to: the queue's URL must not hold a login
            FILE                                             | postgresql://me:ses ame@db.example/queue            | --to: the queue's URL must not hold a login
            FILE                                             | postgres://me:sesame@db.example/queue               | --to: the queue's URL must be postgresql://
            FILE                                             | jdbc:postgresql://me:sesame@db.example/queue        | --to: the queue's URL must be postgresql://
            postgresql://me:sesame@db.example/queue          | postgresql://127.0.0.1:1/queue                      | --from: the queue's URL must not hold a login
            postgres://me:sesame@db.example/queue            | postgresql://127.0.0.1:1/queue                      | --from: the queue's URL must be postgresql://
            jdbc:postgresql://db.example/q?password=sesame   | postgresql://127.0.0.1:1/queue                      | --from: the queue's URL must be postgresql://
            """)
    void refusesALoginInAUrl(String from, String to, String message) throws Exception {
        var out = new StringWriter();
        CommandLine command = Postrider.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));

        int exitCode = command.execute("queue", "move", "--from",
                from.replace("FILE", Files.createFile(directory.resolve("queue.sqlite")).toString()), "--to", to);

        assertThat(exitCode).isNotZero();
        assertThat(out.toString()).contains(message).doesNotContain("sesame", "ses ame", "me:");
    }
}
