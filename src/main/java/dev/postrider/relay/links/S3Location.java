package dev.postrider.relay.links;

import java.net.URI;
import java.nio.file.Path;

/**
 * A bucket of a server that speaks the API of Amazon S3.
 *
 * @param endpoint    of the server; the bucket follows in the path
 * @param region      that requests are signed for
 * @param credentials a directory with the files {@code access-key-id}, {@code secret-access-key} and, for a CA of its
 *                    own, {@code ca.crt}; the keys are read anew for each request
 */
public record S3Location(URI endpoint, String region, String bucket, Path credentials) {

    /** @throws IllegalArgumentException if it cannot be one; the message says what is allowed */
    public S3Location {
        boolean http = "https".equals(endpoint.getScheme()) || "http".equals(endpoint.getScheme());
        if (!http || endpoint.getHost() == null || endpoint.getRawUserInfo() != null || endpoint.getRawQuery() != null
                || endpoint.getRawFragment() != null) {
            throw new IllegalArgumentException("the endpoint of S3 must be a URL without login and query, as "
                    + "https://s3.eu-central-1.amazonaws.com");
        }
        if (!bucket.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")) {
            throw new IllegalArgumentException("\"" + bucket + "\" is no name of a bucket: 3 to 63 lower-case letters, "
                    + "digits, dots and hyphens");
        }
    }
}
