package dev.postrider.api;

/** What counts towards a limit. */
public enum LimitUnit {
    Messages, Recipients
}
