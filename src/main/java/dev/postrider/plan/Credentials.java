package dev.postrider.plan;

import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.ResourceKey;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Takes values out of credentials Secrets and says of each what is wrong with it. Values are written to the relay's
 * routes, so their length is bounded: a route must fit into a Secret of 1 MiB, and many into the operator's memory.
 */
final class Credentials {
    /** Of names, passwords, keys to sign with, and tokens; those of Microsoft have some 2,000. */
    static final int LONGEST_VALUE = 4096;
    /** Of certificates, keys and JSON; an RSA key of 16,384 bits has 12,500. */
    static final int LONGEST_TEXT = 16_384;
    /** Has a bound of its own. */
    private static final String AUTHORITIES = "ca.crt";

    private final World world;
    private final String namespace;
    private final List<Problem> problems;
    private final List<String> passed;

    Credentials(World world, String namespace, List<Problem> problems) {
        this(world, namespace, problems, List.of());
    }

    private Credentials(World world, String namespace, List<Problem> problems, List<String> passed) {
        this.world = world;
        this.namespace = namespace;
        this.problems = problems;
        this.passed = passed;
    }

    /**
     * The same for values that pass these hosts on their way to the others. Whoever may name a proxy may well have the
     * key of an authority that he names too, and so read what passes.
     */
    Credentials passing(List<String> hosts) {
        return new Credentials(world, namespace, problems, hosts);
    }

    /**
     * The values under some keys of a Secret.
     *
     * @param field the field that names the Secret
     * @param hosts the hosts that the values will be sent to
     * @param keys  the keys that must be there
     * @return the values in the order of the keys; empty if anything is wrong, and then the problems are recorded
     */
    Optional<List<String>> read(String field, String secretName, List<String> hosts, String... keys) {
        int before = problems.size();
        Optional<SecretLookup.Found> found = find(field, secretName, keys);
        found.ifPresent(f -> {
            for (String entry : keys) {
                check(field, secretName, entry, f, isText(entry));
            }
            f.hosts()
                    .ifPresent(allowed -> checkHosts(field, secretName, allowed,
                            Stream.concat(hosts.stream(), passed.stream()).toList()));
        });
        return problems.size() == before
                ? found.map(f -> Arrays.stream(keys).map(k -> f.data().getOrDefault(k, "")).toList())
                : Optional.empty();
    }

    /** Certificates, keys and JSON have lines. */
    private static boolean isText(String entry) {
        return entry.endsWith(".crt") || entry.endsWith(".key") || entry.endsWith(".json");
    }

    /** Whether a Secret that can be read has such a key. */
    boolean has(String secretName, String key) {
        return world.secret(new ResourceKey(namespace, secretName)) instanceof SecretLookup.Found found
                && found.data().containsKey(key);
    }

    private Optional<SecretLookup.Found> find(String field, String secretName, String... keys) {
        ResourceKey key = new ResourceKey(namespace, secretName);
        switch (world.secret(key)) {
            case SecretLookup.Missing() -> problems.add(new Problem(Area.SECRETS, Reason.SecretNotFound,
                    field,
                    "there is no Secret \"%s\" in namespace \"%s\"; create it with the keys %s and the label %s: \"true\""
                            .formatted(secretName, namespace, String.join(", ", keys),
                                    PostriderApi.CREDENTIALS_LABEL)));
            case SecretLookup.Unlabelled() -> add(Reason.SecretNotLabelled, field,
                    "Secret \"%s\" may not be read; label it: kubectl -n %s label secret %s %s=true".formatted(
                            secretName,
                            namespace, secretName, PostriderApi.CREDENTIALS_LABEL));
            case SecretLookup.Found found -> {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    /** One value, which may have several lines and is sent nowhere; empty if there is none, as {@link #read}. */
    Optional<String> text(String field, String secretName, String key) {
        int before = problems.size();
        Optional<SecretLookup.Found> found = find(field, secretName, key);
        found.ifPresent(f -> check(field, secretName, key, f, true));
        return problems.size() == before ? found.map(f -> f.data().getOrDefault(key, "")) : Optional.empty();
    }

    private void check(String field, String secretName, String entry, SecretLookup.Found found, boolean lines) {
        String value = found.data().get(entry);
        if (value == null) {
            add(Reason.SecretKeyMissing, field,
                    "Secret \"%s\" has no key \"%s\"; it has %s".formatted(secretName, entry,
                            found.data().isEmpty()
                                    ? "no keys"
                                    : String.join(", ", found.data().keySet().stream().sorted().toList())));
        } else if (value.isEmpty()) {
            add(Reason.SecretValueEmpty, field, "key \"%s\" of Secret \"%s\" is empty".formatted(entry, secretName));
        } else if (!entry.equals(AUTHORITIES) && value.length() > (lines ? LONGEST_TEXT : LONGEST_VALUE)) {
            add(Reason.SecretValueTooLarge, field,
                    ("key \"%s\" of Secret \"%s\" has %d characters, and at most %d are taken; put the value there and "
                            + "nothing else").formatted(entry, secretName, value.length(),
                                    lines ? LONGEST_TEXT : LONGEST_VALUE));
        } else if (!lines && value.chars().anyMatch(c -> c == '\n' || c == '\r' || c == 0)) {
            add(Reason.SecretValueInvalid, field,
                    ("key \"%s\" of Secret \"%s\" has a line break or a NUL in it, which no login takes; write it without "
                            + "(echo -n, or stringData on one line)").formatted(entry, secretName));
        }
    }

    private void checkHosts(String field, String secretName, String allowed, List<String> hosts) {
        List<String> names = Arrays.stream(allowed.split(",")).map(Credentials::canonical).toList();
        for (String host : hosts) {
            if (!names.contains(canonical(host))) {
                add(Reason.HostNotAllowed, field,
                        "Secret \"%s\" may be sent only to %s (annotation %s), not to \"%s\"".formatted(secretName,
                                allowed.strip(), PostriderApi.HOSTS_ANNOTATION, host));
            }
        }
    }

    private static String canonical(String host) {
        String name = host.strip().toLowerCase(Locale.ROOT);
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private void add(Reason reason, String field, String message) {
        problems.add(new Problem(Area.SECRETS, reason, field, message));
    }
}
