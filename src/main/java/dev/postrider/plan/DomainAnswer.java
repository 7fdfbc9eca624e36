package dev.postrider.plan;

import java.time.Instant;

/** What the last lookup of the record came to by which a namespace shows that a domain is its own. */
public sealed interface DomainAnswer {

    /** The record is there, with the value that it must have. */
    record Found() implements DomainAnswer {}

    /**
     * It is not looked up, since other domains of the namespace are.
     *
     * @param most how many are
     */
    record BeyondBound(int most) implements DomainAnswer {}

    /**
     * DNS says that there is no such record, or it has another value.
     *
     * @param since when it was first found so after it was there, or at all
     * @param time  of the lookup
     * @param why   for people
     */
    record Missing(Instant since, Instant time, String why) implements DomainAnswer {}

    /**
     * DNS did not answer, or failed.
     *
     * @param since when it was first found so after the record was there, or at all
     * @param time  of the lookup
     * @param why   for people
     */
    record Unanswered(Instant since, Instant time, String why) implements DomainAnswer {}
}
