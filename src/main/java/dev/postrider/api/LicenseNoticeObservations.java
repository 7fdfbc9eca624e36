package dev.postrider.api;

import static dev.postrider.api.Observations.about;
import static dev.postrider.api.Observations.as;
import static dev.postrider.api.Observations.row;

import dev.postrider.api.Condition.Status;
import java.util.List;
import java.util.Set;

// @formatter:off The rows are laid out by hand: status and reason, what that means, what to do then.

/** What the conditions of a LicenseExpiryNotice say. */
final class LicenseNoticeObservations {
    static final Observations ALL = new Observations(
        Set.of(ConditionType.Ready), List.of(
        about(ConditionType.Ready, "",
            row(Status.Unknown, Reason.Pending,
                "the operator has not looked yet",
                "if it stays: is the operator running?"),
            row(Status.True, List.of(Reason.Scheduled, Reason.Sending), "a notice is to come, or on its way", ""),
            row(Status.True, Reason.Completed,
                "both were sent",
                "set the new expiry date once the license is renewed"),
            row(Status.True, Reason.AlreadyExpired,
                "the license had expired before the resource was created, so nothing is sent",
                "set `notifyIfAlreadyExpired: true` to have it sent all the same"),
            row(Status.True, Reason.NotSent, "a notice is due, and `postrider local` sends none", ""),
            row(Status.False, Reason.NoticeMissed, "it was too late for `onExpiry`", "set the new expiry date"),
            row(Status.False, Reason.InvalidSpec,
                "a zone, language, address or variable is none",
                "the message names the field"),
            row(Status.False, Reason.TooManyInNamespace,
                "the namespace has more notices than the installation allows; those declared first count",
                "delete one that is not needed, or have `namespaceLimits.licenseExpiryNotices` raised"),
            row(Status.False, Reason.TooLargeInNamespace,
                "the resources of the namespace are larger together than the installation allows; those declared "
                + "first count",
                "delete one that is not needed, make one smaller, or have `namespaceLimits.octets` raised"),
            row(Status.False, Reason.OrganizationNotFound,
                "`organizationRef` names none",
                "create it, or name another one"),
            row(Status.False, Reason.SecretNotFound,
                "the date cannot be read, since there is no Secret of that name",
                "create it"),
            row(Status.False, List.of(Reason.SecretNotLabelled, Reason.SecretKeyMissing, Reason.SecretValueEmpty,
                Reason.SecretValueTooLarge, Reason.SecretValueInvalid),
                "the date cannot be read",
                "the message says what the Secret must have"),
            as(Status.False, List.of(ConditionType.Blocked), "as there", "as there")),
        about(ConditionType.Blocked, "where a notice is to come",
            row(Status.True, List.of(Reason.OrganizationNotFound, Reason.OrganizationDeleted),
                "there is nobody to send",
                "create the organization, or name another one"),
            row(Status.True, Reason.SendingDisabled, "the organization's `sendingEnabled` is false", "set it to true"),
            row(Status.True, Reason.MailNotWorking,
                "the organization is not `Ready`; its reason is in the message",
                "see `Ready` of the organization"),
            row(Status.True, Reason.SenderNotGranted,
                "the organization's `identity.from` is in a domain that is not granted to the namespace",
                "see `SendersAllowed` of the organization"),
            row(Status.True, Reason.NoServerForOwnLogin,
                "all active servers of the organization want [the login of whoever "
                + "sends](connect.md#everybodys-own-login), which a notice has not",
                "name a server without `submitter`"),
            row(Status.True, Reason.NoRecipients, "neither `recipients` nor administrators", "set one of them"),
            row(Status.True, Reason.SubmissionFailed,
                "the relay did not take it",
                "none: it is tried again; the message says why"))));

    private LicenseNoticeObservations() {}
}
