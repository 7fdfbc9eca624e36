package dev.postrider.notice;

import dev.postrider.route.DailyCounts;
import dev.postrider.route.ResourceKey;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;

/**
 * What a usage report is about.
 *
 * @param organization whose mail
 * @param name         of the organization, as people know it
 * @param language     BCP 47 tag, as the resource has it
 * @param timeZone     of the days
 * @param before       the first day of the period before
 * @param from         the first day
 * @param to           the day after the last
 * @param days         what was counted in both periods
 */
public record UsageReportContent(ResourceKey organization, String name, String language, ZoneId timeZone,
        LocalDate before, LocalDate from, LocalDate to, List<DailyCounts> days) {}
