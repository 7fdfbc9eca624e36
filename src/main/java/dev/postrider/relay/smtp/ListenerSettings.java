package dev.postrider.relay.smtp;

/**
 * What a listener is told once.
 *
 * @param hostName                     how it calls itself (RFC 5321 section 4.1.1.1), a domain name
 * @param limits                       its bounds
 * @param allowPlaintextAuthentication whether AUTH works without TLS; passwords then cross the network readable
 */
public record ListenerSettings(String hostName, SmtpLimits limits, boolean allowPlaintextAuthentication) {}
