package dev.postrider.route;

/**
 * How attachments become links.
 *
 * @param host   of the links, in lower case, with a port and a path if needed: {@code links.example.com:8443/mail}
 * @param always whether the attachments of all messages become links, and not only of those that are too large
 * @param days   for which they can be downloaded, 1 to 365
 */
public record Linking(String host, boolean always, int days) {}
