package dev.postrider.bench;

import dev.postrider.testing.InstalledProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What {@code --way} of {@code bench/relay.sh} chooses: loads that one relay has one after the other. */
enum Way {
    PLAIN(Load.PLAIN_EACH, Load.PLAIN_REUSED), LARGE(Load.LARGE), TLS(Load.TLS_EACH, Load.TLS_RESUMED,
            Load.TLS_TEN), DKIM(Load.SIGNED), DEFERRING(Load.DEFERRED), KILL(Load.KILLED);

    @SuppressWarnings("ImmutableEnumChecker") // List.of is immutable
    private final List<Load> loads;

    Way(Load... loads) {
        this.loads = List.of(loads);
    }

    List<Load> loads() {
        return loads;
    }

    /** All, or the one of that name. */
    static List<Way> named(String name) {
        if (name.equals("all")) {
            return List.of(values());
        }
        return Arrays.stream(values())
                .filter(way -> way.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .map(List::of)
                .orElseThrow(() -> new IllegalArgumentException("--way " + name + " is not valid: use one of "
                        + String.join(", ", Arrays.stream(values())
                                .map(way -> way.name().toLowerCase(Locale.ROOT))
                                .toList())));
    }

    /** What this machine lacks for it, and the package that brings it; empty where nothing is missing. */
    Optional<String> lack() {
        List<String> lacks = new ArrayList<>();
        if (this == TLS && !(InstalledProgram.DOVECOT.isUsable()
                && Files.exists(Path.of("/usr/lib/dovecot/pop3-login")))) {
            lacks.add("Dovecot 2.3, which knows Postfix's logins (apt-get install dovecot-pop3d)");
        }
        if (this == DKIM && !OpenDkim.isInstalled()) {
            lacks.add("OpenDKIM, which signs Postfix's mail (apt-get install opendkim)");
        }
        return lacks.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", lacks));
    }
}
