package dev.postrider.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.cli.UsageSums.By;
import dev.postrider.cli.cluster.RelayConnection;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.notice.UsageCsv;
import dev.postrider.route.CountedMail;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.UsageJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Shows how much mail there was. */
@Command(name = "usage", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Shows how much mail of an organization the relay has counted, and what became of it.",
        "Days are those of the organization's spec.usageReport.timeZone, or of UTC."})
final class UsageCommand implements Callable<Integer> {
    /** What is printed. */
    enum Form {
        TABLE, JSON, YAML, CSV
    }

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "NAMESPACE/NAME", converter = OrganizationName.class, description = "The organization.")
    ResourceKey organization;

    @Mixin
    UsagePeriodOptions period;

    @Option(names = "--by", paramLabel = "PROPERTY", description = "Sums by day, class or server, or the total. "
            + "Default: in a table by class and by server; for programs each day, class and server.")
    @Nullable
    By by;

    @Option(names = {"-o", "--output"}, paramLabel = "FORMAT", defaultValue = "table", description = "table, json, "
            + "yaml, or csv as in the file of a usage report (default: ${DEFAULT-VALUE}).")
    Form output;

    @Mixin
    RelayOptions relay;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        period.check(spec.commandLine());
        if (output == Form.CSV && by != null) {
            throw new ParameterException(spec.commandLine(),
                    "--by and -o csv exclude each other: the file has a row for each day, class and server");
        }
        CountedMail counted;
        try (RelayConnection connection = relay.connect()) {
            counted = period.of(organization, connection);
        }
        Terminal terminal = Terminal.of(spec.commandLine());
        switch (output) {
            case TABLE -> terminal.print(table(counted, terminal));
            case JSON -> terminal.print(Output.of(json(counted), Output.JSON));
            case YAML -> terminal.print(Output.of(json(counted), Output.YAML));
            case CSV -> {
                PrintWriter out = spec.commandLine().getOut();
                out.print(UsageCsv.of(counted.organization(), counted.from(), counted.days()));
                out.flush();
            }
        }
        return 0;
    }

    private String table(CountedMail counted, Terminal terminal) {
        String what = counted.organization() + " from " + counted.from() + " to " + counted.to().minusDays(1);
        if (counted.days().isEmpty()) {
            return "No mail of " + what + ".";
        }
        String tables = by != null
                ? UsageSums.of(counted, by).table(terminal)
                : UsageSums.of(counted, By.CLASS).table(terminal) + "\n"
                        + UsageSums.of(counted, By.SERVER).table(terminal)
                        + UsageSums.of(counted, By.TOTAL).bounces(terminal);
        return "Mail of " + what + "\n\n" + tables.stripTrailing();
    }

    private ObjectNode json(CountedMail counted) {
        return by == null ? UsageJson.write(counted) : UsageSums.of(counted, by).json(counted);
    }

    /** Reads {@code acme/shop}. */
    static final class OrganizationName implements ITypeConverter<ResourceKey> {
        @Override
        public ResourceKey convert(String text) {
            try {
                return ResourceKey.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is not NAMESPACE/NAME");
            }
        }
    }
}
