package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.plan.Problem.Area;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the host that an organization's links lead to. */
final class LinkHosts {
    private static final String FIELD = "spec.links.host";
    private static final int HIGHEST_PORT = 65_535;
    private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    private static final Pattern HOST = Pattern
            .compile("(?<name>" + LABEL + "(\\." + LABEL
                    + ")*)(:(?<port>[1-9][0-9]{0,4}))?(?<path>(/[A-Za-z0-9._~-]+)*)/?");

    private LinkHosts() {}

    /** The host as it is in links; empty if there is none, or something is wrong, and then the problem is recorded. */
    static Optional<String> of(OrganizationMailSettingsSpec spec, List<Problem> problems) {
        if (spec.links() == null) {
            return Optional.empty();
        }
        Optional<String> host = read(spec.links().host());
        if (host.isEmpty()) {
            problems.add(new Problem(Area.SPEC, "InvalidSpec", FIELD,
                    "\"%s\" is no host of links; write a host name, with a port up to %d and a path if needed, as "
                            .formatted(spec.links().host(), HIGHEST_PORT)
                            + "links.example.com or links.example.com:8443/mail"));
        }
        return host;
    }

    /** Host names have no case; port 443 goes without saying; a path has no last slash. */
    private static Optional<String> read(String text) {
        int slash = text.indexOf('/');
        String authority = slash < 0 ? text : text.substring(0, slash);
        Matcher matcher = HOST.matcher(authority.toLowerCase(Locale.ROOT) + text.substring(authority.length()));
        if (!matcher.matches() || matcher.group("name").length() > 253
                || matcher.group("path").matches(".*/\\.{1,2}(/.*)?")) {
            return Optional.empty();
        }
        String port = Optional.ofNullable(matcher.group("port")).orElse("443");
        return Integer.parseInt(port) > HIGHEST_PORT
                ? Optional.empty()
                : Optional.of(matcher.group("name") + (port.equals("443") ? "" : ":" + port) + matcher.group("path"));
    }
}
