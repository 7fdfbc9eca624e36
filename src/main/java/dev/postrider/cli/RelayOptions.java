package dev.postrider.cli;

import dev.postrider.cli.cluster.ClusterOptions;
import dev.postrider.cli.cluster.InstalledRelay;
import dev.postrider.cli.cluster.RelayConnection;
import dev.postrider.local.LocalMode;
import dev.postrider.local.LocalState;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Whose queue is meant: that of a relay of a cluster, or of {@code postrider local}. */
final class RelayOptions {
    @Spec(Target.MIXEE)
    CommandSpec spec;

    @Mixin
    ClusterOptions cluster;

    @Mixin
    InstalledRelay installed;

    @Option(names = "--local", paramLabel = "DIR", description = "The relay of the postrider local DIR that runs "
            + "on this machine, wherever its state is.")
    @Nullable
    Path local;

    // @formatter:on

    /** The way to the relay, open until it is closed. */
    RelayConnection connect() throws IOException {
        if (local == null) {
            return installed.connect(spec.commandLine(), cluster);
        }
        Path state = LocalState.of(local).running();
        String otherwise = "Start postrider local " + local + " first";
        return RelayConnection.to(URI.create(InstalledRelay.line(state.resolve(LocalMode.ADMIN_URL), otherwise)),
                InstalledRelay.line(state.resolve(LocalMode.ADMIN_TOKEN), otherwise));
    }
}
