package dev.postrider.plan;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What has become of a resource's notices since its status was last written.
 *
 * @param running  those on their way
 * @param finished those that ended
 */
public record NoticeNews(Set<NoticeOrder.Id> running, List<Finished> finished) {

    /** A notice that ended. */
    public record Finished(NoticeOrder order, SubmissionResult result) {}

    /** Nothing is running, nothing ended. */
    public static NoticeNews none() {
        return new NoticeNews(Set.of(), List.of());
    }

    Optional<Finished> finished(NoticeOrder.Id id) {
        return finished.stream().filter(f -> f.order().id().equals(id)).findFirst();
    }
}
