package dev.postrider.route;

/**
 * A server that an organization names, and when it goes through it.
 *
 * @param server the MailServer
 */
public record PreferredServer(ResourceKey server, Preference preference) {}
