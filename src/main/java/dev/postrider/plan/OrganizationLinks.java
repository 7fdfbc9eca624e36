package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.Links;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.SizeLimit;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where an organization's links lead.
 *
 * @param host                as it is in links
 * @param passwordRecoveryUrl where people reset their passwords; may have parts in braces that the application fills
 */
record OrganizationLinks(Optional<String> host, Optional<String> passwordRecoveryUrl) {
    private static final OrganizationLinks NONE = new OrganizationLinks(Optional.empty(), Optional.empty());
    private static final String RECOVERY_FIELD = "spec.links.passwordRecoveryUrl";
    private static final int LONGEST_URL = 2000;
    private static final Variables VARIABLES = new Variables(List.of("link_host", "organization", "namespace"));
    private static final Pattern LOGIN = Pattern.compile("^[^/]*//[^/?#]*@");
    /** What an application fills (RFC 6570, level 1). */
    private static final Pattern FOR_APPLICATION = Pattern.compile("\\{[A-Za-z_][A-Za-z0-9_]*\\}");
    private static final String FIELD = "spec.links.host";
    private static final int HIGHEST_PORT = 65_535;
    private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    private static final Pattern HOST = Pattern
            .compile("(?<name>" + LABEL + "(\\." + LABEL
                    + ")*)(:(?<port>[1-9][0-9]{0,4}))?(?<path>(/[A-Za-z0-9._~-]+)*)/?");

    /** Reads them; what is wrong is empty then, and the problem is recorded. */
    static OrganizationLinks of(OrganizationMailSettings organization, List<Problem> problems) {
        Links links = organization.getSpec().links();
        if (links == null) {
            return NONE;
        }
        Optional<String> host = host(links, problems);
        return new OrganizationLinks(host, host.flatMap(name -> Optional.ofNullable(links.passwordRecoveryUrl())
                .flatMap(url -> recoveryUrl(url, Map.of("link_host", name,
                        "organization", organization.getMetadata().getName(),
                        "namespace", organization.getMetadata().getNamespace()), problems))));
    }

    /** That its downloads would be at a host that is another namespace's. */
    static Optional<Problem> taken(OrganizationMailSettings organization, Optional<SizeLimit> limit, World world) {
        return limit.flatMap(SizeLimit::linking)
                .filter(linking -> linking.exclusive() && world.linkHostTaken(organization, linking.hostName()))
                .map(linking -> new Problem(Area.SPEC, Reason.LinkHostTaken, FIELD,
                        ("an organization of another namespace has links at \"%s\" already: use another host, or ask the "
                                + "administrator of Postrider to add it to relay.links.sharedHosts")
                                .formatted(linking.hostName())));
    }

    private static Optional<String> recoveryUrl(String declared, Map<String, String> values, List<Problem> problems) {
        List<String> unknown = VARIABLES.problems(declared);
        unknown.forEach(problem -> problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, RECOVERY_FIELD, problem)));
        if (!unknown.isEmpty()) {
            return Optional.empty();
        }
        if (LOGIN.matcher(declared).find()) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, RECOVERY_FIELD,
                    "must not hold a user name or a password; write an address as "
                            + "https://$[link_host]/reset?token={token}"));
            return Optional.empty();
        }
        String url = Variables.fill(declared, name -> Optional.ofNullable(values.get(name)));
        if (url.length() > LONGEST_URL || !isWebAddress(FOR_APPLICATION.matcher(url).replaceAll("x"))) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, RECOVERY_FIELD,
                    "\"%s\" becomes \"%s\", which is no address of a page; write one as "
                            .formatted(declared, url)
                            + "https://$[link_host]/reset?token={token}, of %d characters at most"
                                    .formatted(LONGEST_URL)));
            return Optional.empty();
        }
        return Optional.of(url);
    }

    private static boolean isWebAddress(String url) {
        try {
            URI uri = new URI(url);
            return "https".equals(uri.getScheme()) && uri.getHost() != null && uri.getRawUserInfo() == null
                    && uri.getPort() <= HIGHEST_PORT && uri.toASCIIString().equals(url);
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static Optional<String> host(Links links, List<Problem> problems) {
        Optional<String> host = read(links.host());
        if (host.isEmpty()) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, FIELD,
                    "\"%s\" is no host of links; write a host name, with a port up to %d and a path if needed, as "
                            .formatted(links.host(), HIGHEST_PORT)
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
