package dev.postrider.local;

/**
 * A rule of a schema that a resource breaks.
 *
 * @param pointer JSON pointer to the entry
 * @param message in the words of the API server where it has some
 */
record Violation(String pointer, String message) {}
