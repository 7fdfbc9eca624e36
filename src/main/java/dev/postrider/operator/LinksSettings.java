package dev.postrider.operator;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the relay serves attachments for download. What is not given is as the relay has it by default.
 *
 * @param enabled          whether it does at all
 * @param tls              whether it speaks TLS, or something in front of it does
 * @param organizationSize of attachments that an organization may have kept, as {@code 10Gi}
 * @param downloads        at a time
 * @param scanner          address of a clamd, as {@code clamd.mail.svc:3310}
 * @param sharedHosts      names of hosts at which organizations of all namespaces may have links
 * @param s3               where attachments are kept; without it, on the relay's volume
 */
public record LinksSettings(boolean enabled, @Nullable Boolean tls, Optional<String> organizationSize,
        @Nullable Integer downloads, Optional<String> scanner, List<String> sharedHosts, @Nullable S3 s3) {
    static final LinksSettings OFF = new LinksSettings(false, null, Optional.empty(), null, Optional.empty(),
            List.of(), null);

    public LinksSettings {
        organizationSize = given(organizationSize);
        scanner = given(scanner);
        sharedHosts = sharedHosts == null
                ? List.of()
                : sharedHosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
        s3 = s3 == null || s3.endpoint().isEmpty() ? null : s3;
    }

    /**
     * A bucket.
     *
     * @param endpoint   URL of the server
     * @param region     that requests are signed for
     * @param secretName the Secret with {@code access-key-id}, {@code secret-access-key} and, for a CA of its own,
     *                   {@code ca.crt}
     */
    public record S3(Optional<String> endpoint, Optional<String> region, Optional<String> bucket,
            Optional<String> secretName) {
        public S3 {
            endpoint = given(endpoint);
            region = given(region);
            bucket = given(bucket);
            secretName = given(secretName);
        }
    }

    /** @param sharedQueue whether several relays may share the queue */
    void check(boolean sharedQueue) {
        if (!enabled) {
            return;
        }
        if (sharedQueue && s3 == null) {
            throw new IllegalArgumentException("relay.links.s3 is missing: with relay.queue.url the relays share no "
                    + "volume, so attachments must be kept in S3");
        }
        if (s3 != null && (s3.bucket().isEmpty() || s3.secretName().isEmpty())) {
            throw new IllegalArgumentException("relay.links.s3 needs bucket and secretName, the Secret with "
                    + "access-key-id and secret-access-key");
        }
    }

    private static Optional<String> given(Optional<String> setting) {
        return setting == null ? Optional.empty() : setting.filter(text -> !text.isEmpty());
    }
}
