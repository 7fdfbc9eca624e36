package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.SentNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.Settings;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who sends the notices of a license, and whether he can.
 *
 * @param resource     the license
 * @param settings     what counts of it
 * @param organization whose mail it is, if it is there
 * @param identity     the organization's addresses
 * @param recipients   who gets the notices
 * @param blocked      why nothing can be sent
 * @param undecided    whether that may pass within moments
 */
record NoticeSender(LicenseExpiryNotice resource, Settings settings, Optional<OrganizationMailSettings> organization,
        Optional<Identities> identity, List<String> recipients, Optional<Problem> blocked, boolean undecided) {

    static NoticeSender of(LicenseExpiryNotice resource, Settings settings, World world) {
        String namespace = resource.getMetadata().getNamespace();
        Optional<OrganizationMailSettings> organization = world
                .organization(new ResourceKey(namespace, settings.organization()));
        if (organization.isEmpty()) {
            return new NoticeSender(resource, settings, organization, Optional.empty(), List.of(),
                    DeclaredNotice.organization(namespace, settings.organization(), world), false);
        }
        List<Problem> problems = new ArrayList<>();
        Servers servers = Servers.of(organization.get(), world);
        SendersAllowed senders = SendersAllowed.of(organization.get(), servers, world);
        Identities identity = senders.through(Identities.of(organization.get().getSpec(), problems));
        List<String> recipients = Optional.ofNullable(settings.recipients())
                .or(() -> Optional.ofNullable(organization.get().getSpec().administrators()))
                .orElse(List.of())
                .stream()
                .distinct()
                .toList();
        Optional<Condition> ready = ready(organization.get());
        boolean undecided = problems.isEmpty() && ready.filter(r -> r.status() == Status.Unknown).isPresent();
        return new NoticeSender(resource, settings, organization, Optional.of(identity), recipients,
                senders.problem(identity)
                        .or(() -> OwnMail.blocked(organization.get(), problems, recipients, "spec.recipients", ready))
                        .or(() -> OwnMail.noServer(organization.get(), servers)),
                undecided);
    }

    private static Optional<Condition> ready(OrganizationMailSettings organization) {
        return organization.getStatus() == null
                ? Optional.empty()
                : Conditions.find(organization.getStatus().conditions(), ConditionType.Ready);
    }

    /** Whether the organization's mail began to work after this time. */
    boolean worksSince(Instant time) {
        return organization.flatMap(NoticeSender::ready)
                .filter(r -> r.status() == Status.True && Instant.parse(r.lastTransitionTime()).isAfter(time))
                .isPresent();
    }

    /**
     * An order for a notice that is due.
     *
     * @param record of an earlier attempt, whose Message-ID stays
     */
    NoticeOrder order(ExpiryNotice notice, NoticeSchedule schedule, Instant now, Optional<SentNotice> record) {
        String key = key(notice.text() + "/" + schedule.expiry());
        return order(new NoticeOrder.Id(notice, schedule.expiry(), false), schedule.daysLeft(now), recipients, key,
                record.map(SentNotice::messageId).orElseGet(() -> messageId(key)), Optional.empty());
    }

    /** An order for a test of a notice, which says what the notice will. */
    NoticeOrder test(ExpiryNotice notice, String request) {
        String key = key("test/" + request + "/" + notice.text());
        int daysLeft = switch (notice) {
            case BEFORE -> settings.daysBefore();
            case ON_EXPIRY -> 1;
        };
        return order(new NoticeOrder.Id(notice, LocalDate.parse(settings.expiryDate()), true), daysLeft,
                TestRequest.recipient(request).map(List::of).orElse(recipients), key, messageId(key),
                Optional.of(request));
    }

    private NoticeOrder order(NoticeOrder.Id id, int daysLeft, List<String> to, String key, String messageId,
            Optional<String> testRequest) {
        OrganizationMailSettings from = organization.orElseThrow();
        Identities addresses = identity.orElseThrow();
        return new NoticeOrder(id, daysLeft, settings, OrganizationPlan.key(from),
                addresses.from().name().orElse(from.getMetadata().getName()),
                Optional.ofNullable(from.getSpec().links()).map(OrganizationMailSettingsSpec.Links::host),
                addresses.from(), addresses.replyTo(),
                addresses.envelopeFrom(), to, messageId, key, testRequest);
    }

    private String key(String what) {
        return OwnMail.key("license-expiry-notice", resource, what);
    }

    private String messageId(String key) {
        return OwnMail.messageId(key, identity.orElseThrow().from());
    }
}
