package dev.postrider.api;

// @formatter:off One line each, in the order of the documentation.

/** What conditions are about. A constant is named as its type is on the wire. */
public enum ConditionType {
    Ready,
    /** Of a license notice: why nothing can be sent. */
    Blocked,
    /** Only a person can help; says it again for kstatus, which takes {@code Ready=False} for progress. */
    Stalled,
    SecretsValid,
    ServersResolved,
    SendersAllowed,
    ReportsDelivered,
    BindingReady,
    BindingCopied,
    MailTaken,
    WithinLimits,
    TestSendSucceeded,
    RelayAvailable,
    SendersRestricted,
    TakesMail,
    OnBackup,
    PasswordRecoveryAvailable,
    AlertsAvailable,
    NotificationsAvailable,
    UsageReportAvailable,
    DeletionConfirmed
}
