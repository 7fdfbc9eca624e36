package dev.postrider.plan;

import dev.postrider.route.SystemInformation.License;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/**
 * When the notices of a license are sent, and until when a late one still is. A time that daylight saving skips is
 * moved on by what is skipped; of one that comes twice the first counts.
 *
 * @param expiry     the last day on which the license is valid
 * @param daysBefore how many days before, the expiry day counted, so that 1 is that day itself
 * @param zone       where the days are counted
 * @param sendAt     the time of the day
 * @param created    when somebody asked for the notices
 * @param evenIfLong whether a license that had expired by then is told of all the same
 */
record NoticeSchedule(LocalDate expiry, int daysBefore, ZoneId zone, LocalTime sendAt, Instant created,
        boolean evenIfLong) {
    /** For so many days the notice of the expiry is news. */
    static final int LATE_DAYS = 7;

    /** What is to be done about a notice that was not sent yet. */
    enum Turn {
        /** Its time has not come. */
        TO_COME,
        /** It is sent now. */
        DUE,
        /** It is too late for it. */
        MISSED,
        /** It was never due: the license had expired before anybody asked, or the other notice says the same that day. */
        NEVER
    }

    Turn turn(ExpiryNotice notice, Instant now) {
        if (expiredBeforeCreation()) {
            boolean due = notice == ExpiryNotice.ON_EXPIRY && evenIfLong;
            return !due ? Turn.NEVER : now.isAfter(latest(notice)) ? Turn.MISSED : Turn.DUE;
        }
        if (notice == ExpiryNotice.BEFORE && (daysBefore == 1 || createdOnExpiryDay())) {
            return Turn.NEVER;
        }
        if (now.isBefore(time(notice))) {
            return Turn.TO_COME;
        }
        return now.isAfter(latest(notice)) ? Turn.MISSED : Turn.DUE;
    }

    /** When the notice is sent. */
    Instant time(ExpiryNotice notice) {
        return at(switch (notice) {
            case BEFORE -> expiry.minusDays(daysBefore - 1L);
            case ON_EXPIRY -> expiry;
        });
    }

    /** Until when it is sent if it could not be in time. On the expiry day the notice of that day says all. */
    Instant latest(ExpiryNotice notice) {
        return switch (notice) {
            case BEFORE -> expiry.atStartOfDay(zone).toInstant().minusMillis(1);
            case ON_EXPIRY -> {
                Instant usual = at(expiry.plusDays(LATE_DAYS));
                Instant asked = created.plus(Duration.ofDays(LATE_DAYS));
                yield expiredBeforeCreation() && asked.isAfter(usual) ? asked : usual;
            }
        };
    }

    private Instant at(LocalDate day) {
        return ZonedDateTime.of(day, sendAt, zone).toInstant();
    }

    boolean expiredBeforeCreation() {
        return LocalDate.ofInstant(created, zone).isAfter(expiry);
    }

    private boolean createdOnExpiryDay() {
        return LocalDate.ofInstant(created, zone).equals(expiry);
    }

    /** How many days are left, today and the expiry day counted; 0 on the day after, and less after that. */
    int daysLeft(Instant now) {
        return License.daysLeft(expiry, zone, now);
    }

    /** When {@link #daysLeft} changes next. */
    Instant nextDay(Instant now) {
        return LocalDate.ofInstant(now, zone).plusDays(1).atStartOfDay(zone).toInstant();
    }
}
