package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.plan.NoticeSchedule.Turn;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On which day and at which moment notices are due, where clocks and calendars do what they do. */
@Tag("notices")
final class NoticeScheduleTest {
    private static final Instant LONG_AGO = Instant.parse("2000-01-01T00:00:00Z");

    private static NoticeSchedule schedule(String expiry, int daysBefore, String zone, String sendAt, Instant created) {
        return new NoticeSchedule(LocalDate.parse(expiry), daysBefore, ZoneId.of(zone), LocalTime.parse(sendAt),
                created,
                false);
    }

    @ParameterizedTest(name = "{5}: {0}, {1} days before, at {3} in {2}")
    @CsvSource(delimiter = '|', textBlock = """
            2027-01-31 | 20 | UTC                 | 09:00 | 2027-01-12T09:00:00Z | the expiry day counts
            2027-01-31 | 1  | UTC                 | 09:00 | 2027-01-31T09:00:00Z | one day before is the day itself
            2027-01-31 | 90 | UTC                 | 09:00 | 2026-11-03T09:00:00Z | over the year's end
            2027-01-01 | 2  | UTC                 | 00:00 | 2026-12-31T00:00:00Z | New Year
            2028-03-01 | 2  | UTC                 | 09:00 | 2028-02-29T09:00:00Z | a leap day
            2027-03-01 | 2  | UTC                 | 09:00 | 2027-02-28T09:00:00Z | no leap day
            2028-02-29 | 1  | UTC                 | 09:00 | 2028-02-29T09:00:00Z | an expiry on a leap day
            2027-03-31 | 1  | Europe/Berlin       | 09:00 | 2027-03-31T07:00:00Z | summer time
            2027-03-29 | 2  | Europe/Berlin       | 02:30 | 2027-03-28T01:30:00Z | a skipped time is moved on: 03:30
            2027-10-31 | 1  | Europe/Berlin       | 02:30 | 2027-10-31T00:30:00Z | of a time that comes twice the first
            2027-11-07 | 1  | America/New_York    | 01:30 | 2027-11-07T05:30:00Z | the same across the ocean
            2027-03-14 | 1  | America/New_York    | 02:00 | 2027-03-14T07:00:00Z | skipped there: 03:00
            2027-09-05 | 1  | America/Santiago    | 00:00 | 2027-09-05T04:00:00Z | a day without a midnight: 01:00
            2027-04-04 | 1  | Australia/Lord_Howe | 01:45 | 2027-04-03T14:45:00Z | half an hour twice
            2027-01-31 | 1  | Pacific/Kiritimati  | 09:00 | 2027-01-30T19:00:00Z | a day ahead of UTC
            2027-01-31 | 1  | Pacific/Pago_Pago   | 20:00 | 2027-02-01T07:00:00Z | a day behind UTC
            2027-01-31 | 1  | Asia/Kolkata        | 09:00 | 2027-01-31T03:30:00Z | half an hour off
            2011-12-30 | 1  | Pacific/Apia        | 09:00 | 2011-12-30T19:00:00Z | a day that never was: the next
            """)
    void isDueAt(String expiry, int daysBefore, String zone, String sendAt, Instant expected, String why) {
        NoticeSchedule schedule = schedule(expiry, daysBefore, zone, sendAt, LONG_AGO);

        // On the day itself there is only the other one.
        ExpiryNotice notice = daysBefore == 1 ? ExpiryNotice.ON_EXPIRY : ExpiryNotice.BEFORE;

        assertThat(schedule.time(ExpiryNotice.BEFORE)).as(why).isEqualTo(expected);
        assertThat(schedule.turn(notice, expected.minusMillis(1))).isEqualTo(Turn.TO_COME);
        assertThat(schedule.turn(notice, expected)).isEqualTo(Turn.DUE);
        if (daysBefore == 1) {
            assertThat(schedule.turn(ExpiryNotice.BEFORE, expected)).isEqualTo(Turn.NEVER);
        }
    }

