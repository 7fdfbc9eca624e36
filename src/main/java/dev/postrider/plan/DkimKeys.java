package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.Dkim;
import dev.postrider.api.OrganizationMailSettingsStatus.DkimRecord;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Address;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.DkimKey;
import dev.postrider.route.InvalidPemException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Turns the keys that an organization's mail is signed with, as declared, into what the relay and the DNS need. */
final class DkimKeys {
    private static final String FIELD = "spec.identity.dkim";
    private static final String DEFAULT_KEY = "private-key";
    private static final int LONGEST_NAME = 253;
    /** Octets of a string of a record of type TXT at most (RFC 1035 section 3.3). */
    private static final int LONGEST_STRING = 255;

    private DkimKeys() {}

    static List<Dkim> declared(OrganizationMailSettings organization) {
        return Optional.ofNullable(organization.getSpec().identity().dkim()).orElse(List.of());
    }

    /** Those that can be used; of the others the problems are recorded. */
    static List<DkimKey> of(OrganizationMailSettings organization, Address from, World world,
            List<Problem> problems) {
        Credentials credentials = new Credentials(world, organization.getMetadata().getNamespace(), problems);
        List<DkimKey> keys = new ArrayList<>();
        Set<String> names = new HashSet<>();
        List<Dkim> declared = declared(organization);
        for (int i = 0; i < declared.size(); i++) {
            String field = FIELD + "[" + i + "]";
            Dkim dkim = declared.get(i);
            Optional<String> domain = domain(field + ".domain", dkim.domain(), from, problems);
            Optional<DkimKey> key = key(field + ".privateKeySecretRef", dkim, domain.orElse(""), credentials, problems);
            if (domain.isEmpty() || key.isEmpty()) {
                continue;
            }
            String name = key.get().recordName();
            if (name.length() > LONGEST_NAME) {
                problems.add(invalid(field + ".selector", "\"%s\" has more than %d characters; take a shorter selector"
                        .formatted(name, LONGEST_NAME)));
            } else if (names.add(name)) {
                keys.add(key.get());
            } else {
                problems.add(
                        invalid(field + ".selector", ("there is another key for %s, and a name has one record; take "
                                + "another selector for one of them").formatted(name)));
            }
        }
        return List.copyOf(keys);
    }

    /** The domain that signs: that of From, or one that it is within. */
    private static Optional<String> domain(String field, @Nullable String declared, Address from,
            List<Problem> problems) {
        String own = CanonicalAddress.of(from.address()).domain();
        if (declared == null) {
            return Optional.of(own);
        }
        Optional<String> domain = CanonicalAddress.domain(declared)
                .filter(name -> own.equals(name) || own.endsWith("." + name) && name.indexOf('.') > 0);
        if (domain.isEmpty()) {
            problems.add(invalid(field,
                    ("\"%s\" is neither the domain of identity.from, \"%s\", nor one that it is within, "
                            + "so it does not vouch for that; leave it out, or name such a domain")
                            .formatted(declared, own)));
        }
        return domain;
    }

    private static Optional<DkimKey> key(String field, Dkim dkim, String domain, Credentials credentials,
            List<Problem> problems) {
        String secret = dkim.privateKeySecretRef().name();
        String entry = Optional.ofNullable(dkim.privateKeySecretRef().key()).orElse(DEFAULT_KEY);
        Optional<DkimKey> key = credentials.text(field, secret, entry)
                .map(pem -> new DkimKey(dkim.selector().toLowerCase(Locale.ROOT), domain, pem));
        if (key.isPresent()) {
            try {
                key.get().key();
            } catch (InvalidPemException e) {
                problems.add(new Problem(Area.SECRETS, Reason.PrivateKeyInvalid, field,
                        "key \"%s\" of Secret \"%s\" cannot be used: %s".formatted(entry, secret, e.getMessage())));
                return Optional.empty();
            }
        }
        return key;
    }

    private static Problem invalid(String field, String message) {
        return new Problem(Area.SPEC, Reason.InvalidSpec, field, message);
    }

    /** What is to be published of keys that can be used. */
    static List<DkimRecord> records(List<DkimKey> keys) {
        return keys.stream().map(DkimKeys::toPublish).toList();
    }

    private static DkimRecord toPublish(DkimKey key) {
        try {
            String value = key.recordValue();
            return new DkimRecord(key.recordName(), "TXT", value, zoneFileLine(key.recordName(), value), key.isShort()
                    ? "an RSA key of less than %d bits, which some receivers do not count (RFC 8301 section 3.2); add a longer one under another selector"
                            .formatted(DkimKey.ADVISED_RSA)
                    : null);
        } catch (InvalidPemException e) {
            throw new IllegalStateException("it was read a moment ago", e);
        }
    }

    /** As a line of a zone (RFC 1035 section 5.1): the strings of a record are put together without spaces. */
    private static String zoneFileLine(String name, String value) {
        return name + ". IN TXT "
                + Stream.of(value.split("(?<=\\G.{" + LONGEST_STRING + "})"))
                        .map(string -> "\"" + string + "\"")
                        .collect(Collectors.joining(" "));
    }
}
