package dev.postrider.route;

import java.time.Instant;

/**
 * A password that a login had before it was given another one.
 *
 * @param sha256     its SHA-256, in lower-case hex
 * @param validUntil from when on it is refused
 */
public record FormerPassword(String sha256, Instant validUntil) {
    @Override
    public String toString() {
        return "FormerPassword[until " + validUntil + "]";
    }
}
