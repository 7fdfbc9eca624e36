package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Any number of patterns as of {@link DomainPattern}. Whether one of them is for a domain is looked up, and takes no
 * longer for many of them: a message may name a hundred thousand addresses.
 */
public final class DomainPatterns {
    private final List<String> texts;
    private final Set<String> all;

    /** @param texts the patterns, of which the order is kept */
    @JsonCreator
    public DomainPatterns(List<String> texts) {
        this.texts = List.copyOf(texts);
        this.all = new HashSet<>(texts);
    }

    /** The patterns, as they were given. */
    @JsonValue
    public List<String> texts() {
        return texts;
    }

    /**
     * Whether all that a pattern stands for is in one of these.
     *
     * @param other a domain, or a pattern too
     */
    public boolean cover(String other) {
        if (all.contains(other)) {
            return true;
        }
        for (int dot = other.indexOf('.', 1); dot > 0; dot = other.indexOf('.', dot + 1)) {
            if (all.contains(DomainPattern.SUBDOMAINS + other.substring(dot + 1))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DomainPatterns patterns && texts.equals(patterns.texts);
    }

    @Override
    public int hashCode() {
        return texts.hashCode();
    }

    @Override
    public String toString() {
        return texts.toString();
    }
}
