package dev.postrider.plan;

import java.time.LocalDate;

/**
 * The days that a usage report is about.
 *
 * @param before the first day of the period before, with which it is compared
 * @param from   the first day
 * @param to     the day after the last
 */
public record UsagePeriod(LocalDate before, LocalDate from, LocalDate to) {}
