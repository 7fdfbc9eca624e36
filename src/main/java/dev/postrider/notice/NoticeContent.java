package dev.postrider.notice;

import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Optional;

/**
 * What a notice says.
 *
 * @param expiryDate   the last day on which the license is good
 * @param daysLeft     days on which the license can still be used, counting the day of the mail and the expiry day: 20 on
 *                     January 12 for January 31, 1 on the expiry day, less when it has passed
 * @param organization as people know it
 * @param linkHost     the host of the organization's links, if it has one
 * @param language     BCP 47 tag, as the resource has it
 * @param subject      own subject with variables, in place of the translated one
 * @param body         own plain text with variables, in place of the translated one
 * @param calendar     whether the expiry day is attached as a calendar event
 * @param timeZone     of the Date field, and of the day on which the mail is written
 * @param test         whether the mail is marked as a test
 */
public record NoticeContent(NoticeKind kind, String license, LocalDate expiryDate, int daysLeft, String organization,
        Optional<String> linkHost, String language, Optional<String> subject, Optional<String> body, boolean calendar,
        ZoneId timeZone, boolean test) {}
