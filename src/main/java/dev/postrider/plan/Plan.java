package dev.postrider.plan;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a resource of any kind comes to. */
public interface Plan {
    /** Whether nothing holds the resource any more: what was made of it goes, then its finalizer. */
    boolean release();

    /** When to plan again though nothing has changed. */
    Optional<Instant> lookAgain();

    /** What is worth an Event. */
    List<Notice> notices();
}
