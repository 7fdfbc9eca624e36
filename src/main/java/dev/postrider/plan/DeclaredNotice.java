package dev.postrider.plan;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.LicenseExpiryNoticeSpec;
import dev.postrider.api.LicenseExpiryNoticeSpec.ExpirySource;
import dev.postrider.api.LicenseExpiryNoticeSpec.Format;
import dev.postrider.api.LicenseExpiryNoticeStatus.Settings;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.ResourceKey;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.zone.ZoneRulesProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a LicenseExpiryNotice declares, and records what is wrong with it. */
final class DeclaredNotice {
    static final int MOST_RECIPIENTS = 50;

    /** Of the IANA database; asking for them makes a set of hundreds anew. */
    private static final Set<String> ZONES = ZoneRulesProvider.getAvailableZoneIds();

    private final LicenseExpiryNotice resource;
    private final LicenseExpiryNoticeSpec spec;
    private final World world;
    private final List<Problem> problems;

    private DeclaredNotice(LicenseExpiryNotice resource, World world, List<Problem> problems) {
        this.resource = resource;
        this.spec = resource.getSpec();
        this.world = world;
        this.problems = problems;
    }

    /** The settings; empty if anything is wrong with them, and then the problems are recorded. */
    static Optional<Settings> read(LicenseExpiryNotice resource, World world, List<Problem> problems) {
        return new DeclaredNotice(resource, world, problems).read();
    }

    private Optional<Settings> read() {
        int before = problems.size();
        String timeZone = Objects.requireNonNullElse(spec.timeZone(), "UTC");
        if (!isZone(timeZone)) {
            invalid("spec.timeZone", "\"" + timeZone
                    + "\" is no time zone; write a name of the IANA time zone database, as Europe/Berlin, or UTC");
        }
        String language = Objects.requireNonNullElse(spec.language(), "en");
        if (!LanguageTags.isLanguage(language)) {
            invalid("spec.language", "\"" + language
                    + "\" is no language; write a BCP 47 tag, as en, de-AT or zh-Hant");
        }
        variables("spec.subject", spec.subject());
        variables("spec.body", spec.body());
        List<String> recipients = recipients();
        Optional<LocalDate> expiry = isZone(timeZone) ? expiry(ZoneId.of(timeZone)) : Optional.empty();
        if (problems.size() != before) {
            return Optional.empty();
        }
        return expiry.map(date -> new Settings(spec.organizationRef().name(), spec.license().name(), date.toString(),
                spec.daysBefore(), language, timeZone, Objects.requireNonNullElse(spec.sendAt(), "09:00"),
                recipients.isEmpty() ? null : recipients, spec.subject(), spec.body(),
                Boolean.TRUE.equals(spec.calendar()), Boolean.TRUE.equals(spec.notifyIfAlreadyExpired())));
    }

    /** What is wrong with the reference to the organization. */
    static Optional<Problem> organization(String namespace, String name, World world) {
        return world.organization(new ResourceKey(namespace, name)).isPresent()
                ? Optional.empty()
                : Optional.of(new Problem(Area.SPEC, Reason.OrganizationNotFound, "spec.organizationRef",
                        "there is no OrganizationMailSettings \"%s\" in namespace \"%s\"; create it, or name another one"
                                .formatted(name, namespace)));
    }

    static boolean isZone(String name) {
        return name.equals("UTC") || ZONES.contains(name);
    }

    private Optional<LocalDate> expiry(ZoneId zone) {
        String date = spec.license().expiryDate();
        if (date != null) {
            try {
                return Optional.of(LocalDate.parse(date));
            } catch (DateTimeException e) {
                invalid("spec.license.expiryDate", "\"" + date + "\" is no date that exists, written as 2027-01-31");
                return Optional.empty();
            }
        }
        ExpirySource source = spec.license().expiryFrom();
        if (source == null) {
            invalid("spec.license", "exactly one of expiryDate and expiryFrom must be set");
            return Optional.empty();
        }
        String field = "spec.license.expiryFrom.secretRef";
        return new Credentials(world, resource.getMetadata().getNamespace(), problems)
                .text(field, source.secretRef().name(), source.key())
                .flatMap(content -> {
                    try {
                        return Optional.of(
                                ExpiryDates.read(Objects.requireNonNullElse(source.format(), Format.Date), content,
                                        zone));
                    } catch (IllegalArgumentException e) {
                        problems.add(
                                new Problem(Area.SECRETS, Reason.SecretValueInvalid, field,
                                        "key \"%s\" of Secret \"%s\" %s"
                                                .formatted(source.key(), source.secretRef().name(), e.getMessage())));
                        return Optional.empty();
                    }
                });
    }

    private List<String> recipients() {
        List<String> addresses = new ArrayList<>();
        List<String> entries = spec.recipients() == null ? List.of() : spec.recipients();
        for (int i = 0; i < entries.size(); i++) {
            String field = "spec.recipients[" + i + "]";
            for (String part : entries.get(i).split("[,;]", -1)) {
                MailAddress.check(field, part.strip(), problems);
                if (!addresses.contains(part.strip())) {
                    addresses.add(part.strip());
                }
            }
        }
        if (addresses.size() > MOST_RECIPIENTS) {
            invalid("spec.recipients", "these are %d addresses; at most %d are possible".formatted(addresses.size(),
                    MOST_RECIPIENTS));
        }
        return addresses;
    }

    private void variables(String field, @Nullable String text) {
        if (text != null) {
            Variables.NOTICE.problems(text).forEach(problem -> invalid(field, problem));
        }
    }

    private void invalid(String field, String message) {
        problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, field, message));
    }
}
