package dev.postrider.plan;

import java.util.List;
import java.util.Set;

/**
 * What has become of an organization's usage reports since its status was last written.
 *
 * @param running  those on their way
 * @param finished those that ended
 */
public record UsageReportNews(Set<UsagePeriod> running, List<Finished> finished) {

    /** A report that ended. */
    public record Finished(UsageReportOrder order, SubmissionResult result) {}

    /** Nothing is running, nothing ended. */
    public static UsageReportNews none() {
        return new UsageReportNews(Set.of(), List.of());
    }
}
