package dev.postrider.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Which messages of a queue are meant. */
final class QueueFilterOptions {
    /** Where a message is. */
    enum State {
        QUEUED, ACTIVE, DEFERRED, HELD
    }

    @Option(names = "--organization", paramLabel = "NAMESPACE/NAME", description = "Messages of this organization.")
    @Nullable
    String organization;

    @Option(names = "--server", paramLabel = "HOST:PORT", description = "Messages that were last tried there, as list "
            + "shows it.")
    @Nullable
    String server;

    @Option(names = "--recipient", paramLabel = "ADDRESS", description = "Messages to this address.")
    @Nullable
    String recipient;

    @Option(names = "--state", paramLabel = "STATE", description = "Messages that are queued (not tried yet), active "
            + "(just being tried), deferred (to be tried again) or held (kept back until released).")
    @Nullable
    State state;

    // @formatter:on

    boolean isEmpty() {
        return parameters().isEmpty();
    }

    /** Whose messages are meant, if only those of one organization are. */
    Optional<String> organization() {
        return Optional.ofNullable(organization);
    }

    /** As parameters of a URL. */
    List<String> parameters() {
        List<String> parameters = new ArrayList<>();
        add(parameters, "organization", organization);
        add(parameters, "server", server);
        add(parameters, "recipient", recipient);
        add(parameters, "state", state == null ? null : state.name().toLowerCase(Locale.ROOT));
        return parameters;
    }

    private static void add(List<String> parameters, String name, @Nullable String value) {
        if (value != null) {
            parameters.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
        }
    }
}
