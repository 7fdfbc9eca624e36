package dev.postrider.route;

import java.time.LocalDate;
import java.util.Optional;

/**
 * What was counted of an organization's mail on one day.
 *
 * @param day       in the time zone of the organization's reports
 * @param mailClass of the mail, as {@link MailClass#text}; empty for mail without one
 * @param server    where it was tried; empty for what no server has a part in: what was accepted, refused or removed
 */
public record DailyCounts(LocalDate day, Optional<String> mailClass, Optional<ResourceKey> server,
        MailCounts counts) {}
