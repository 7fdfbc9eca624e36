package dev.postrider.access;

/** What is said to somebody who wants something. */
public enum Outcome {
    ALLOWED, FORBIDDEN,
    /** Nobody is known to have such a token. */
    UNKNOWN
}
