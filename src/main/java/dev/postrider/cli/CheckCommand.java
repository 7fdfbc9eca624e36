package dev.postrider.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.local.Check;
import dev.postrider.local.Finding;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Checks manifests where there is no cluster, as before a commit. */
@Command(name = "check", mixinStandardHelpOptions = true, description = {
        "Tells what the API server and Postrider would refuse in manifests. Needs no cluster and no network.",
        "Prints file:line: field: message for each problem; exit code 1 if there is any. Warnings are for what "
                + "the files "
                + "alone cannot tell, and leave the exit code 0."})
final class CheckCommand implements Callable<Integer> {
    /** How findings are printed. */
    enum Output {
        TEXT, JSON
    }

    @Spec
    CommandSpec spec;

    @Parameters(arity = "0..*", paramLabel = "FILE|DIR", description = "Files, and directories whose *.yaml, *.yml and "
            + "*.json are read; - for standard input, as of kubectl kustomize or helm template.")
    List<Path> paths = List.of();

    @Option(names = {"-o",
            "--output"}, paramLabel = "FORMAT", defaultValue = "text",
                    description = "text or json (default: ${DEFAULT-VALUE}).")
    Output output;

    @Option(names = "--trusted-namespace", paramLabel = "NAMESPACE", defaultValue = Check.SYSTEM_NAMESPACE,
            description = "Where global servers are honoured: the operator's "
            + "namespace and those that it was told to trust (default: ${DEFAULT-VALUE}).")
    Set<String> trustedNamespaces;

    @Mixin
    ValuesOption values;

    // @formatter:on

    @Override
    public Integer call() throws IOException {
        KnownWarning.hide();
        if (paths.isEmpty() && values.files().isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Name files or directories to check, or --values");
        }
        Check.Report report;
        try {
            report = new Check(trustedNamespaces, values.files()).check(paths);
        } catch (NoSuchFileException e) {
            throw new ParameterException(spec.commandLine(), "There is no file or directory " + e.getMessage());
        }
        if (paths.contains(Check.STANDARD_INPUT) && report.resources() + report.others() + report.errors() == 0) {
            // The program before the pipe may have failed, which is not to look like success.
            throw new ParameterException(spec.commandLine(), "There is nothing on standard input");
        }
        if (report.files() == values.files().size() && !paths.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "No *.yaml, *.yml or *.json in " + paths.getFirst());
        }
        PrintWriter out = spec.commandLine().getOut();
        switch (output) {
            case TEXT -> text(report, out);
            case JSON -> out.println(json(report).toPrettyString());
        }
        out.flush();
        return report.errors() == 0 ? 0 : 1;
    }

    private static void text(Check.Report report, PrintWriter out) {
        report.findings().forEach(out::println);
        out.println("%s in %s: %s%s%s".formatted(count(report.resources(), "resource"), count(report.files(), "file"),
                report.errors() == 0 ? "no problems" : count(report.errors(), "problem"),
                report.warnings() == 0 ? "" : ", " + count(report.warnings(), "warning"),
                report.others() == 0 ? "" : "; " + count(report.others(), "document") + " of other kinds passed over"));
    }

    private static String count(long number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    private static ObjectNode json(Check.Report report) {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("files", report.files());
        json.put("resources", report.resources());
        json.put("errors", report.errors());
        json.put("warnings", report.warnings());
        ArrayNode findings = json.putArray("findings");
        for (Finding finding : report.findings()) {
            findings.addObject()
                    .put("file", finding.file())
                    .put("line", finding.line())
                    .put("field", finding.field())
                    .put("severity", finding.severity().name().toLowerCase(Locale.ROOT))
                    .put("message", finding.message());
        }
        return json;
    }
}
