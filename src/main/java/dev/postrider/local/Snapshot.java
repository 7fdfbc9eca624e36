package dev.postrider.local;

import dev.postrider.api.ConditionType;
import dev.postrider.api.MailServerSpec;
import dev.postrider.api.MailServerStatus;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsStatus;
import dev.postrider.api.Condition;
import dev.postrider.api.LicenseExpiryNoticeSpec;
import dev.postrider.api.LicenseExpiryNoticeStatus;
import dev.postrider.route.ResourceKey;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The resources and their statuses at one moment, each kind in the order of namespace and name.
 *
 * @param settled whether no test mail is on its way and none is waited for
 */
public record Snapshot(List<Server> servers, List<Organization> organizations, List<LicenseNotice> licenseNotices,
        boolean settled) {

    /** A mail server. */
    public record Server(ResourceKey key, MailServerSpec spec, @Nullable MailServerStatus status) {

        /** The condition Ready. */
        public Optional<Condition> ready() {
            return find(status == null ? null : status.conditions());
        }
    }

    /** An organization. */
    public record Organization(ResourceKey key, OrganizationMailSettingsSpec spec,
            @Nullable OrganizationMailSettingsStatus status) {

        /** The condition Ready. */
        public Optional<Condition> ready() {
            return find(status == null ? null : status.conditions());
        }
    }

    /** The notices of a license. */
    public record LicenseNotice(ResourceKey key, LicenseExpiryNoticeSpec spec,
            @Nullable LicenseExpiryNoticeStatus status) {

        /** The condition Ready. */
        public Optional<Condition> ready() {
            return find(status == null ? null : status.conditions());
        }
    }

    /** Whether there are resources, and all of them are Ready. */
    public boolean isReady() {
        return (!servers.isEmpty() || !organizations.isEmpty())
                && servers.stream().allMatch(server -> isTrue(server.ready()))
                && organizations.stream().allMatch(organization -> isTrue(organization.ready()))
                && licenseNotices.stream().allMatch(notice -> isTrue(notice.ready()));
    }

    private static boolean isTrue(Optional<Condition> condition) {
        return condition.filter(c -> c.status() == Condition.Status.True).isPresent();
    }

    private static Optional<Condition> find(@Nullable List<Condition> conditions) {
        return conditions == null
                ? Optional.empty()
                : conditions.stream().filter(condition -> condition.is(ConditionType.Ready)).findFirst();
    }
}
