package dev.postrider.route;

import java.time.LocalDate;
import java.util.List;

/**
 * What was counted of an organization's mail.
 *
 * @param from the first day
 * @param to   the day after the last
 * @param days by day, class and server; what has nothing counted is left out
 */
public record CountedMail(ResourceKey organization, LocalDate from, LocalDate to, List<DailyCounts> days) {

    /** The same from a later day on. */
    public CountedMail since(LocalDate first) {
        return new CountedMail(organization, first, to,
                days.stream().filter(counts -> !counts.day().isBefore(first)).toList());
    }
}
