package dev.postrider.gitops;

/**
 * What a tool says of an object.
 *
 * @param status one of the tool's words
 */
public record Health(String status, String message) {}
