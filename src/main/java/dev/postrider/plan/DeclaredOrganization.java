package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.route.DkimKey;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.Webhook;
import java.util.List;
import java.util.Optional;

/**
 * An organization's spec, read.
 *
 * @param identity  the addresses that its mail carries
 * @param dkim      what its mail is signed with
 * @param webhook   who is told what became of its mail
 * @param links     where its links lead
 * @param sizeLimit how large its messages may be
 * @param supportAddress of those who help it
 * @param usageReports when and how they are sent
 */
record DeclaredOrganization(Identities identity, List<DkimKey> dkim, Optional<Webhook> webhook, OrganizationLinks links,
        Optional<SizeLimit> sizeLimit, Optional<String> supportAddress,
        Optional<UsageReports.Declared> usageReports) {

    /** Reads it and records all that is wrong with it; what is wrong is then empty, or must not be used. */
    static DeclaredOrganization of(OrganizationMailSettings organization, World world, List<Problem> problems) {
        OrganizationMailSettingsSpec spec = organization.getSpec();
        Identities identity = Identities.of(spec, problems);
        List<DkimKey> dkim = DkimKeys.of(organization, identity.from(), world, problems);
        Optional<Webhook> webhook = Webhooks.of(organization, world, problems);
        OrganizationLinks links = OrganizationLinks.of(organization, problems);
        BindingEntries.check(OrganizationPlan.key(organization), spec, identity, world.installation(), problems);
        BindingCopies.check(organization, problems);
        Optional<SizeLimit> sizeLimit = SizeLimits.of(spec, links.host(), world.installation(), problems);
        OrganizationLinks.taken(organization, sizeLimit, world).ifPresent(problems::add);
        return new DeclaredOrganization(identity, dkim, webhook, links, sizeLimit,
                SupportDesk.address(spec, world.installation(), problems),
                UsageReports.declared(spec, world.now(), problems));
    }

    /** The same with other addresses. */
    DeclaredOrganization as(Identities other) {
        return new DeclaredOrganization(other, dkim, webhook, links, sizeLimit, supportAddress, usageReports);
    }
}
