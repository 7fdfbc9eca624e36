package dev.postrider.route;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * What mail to support tells of an organization besides what the relay knows itself.
 *
 * @param licenses of the organization's LicenseExpiryNotices
 * @param servers  that the organization sends through
 */
public record SystemInformation(List<License> licenses, List<Server> servers) {

    /**
     * A license.
     *
     * @param name       for people
     * @param expiryDate the last day on which it is good, as 2027-01-31
     * @param timeZone   where that day is, as Europe/Berlin
     */
    public record License(String name, String expiryDate, String timeZone) {
        /** How many days are left, today and the last day counted; 0 afterwards. */
        public int daysLeft(Instant now) {
            return Math.max(0, daysLeft(LocalDate.parse(expiryDate), ZoneId.of(timeZone), now));
        }

        /** The same for a last day; 0 on the day after, and less after that. */
        public static int daysLeft(LocalDate last, ZoneId zone, Instant now) {
            return Math.toIntExact(ChronoUnit.DAYS.between(LocalDate.ofInstant(now, zone), last) + 1);
        }
    }

    /**
     * A mail server.
     *
     * @param name   with its namespace, as acme/own
     * @param ready  the status of its condition Ready
     * @param reason the reason of that
     */
    public record Server(String name, String ready, String reason) {}
}
