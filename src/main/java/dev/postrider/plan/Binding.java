package dev.postrider.plan;

import dev.postrider.plan.Installation.RelayAddress;
import dev.postrider.route.OrganizationRoute;
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

    static Binding of(ResourceKey organization, String name, RelayAddress relay, Identities identity, String password) {
        String login = OrganizationRoute.login(organization);
        Map<String, String> data = new TreeMap<>();
        data.put("type", "smtp");
        data.put("provider", "postrider");
        data.put("host", relay.host());
        data.put("port", Integer.toString(relay.port()));
        data.put("username", login);
        data.put(PASSWORD, password);
        data.put("from", identity.from().address());
        data.put("from-name", identity.from().name().orElse(""));
        data.put("ca.crt", relay.caCertificate());
        // Neither login nor password has a character that a URI would have to quote.
        data.put("uri", "smtp://" + login + ":" + password + "@" + relay.host() + ":" + relay.port());
        return new Binding(name, data);
    }

    @Override
    public String toString() {
        return "Binding[" + name + ", keys=" + data.keySet() + "]";
    }
}
