package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettingsStatus.SenderDomain;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a namespace has shown that a domain is its own: by a TXT record that only whoever has the domain can publish,
 * and whose value only this installation computes, for this namespace. It covers the domain and its subdomains.
 */
final class DomainVerification {
    /** Of the record's name, before the domain; as of RFC 8552 for names that are no hosts. */
    static final String PREFIX = "_postrider.";

    /** How long a verified domain stays so after its record was taken away. */
    static final Duration KEPT_WITHOUT_RECORD = Duration.ofDays(1);

    /** How long a verified domain stays so while DNS does not answer. */
    static final Duration KEPT_WITHOUT_ANSWER = Duration.ofDays(3);

    private DomainVerification() {}

    /**
     * What the status says of a domain.
     *
     * @param before what it said
     */
    static SenderDomain of(ResourceKey organization, String domain, List<SenderDomain> before, World world) {
        String value = value(organization.namespace(), domain, world.installation().fingerprintKey());
        Optional<SenderDomain> known = before.stream()
                .filter(entry -> entry.domain().equals(domain) && entry.value().equals(value))
                .findFirst();
        Optional<DomainAnswer> answer = world.domainAnswer(organization.namespace(), domain);
        if (answer.isEmpty()) {
            return known.orElseGet(() -> entry(domain, value, false, null, "not looked up yet"));
        }
        return switch (answer.get()) {
            case DomainAnswer.Found() -> entry(domain, value, true, null, null);
            case DomainAnswer.BeyondBound(int most) -> entry(domain, value, false, null, "not looked up, since " + most
                    + " other domains of the namespace are: take one of them away, or ask for a grant");
            case DomainAnswer.Missing(Instant since, Instant time, String why) ->
                failed(domain, value, known, since, time, why, KEPT_WITHOUT_RECORD);
            case DomainAnswer.Unanswered(Instant since, Instant time, String why) ->
                failed(domain, value, known, since, time, why, KEPT_WITHOUT_ANSWER);
        };
    }

    private static SenderDomain failed(String domain, String value, Optional<SenderDomain> known, Instant since,
            Instant time, String why, Duration kept) {
        if (known.filter(SenderDomain::verified).isEmpty()) {
            return entry(domain, value, false, null, why);
        }
        // Another process may have seen it before.
        Instant first = known.flatMap(entry -> Optional.ofNullable(entry.failingSince()))
                .map(Instant::parse)
                .filter(earlier -> earlier.isBefore(since))
                .orElse(since)
                .truncatedTo(ChronoUnit.SECONDS);
        Instant end = first.plus(kept);
        return time.isBefore(end)
                ? entry(domain, value, true, first.toString(), why + "; the domain stays verified until " + end)
                : entry(domain, value, false, null, why);
    }

    private static SenderDomain entry(String domain, String value, boolean verified, @Nullable String failingSince,
            @Nullable String message) {
        return new SenderDomain(domain, PREFIX + domain, "TXT", value, verified, failingSince, message);
    }

    /** Others cannot compute it, so that a record shows that whoever published it was told by this installation. */
    private static String value(String namespace, String domain, String key) {
        return "postrider-verification=" + Fingerprint.of("sender domain\n" + namespace + "\n" + domain, key);
    }
}
