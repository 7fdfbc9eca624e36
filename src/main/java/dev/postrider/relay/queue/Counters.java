package dev.postrider.relay.queue;

import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import java.time.LocalDate;
import java.time.Period;
import java.util.List;
import java.util.Optional;

/**
 * What became of each organization's mail, day by day. All but refusals is counted in the commit that it tells of;
 * refusals are written about each second. Safe for many threads.
 */
public interface Counters {
    /** How long days are known: a year and the month that is compared with that of the year before. */
    Period KEPT = Period.ofMonths(13).plusDays(5);

    /** Counts a request to send that was refused. Does not block. */
    void refused(ResourceKey organization, Optional<MailClass> mailClass);

    /** The day that is counted now. */
    LocalDate today(ResourceKey organization);

    /**
     * What was counted, by day, class and server; days and servers without anything are left out.
     *
     * @param from the first day
     * @param to   the day after the last
     */
    List<DailyCounts> read(ResourceKey organization, LocalDate from, LocalDate to) throws QueueException;
}