    @ParameterizedTest(name = "{0} in {1}: {2} left")
    @CsvSource(delimiter = '|', textBlock = """
            2027-01-12T09:00:00Z | UTC                | 20
            2027-01-31T00:00:00Z | UTC                | 1
            2027-01-31T23:59:59Z | UTC                | 1
            2027-02-01T00:00:00Z | UTC                | 0
            2027-03-01T00:00:00Z | UTC                | -28
            2027-01-31T12:00:00Z | Pacific/Kiritimati | 0
            2027-02-01T10:00:00Z | Pacific/Pago_Pago  | 1
            2026-12-31T23:00:00Z | Europe/Berlin      | 31
            """)
    void countsTheDaysThatAreLeft(Instant now, String zone, int expected) {
        NoticeSchedule schedule = schedule("2027-01-31", 20, zone, "09:00", LONG_AGO);

        assertThat(schedule.daysLeft(now)).isEqualTo(expected);
        assertThat(schedule.daysLeft(schedule.nextDay(now))).isEqualTo(expected - 1);
        assertThat(schedule.daysLeft(schedule.nextDay(now).minusMillis(1))).isEqualTo(expected);
    }

    /** Of a license that expires on January 31, with notices at nine in Berlin. */
    @ParameterizedTest(name = "created {0}, now {1}, asked {2}: {3}, {4}")
    @CsvSource(delimiter = '|', textBlock = """
            2026-06-01T00:00:00Z | 2027-01-12T07:59:59Z | false | TO_COME | TO_COME
            2026-06-01T00:00:00Z | 2027-01-12T08:00:00Z | false | DUE     | TO_COME
            2026-06-01T00:00:00Z | 2027-01-30T22:59:59Z | false | DUE     | TO_COME
            2026-06-01T00:00:00Z | 2027-01-30T23:00:00Z | false | MISSED  | TO_COME
            2026-06-01T00:00:00Z | 2027-01-31T07:59:59Z | false | MISSED  | TO_COME
            2026-06-01T00:00:00Z | 2027-01-31T22:59:59Z | false | MISSED  | DUE
            2026-06-01T00:00:00Z | 2027-01-31T23:00:00Z | false | MISSED  | DUE
            2026-06-01T00:00:00Z | 2027-02-07T08:00:00Z | false | MISSED  | DUE
            2026-06-01T00:00:00Z | 2027-02-07T08:00:01Z | false | MISSED  | MISSED
            2027-01-20T00:00:00Z | 2027-01-20T00:00:01Z | false | DUE     | TO_COME
            2027-01-30T22:59:59Z | 2027-01-30T22:59:59Z | false | DUE     | TO_COME
            2027-01-30T23:00:00Z | 2027-01-31T07:59:59Z | false | NEVER   | TO_COME
            2027-01-30T23:00:00Z | 2027-01-31T08:00:00Z | false | NEVER   | DUE
            2027-01-31T22:59:59Z | 2027-01-31T22:59:59Z | false | NEVER   | DUE
            2027-01-31T23:00:00Z | 2027-01-31T23:00:00Z | false | NEVER   | NEVER
            2027-01-31T23:00:00Z | 2027-01-31T23:00:00Z | true  | NEVER   | DUE
            2030-01-01T00:00:00Z | 2030-01-01T00:00:00Z | true  | NEVER   | DUE
            2030-01-01T00:00:00Z | 2030-01-08T00:00:01Z | true  | NEVER   | MISSED
            """)
    void isLateAsLongAsItHelps(Instant created, Instant now, boolean asked, Turn before, Turn onExpiry) {
        NoticeSchedule schedule = new NoticeSchedule(LocalDate.parse("2027-01-31"), 20, ZoneId.of("Europe/Berlin"),
                LocalTime.of(9, 0), created, asked);

        assertThat(schedule.turn(ExpiryNotice.BEFORE, now)).isEqualTo(before);
        assertThat(schedule.turn(ExpiryNotice.ON_EXPIRY, now)).isEqualTo(onExpiry);
    }
}
