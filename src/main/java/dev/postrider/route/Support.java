package dev.postrider.route;

import java.util.Optional;

/**
 * Where an organization's mail to {@value #RECIPIENT} goes.
 *
 * @param address     of those who help
 * @param answersTo   where their answers go if the mail does not say who wrote it
 * @param information what is attached; empty where the organization does not want that
 */
public record Support(String address, Optional<Address> answersTo, Optional<SystemInformation> information) {
    /** The recipient that applications write to. {@code internal} is no domain of the Internet (ICANN, 2024). */
    public static final String RECIPIENT = "support@postrider.internal";

    /** Whether mail to an address is mail to support; in upper or lower case. */
    public static boolean isRecipient(String address) {
        return address.equalsIgnoreCase(RECIPIENT);
    }
}
