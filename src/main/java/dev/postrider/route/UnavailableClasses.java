package dev.postrider.route;

import java.util.List;

/**
 * The classes of mail that an organization cannot have now; the relay refuses their mail.
 *
 * @param switchedOff since somebody said so
 * @param notProved   since its mail is not proved to work
 */
public record UnavailableClasses(List<MailClass> switchedOff, List<MailClass> notProved) {
    /** All can be had. */
    public static final UnavailableClasses NONE = new UnavailableClasses(List.of(), List.of());
}
