package dev.postrider.relay.submitter;

/**
 * All that the relay needs for mail with the logins of those who submit it.
 *
 * @param logins checks them
 * @param cipher encrypts them for the queue
 */
public record Submitters(SubmitterLogins logins, CredentialsCipher cipher) {}
