package dev.postrider.api;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

// @formatter:off One line each.

/**
 * Why a condition is as it is, or what an Event tells of. A constant is named as its word is on the wire. What it means
 * where, and what to do then, is in {@link Observations}.
 */
public enum Reason {
    // The operator has not looked yet.
    Pending,

    // What is declared is not valid.
    InvalidSpec(By.PERSON),
    TooManyInNamespace(By.PERSON),
    TooLargeInNamespace(By.PERSON),
    ScopeNotAllowed(By.PERSON),
    LinkHostTaken,
    LinksNotServed(By.PERSON),
    SupportAddressNotAllowed(By.PERSON),
    BindingFormatImpossible(By.PERSON),
    BindingTemplateInvalid(By.PERSON),
    BindingCopyInvalid(By.PERSON),

    // What is named is not there, which it may only be yet.
    SecretNotFound,
    ConfigMapNotFound,
    ServerNotFound,
    OrganizationNotFound,

    // What is named is there, and not as it must be.
    SecretNotLabelled(By.PERSON),
    SecretKeyMissing(By.PERSON),
    SecretValueEmpty(By.PERSON),
    SecretValueTooLarge(By.PERSON),
    SecretValueInvalid(By.PERSON),
    CertificateInvalid(By.PERSON),
    PrivateKeyInvalid(By.PERSON),
    PrivateKeyMismatch(By.PERSON),
    CertificateBundleTooLarge(By.PERSON),
    ConfigMapNotLabelled(By.PERSON),
    ConfigMapKeyMissing(By.PERSON),
    HostNotAllowed(By.PERSON),
    ServerNotAllowed(By.PERSON),
    /** The same of a trusted namespace, where the server may come to be a global one. */
    ServerNotGlobalYet("ServerNotAllowed"),

    // The Secrets of a MailServer.
    NoneNeeded,
    Valid,
    NotRead,

    // What became of a test.
    Accepted,
    SomeServersFailed,
    InProgress,
    TestRateLimited,
    NotValid,
    LoginNotTested,
    NoRecipient,
    NotRequested,
    NotTested,
    WaitingForServer,
    NameResolution,
    Connection,
    Timeout,
    Tls(By.PERSON),
    Certificate(By.PERSON),
    Authentication(By.PERSON),
    SenderRejected(By.PERSON),
    RecipientRejected(By.PERSON),
    MessageRejected(By.PERSON),
    /** At a step that this version does not know. */
    Failed,

    // What is declared to be off, or is being deleted.
    Inactive,
    SendingDisabled,
    SwitchedOff,
    BeingDeleted,
    ConfirmationMissing,
    ConfirmationWrong,
    Confirmed,
    Draining,

    // The servers that mail goes through.
    OwnServers,
    GlobalServers,
    NoActiveServer,
    NoActiveGlobalServer,
    Rests,
    OverRate,
    TakesMail,
    FormerPrioritiesFail,
    FirstPriority,
    NoServerTakesMail,

    // Who may send as whom.
    Granted,
    Verified,
    Open,
    PartlyThroughOwnServers,
    SenderNotGranted,

    // The binding and its copies.
    Written,
    /** As of a copy it is the business of whoever has the Secret, and {@code Ready} does not tell of it. */
    SecretExists(By.PERSON),
    Gone,
    RelayPending,
    Copied,
    NotAccepted,
    NamespaceTerminating,
    NamespaceUnreadable,
    NoCluster,
    BindingPending,

    // The API server refuses a write, which is tried again.
    Refused,

    // The relay.
    Available,
    Unavailable,
    NoServer,

    // What became of mail.
    ReportLost,
    Held,
    Taken,
    TakenAfterHold,
    Within,
    LimitNearlyUsedUp,
    LimitUsedUp,

    // What an organization may do.
    MailWorks,
    TestedAgain,
    LastValidSettings,
    MailNotProved,
    NoServerForOwnLogin,

    // Notices of licenses.
    Scheduled,
    Sending,
    NotSent,
    Completed,
    AlreadyExpired,
    NoticeMissed(By.PERSON),
    OrganizationDeleted,
    MailNotWorking,
    NoRecipients,
    SubmissionFailed,

    // Of Events alone.
    TestSendSucceeded,
    ServerReached,
    TestSendFailed,
    Deleted,
    Rotated,
    ChecksWeakened,
    PortUnusual,
    PasswordsEnd,
    AppPasswordNeeded,
    PortOftenBlocked,
    SendersNotRestricted,
    ServerRests,
    ServerOverRate,
    ServerTakesMail,
    OnBackup,
    BackFromBackup,
    MailHeld,
    MailRests,
    MailTaken,
    NoticeScheduled,
    NoticeSent,
    NoticeFailed,
    LicenseExpired,
    UsageReportSent,
    UsageReportFailed,
    UsageReportMissed,
    InvalidSettings,
    InvalidCertificate;

    // @formatter:on

    private enum By { PERSON }

    /** The first constant of each word. */
    private static final Map<String, Reason> BY_WORD = Stream.of(values())
            .collect(Collectors.toUnmodifiableMap(Reason::toString, Function.identity(), (first, _) -> first));

    private final String word;
    private final boolean person;

    Reason() {
        this.word = name();
        this.person = false;
    }

    @SuppressWarnings("unused")
    Reason(By person) {
        this.word = name();
        this.person = true;
    }

    Reason(String word) {
        this.word = word;
        this.person = false;
    }

    /** Whether only a person can help, so that a resource that is not Ready for it is stalled. */
    public boolean needsPerson() {
        return person;
    }

    /** The reason that a status names; empty where another version wrote it, which then decides nothing here. */
    public static Optional<Reason> of(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }

    /** The word on the wire. */
    @Override
    public String toString() {
        return word;
    }
}
