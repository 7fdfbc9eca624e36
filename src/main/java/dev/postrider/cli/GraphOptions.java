package dev.postrider.cli;

import dev.postrider.transport.GraphEndpoints;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Where Microsoft Graph is, if not where Microsoft has it. */
final class GraphOptions {
    @Spec(Target.MIXEE)
    CommandSpec spec;

    @Option(names = "--graph-endpoint", paramLabel = "URL", defaultValue = "${env:POSTRIDER_GRAPH_ENDPOINT}",
            showDefaultValue = Visibility.NEVER, description = "A Microsoft Graph in place of the one of each "
            + "mailbox's cloud, as https://graph.microsoft.com: for tests against a stand-in.")
    @Nullable
    URI graph;

    @Option(names = "--graph-login-endpoint", paramLabel = "URL",
            defaultValue = "${env:POSTRIDER_GRAPH_LOGIN_ENDPOINT}", showDefaultValue = Visibility.NEVER,
            description = "Where its tokens come from, as https://login.microsoftonline.com. Credentials are sent "
                    + "there whatever the annotation postrider.dev/hosts of their Secret says.")
    @Nullable
    URI login;

    // @formatter:on

    GraphEndpoints endpoints() {
        try {
            return new GraphEndpoints(Optional.ofNullable(graph).filter(GraphOptions::isGiven),
                    Optional.ofNullable(login).filter(GraphOptions::isGiven));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(),
                    "--graph-endpoint, --graph-login-endpoint: " + e.getMessage(), e);
        }
    }

    private static boolean isGiven(URI uri) {
        return !uri.toString().isEmpty();
    }
}
