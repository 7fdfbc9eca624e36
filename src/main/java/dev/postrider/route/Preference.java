package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonIgnore;

/**
 * Which of several servers mail goes through, as SRV records say it (RFC 2782).
 *
 * @param priority a server gets mail only while all of a lower priority take none, 0 to 65535
 * @param weight   its part of the mail among those of the same priority, 1 to 65535
 */
public record Preference(int priority, int weight) {
    /** Where nothing is declared. */
    public static final Preference DEFAULT = new Preference(0, 1);

    @JsonIgnore
    public boolean isDefault() {
        return equals(DEFAULT);
    }
}
