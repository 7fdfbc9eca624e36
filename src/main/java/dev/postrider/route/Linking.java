package dev.postrider.route;

/**
 * How attachments become links.
 *
 * @param host      of the links, in lower case, with a port and a path if needed: {@code links.example.com:8443/mail}
 * @param always    whether the attachments of all messages become links, and not only of those that are too large
 * @param days      for which they can be downloaded, 1 to 365
 * @param exclusive whether nobody of another namespace has links at a host of that name
 */
public record Linking(String host, boolean always, int days, boolean exclusive) {

    /** At a host that namespaces share. */
    public Linking(String host, boolean always, int days) {
        this(host, always, days, false);
    }

    /** Without port and path. */
    public String hostName() {
        return hostName(host);
    }

    /** The name in a host of links. */
    public static String hostName(String host) {
        return host.replaceFirst("[:/].*", "");
    }
}
