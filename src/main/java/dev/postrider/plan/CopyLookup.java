package dev.postrider.plan;

/** What is there under the name of a copy of an organization's binding. */
public enum CopyLookup {
    /** A copy that was made for this organization. */
    OWN,
    /** Somebody else's Secret; it is never overwritten. */
    FOREIGN,
    /** Nothing yet. */
    MISSING
}
