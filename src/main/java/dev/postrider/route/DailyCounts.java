package dev.postrider.route;

import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;

/**
 * What was counted of an organization's mail on one day.
 *
 * @param day       in the time zone of the organization's reports
 * @param mailClass of the mail, as {@link MailClass#text}; empty for mail without one
 * @param server    where it was tried; empty for what no server has a part in: what was accepted, refused or removed
 */
public record DailyCounts(LocalDate day, Optional<String> mailClass, Optional<ResourceKey> server,
        MailCounts counts) {

    /** With some of what bounced told by what the server's reply was about. */
    public DailyCounts bounces(String replyClass, long recipients) {
        return new DailyCounts(day, mailClass, server,
                counts.plus(new MailCounts(0, 0, 0, 0, 0, 0, 0, 0, Map.of(replyClass, recipients))));
    }
}
