package dev.postrider.plan;

import dev.postrider.plan.binding.MailAccount;
import dev.postrider.route.Address;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The Secret that an organization's applications mount, after the Service Binding specification ("Well-known Secret
 * entries").
 *
 * @param name name of the Secret, in the organization's namespace
 * @param data its entries
 * @param annotations what it must be annotated with
 */
public record Binding(String name, Map<String, String> data, Map<String, String> annotations) {
    /** What Reloader looks for in a Secret: workloads that are annotated to search for it restart when it changes. */
    static final Map<String, String> RELOADER = Map.of("reloader.stakater.com/match", "true");

    /** The Secret's type; the specification asks for {@code servicebinding.io/} and the type of the service. */
    public static final String SECRET_TYPE = "servicebinding.io/smtp";

    /** The entry that holds the password. */
    public static final String PASSWORD = "password";

    /** The entry that holds all that an application needs to log in, as one URI. */
    public static final String URI = "uri";

    /** The entry that holds what goes before the name of a user of the organization's mail servers. */
    public static final String SUBMITTER_PREFIX = "submitter-prefix";

    /** The keys of the entries that are there without being asked for. */
    static final Set<String> KEYS = Set.of("type", "provider", "host", "port", "username", PASSWORD, SUBMITTER_PREFIX,
            "from", "from-name", MailAccount.CA_ENTRY, URI);

    /** @param more entries beside those of the specification */
    static Binding of(ResourceKey organization, String name, MailAccount account, boolean submitters,
            Map<String, String> more, Map<String, String> annotations) {
        Map<String, String> data = new TreeMap<>(more);
        data.put("type", "smtp");
        data.put("provider", "postrider");
        data.put("host", account.host());
        data.put("port", Integer.toString(account.port()));
        data.put("username", account.username());
        data.put(PASSWORD, account.password());
        if (submitters) {
            data.put(SUBMITTER_PREFIX, RelayLogin.prefix(organization));
        }
        data.put("from", account.from().address());
        data.put("from-name", account.from().name().orElse(""));
        // Later than organizations' own entries, some of which have these keys.
        account.replyTo().ifPresent(to -> data.putIfAbsent("reply-to", to.address()));
        account.replyTo().flatMap(Address::name).ifPresent(to -> data.putIfAbsent("reply-to-name", to));
        account.envelopeFrom().ifPresent(address -> data.putIfAbsent("envelope-from", address));
        account.caCertificate().ifPresent(ca -> data.put(MailAccount.CA_ENTRY, ca));
        data.put(URI, account.uri());
        Map<String, String> all = new TreeMap<>(annotations);
        all.putAll(RELOADER);
        return new Binding(name, data, all);
    }

    /** The same under another name, without what a rotation has noted. */
    public Binding copy(String copyName) {
        Map<String, String> others = new TreeMap<>(annotations);
        others.remove(Rotation.DONE);
        others.remove(Rotation.FORMER);
        return new Binding(copyName, data, others);
    }

    @Override
    public String toString() {
        return "Binding[" + name + ", keys=" + data.keySet() + "]";
    }
}
