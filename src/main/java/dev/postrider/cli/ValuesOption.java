package dev.postrider.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The chart's values, for what of them counts without a cluster. */
final class ValuesOption {
    @Spec(Target.MIXEE)
    CommandSpec spec;

    @Option(names = "--values", paramLabel = "FILE", description = "Values of the chart, of which relay.replyRules "
            + "counts here: what replies of servers mean. May be given several times, as to Helm: the last file that "
            + "has rules counts.")
    List<Path> files = List.of();

    /** The files, which are there. */
    List<Path> files() {
        files.stream().filter(file -> !Files.exists(file) || Files.isDirectory(file)).findFirst().ifPresent(file -> {
            throw new ParameterException(spec.commandLine(), "--values: there is no file " + file);
        });
        return files;
    }
}
