package dev.postrider.relay.links;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.Sizes;
import java.util.Optional;

/**
 * How attachments are kept and served for download.
 *
 * @param port               of the downloads; 0 for one that the system chooses
 * @param tls                whether it speaks TLS, with the relay's certificate; otherwise something in front of it does
 * @param s3                 where attachments are kept; without it, beside the queue on the relay's volume
 * @param organizationOctets of attachments that an organization may have kept
 * @param mostDownloads      at a time
 * @param scanner            that looks at attachments before there are links to them
 */
public record LinkSettings(int port, boolean tls, Optional<S3Location> s3, long organizationOctets, int mostDownloads,
        Optional<Clamd> scanner) {
    /** Where nothing else is said. */
    public static final long ORGANIZATION_OCTETS = Sizes
            .read(RelayConfiguration.DEFAULT.links().organizationSize());

    /** Downloads at a time, where nothing else is said. */
    public static final int MOST_DOWNLOADS = RelayConfiguration.DEFAULT.links().downloads();

    /** How many organizations of a namespace may have all that one may have. */
    private static final int FULL_ORGANIZATIONS = 10;

    /** Octets of attachments that a namespace may have kept, however many organizations it has. */
    long namespaceOctets() {
        return organizationOctets > Long.MAX_VALUE / FULL_ORGANIZATIONS
                ? Long.MAX_VALUE
                : organizationOctets * FULL_ORGANIZATIONS;
    }

    public LinkSettings {
        if (organizationOctets < 1 || mostDownloads < 1) {
            throw new IllegalArgumentException("room for an organization and downloads at a time must be at least 1, "
                    + "but are " + organizationOctets + ", " + mostDownloads);
        }
    }
}
