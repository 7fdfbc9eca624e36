package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What {@code postrider check} prints, and how it exits. */
final class CheckCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path directory;

    @Test
    void aCleanDirectoryExitsWithZero() throws IOException {
        write("host: mx.example.com");

        assertThat(postrider("check", directory.toString())).isZero();
        assertThat(out).hasToString("1 resource in 1 file: no problems\n");
    }

    @Test
    void aProblemExitsWithOneAndNamesItsPlace() throws IOException {
        write("host: mx.example.com, port: 0");

        assertThat(postrider("check", directory.toString())).isEqualTo(1);
        assertThat(out).hasToString("""
                DIR/server.yaml:4: spec.smtp.port: Invalid value: 0: should be greater than or equal to 1
                1 resource in 1 file: 1 problem
                """.replace("DIR", directory.toString()));
    }

    @Test
    void problemsAsJson() throws IOException {
        write("host: mx.example.com, port: 0");

        assertThat(postrider("check", "-o", "json", directory.toString())).isEqualTo(1);
        assertThat(out).hasToString("""
                {
                  "files" : 1,
                  "resources" : 1,
                  "errors" : 1,
                  "warnings" : 0,
                  "findings" : [ {
                    "file" : "DIR/server.yaml",
                    "line" : 4,
                    "field" : "spec.smtp.port",
                    "severity" : "error",
                    "message" : "Invalid value: 0: should be greater than or equal to 1"
                  } ]
                }
                """.replace("DIR", directory.toString()));
    }

    @Test
    void rulesForRepliesInTheChartsValuesAreCheckedAloneOrWithManifests() throws IOException {
        write("host: mx.example.com");
        Path values = Files.writeString(Files.createDirectory(directory.resolve(".chart")).resolve("values.yaml"), """
                relay:
                  replyRules:
                    - {codes: [550], class: Odd, action: Retry}
                """);

        assertThat(postrider("check", "--values", values.toString())).isEqualTo(1);
        assertThat(out.toString()).startsWith(values + ":3: relay.replyRules[0].class: \"Odd\" is not one: use one of ")
                .endsWith("\n0 resources in 1 file: 1 problem\n");
        assertThat(postrider("check", "--values", values.toString(), directory.toString())).isEqualTo(1);
        assertThat(out.toString()).endsWith("\n1 resource in 2 files: 1 problem\n");
    }

    @Test
    void withoutFilesThereIsNothingToCheck() {
        assertThat(postrider("check")).isEqualTo(2);
        assertThat(err).hasToString("Name files or directories to check, or --values\nTry postrider check --help\n");
        err.getBuffer().setLength(0);
        assertThat(postrider("check", "--values", directory + "/nowhere")).isEqualTo(2);
        assertThat(err).hasToString("--values: there is no file " + directory
                + "/nowhere\nTry postrider check --help\n");
    }

    @Test
    void whatAnotherProgramRendersIsReadFromStandardInputAndItsResourcesAreNamed() {
        assertThat(checkOf("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: main, namespace: acme}
                spec: {smtp: {host: mx.example.com, port: 0}}
                """)).isEqualTo(1);
        assertThat(out).hasToString("""
                stdin:4: spec.smtp.port: Invalid value: 0: should be greater than or equal to 1 (MailServer acme/main)
                1 resource in 1 file: 1 problem
                """);
    }

    @Test
    void aProgramThatRenderedNothingIsNoSuccess() {
        assertThat(checkOf("---\n")).isEqualTo(2);
        assertThat(err).hasToString("There is nothing on standard input\nTry postrider check --help\n");
    }

    private int checkOf(String standardInput) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(standardInput.getBytes(StandardCharsets.UTF_8)));
        try {
            return postrider("check", "-");
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void aPathThatIsNotThereIsAUsageError() {
        assertThat(postrider("check", directory + "/nowhere")).isEqualTo(2);
        assertThat(err).hasToString("There is no file or directory DIR/nowhere\nTry postrider check --help\n"
                .replace("DIR", directory.toString()));
    }

    @Test
    void aDirectoryWithoutManifestsIsAUsageError() {
        assertThat(postrider("check", directory.toString())).isEqualTo(2);
        assertThat(err.toString()).startsWith("No *.yaml, *.yml or *.json in " + directory);
    }

    @Test
    void aCommandThatIsNotThereIsAUsageErrorThatNamesThose() {
        assertThat(postrider("chekc")).isEqualTo(2);
        assertThat(err.toString()).contains("chekc").contains("check");
    }

    private int postrider(String... arguments) {
        CommandLine commandLine = Postrider.commandLine()
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        return commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
    }

    private void write(String smtp) throws IOException {
        Files.writeString(directory.resolve("server.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: main}
                spec: {smtp: {%s}}
                """.formatted(smtp));
    }
}
