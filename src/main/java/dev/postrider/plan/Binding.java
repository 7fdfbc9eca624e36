package dev.postrider.plan;

import dev.postrider.plan.Installation.RelayAddress;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import java.util.Map;
import java.util.TreeMap;

/**
 * The Secret that an organization's applications mount, after the Service Binding specification ("Well-known Secret
 * entries").
 *
 * @param name name of the Secret, in the organization's namespace
 * @param data its entries
 */
public record Binding(String name, Map<String, String> data) {
    /** The Secret's type; the specification asks for {@code servicebinding.io/} and the type of the service. */
    public static final String SECRET_TYPE = "servicebinding.io/smtp";

    /** The entry that holds the password. */
    public static final String PASSWORD = "password";

    /** The entry that holds what goes before the name of a user of the organization's mail servers. */
    public static final String SUBMITTER_PREFIX = "submitter-prefix";

    static Binding of(ResourceKey organization, String name, RelayAddress relay, DeclaredOrganization declared,
            String password, boolean submitters, CapabilitiesNow capabilities) {
        Identities identity = declared.identity();
        String login = RelayLogin.of(organization);
        Map<String, String> data = new TreeMap<>();
        data.put("type", "smtp");
        data.put("provider", "postrider");
        data.put("host", relay.host());
        data.put("port", Integer.toString(relay.port()));
        data.put("username", login);
        data.put(PASSWORD, password);
        if (submitters) {
            data.put(SUBMITTER_PREFIX, RelayLogin.prefix(organization));
        }
        data.put("from", identity.from().address());
        data.put("from-name", identity.from().name().orElse(""));
        declared.links().host().ifPresent(host -> data.put("link-host", host));
        declared.links().passwordRecoveryUrl().ifPresent(url -> data.put("password-recovery-url", url));
        data.putAll(capabilities.entries());
        relay.caCertificate().ifPresent(ca -> data.put("ca.crt", ca));
        // Neither login nor password has a character that a URI would have to quote.
        data.put("uri", "smtp://" + login + ":" + password + "@" + relay.host() + ":" + relay.port());
        return new Binding(name, data);
    }

    @Override
    public String toString() {
        return "Binding[" + name + ", keys=" + data.keySet() + "]";
    }
}
