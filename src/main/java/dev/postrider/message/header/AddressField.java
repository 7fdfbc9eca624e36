package dev.postrider.message.header;

import dev.postrider.route.Address;
import dev.postrider.route.CanonicalAddress;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeUtility;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;

/** Fields that the relay writes, each with one address, in ASCII where that can be. */
public final class AddressField {
    private AddressField() {}

    /** A field, folded, with its line end. */
    public static byte[] write(String name, Address address) {
        try {
            var written = new InternetAddress(mostlyAscii(address.address()), address.name().orElse(null), "UTF-8");
            return (name + ": " + MimeUtility.fold(name.length() + 2, written.toString()) + "\r\n")
                    .getBytes(StandardCharsets.UTF_8);
        } catch (UnsupportedEncodingException e) {
            throw new IllegalStateException("every Java has UTF-8", e);
        }
    }

    /** With A-labels; what stands before the at-sign has no form in ASCII. */
    public static String mostlyAscii(String address) {
        int at = address.lastIndexOf('@');
        return address.substring(0, at + 1) + CanonicalAddress.of(address).domain();
    }

    /** Whether a field with it, or an envelope, needs SMTPUTF8. */
    public static boolean isInternational(String address) {
        return mostlyAscii(address).chars().anyMatch(c -> c > 127);
    }
}
